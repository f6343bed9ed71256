package match

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// shortest is the length in bytes from which on a text that a pattern requires is worth looking for.
const shortest = 3

// required is a text that s has to hold to match g, the longest there is; "" if there is none worth looking for.
func (g glob) required() string {
	best := ""
	for _, s := range g.segments {
		for _, literal := range s {
			if len(literal) > len(best) {
				best = literal
			}
		}
	}
	if len(best) < shortest {
		return ""
	}
	return best
}

// requiredBy is the same for a regular expression. fold says that the text may be there in any case; it is folded then.
func requiredBy(re *regexp.Regexp) (text string, folded bool) {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return "", false // of another syntax
	}
	text, folded = requiredIn(tree)
	// An expression reads U+FFFD for bytes that are not UTF-8, and so finds it where the text does not have it.
	if len(text) < shortest || strings.ContainsRune(text, utf8.RuneError) {
		return "", false
	}
	if folded {
		text = fold(text)
	}
	return text, folded
}

func requiredIn(x *syntax.Regexp) (text string, folded bool) {
	switch x.Op {
	case syntax.OpLiteral:
		return string(x.Rune), x.Flags&syntax.FoldCase != 0
	case syntax.OpCapture, syntax.OpPlus:
		return requiredIn(x.Sub[0])
	case syntax.OpRepeat:
		if x.Min > 0 {
			return requiredIn(x.Sub[0])
		}
	case syntax.OpConcat:
		for _, sub := range x.Sub {
			if t, f := requiredIn(sub); len(t) > len(text) {
				text, folded = t, f
			}
		}
	}
	return text, folded
}
