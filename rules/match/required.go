package match

import (
	"cmp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// shortest is the length in bytes from which on a text that a pattern requires is worth looking for.
const shortest = 3

// requirement is a text that a value has to hold to match a pattern.
type requirement struct {
	text string
	fold bool // folded, in the folded value
}

// requirements are those of each alternative of a pattern. An alternative may have none worth looking for.
func (p *predicate) requirements() [][]requirement {
	var each [][]requirement
	for _, g := range p.globs {
		var rs []requirement
		for _, s := range g.segments {
			for _, literal := range s {
				rs = append(rs, requirement{literal, p.fold})
			}
		}
		each = append(each, worthwhile(rs))
	}
	for _, re := range p.re {
		var rs []requirement
		if tree, err := syntax.Parse(re.String(), syntax.Perl); err == nil { // else it is of another syntax
			rs = requiredIn(tree, nil)
		}
		each = append(each, worthwhile(rs))
	}
	return each
}

func worthwhile(rs []requirement) []requirement {
	return slices.DeleteFunc(rs, func(r requirement) bool { return len(r.text) < shortest })
}

// requiredIn appends what every match of a regular expression holds.
func requiredIn(x *syntax.Regexp, rs []requirement) []requirement {
	switch x.Op {
	case syntax.OpLiteral:
		text, folding := string(x.Rune), x.Flags&syntax.FoldCase != 0
		// An expression reads U+FFFD for bytes that are not UTF-8, and so finds it where the text does not have it.
		if strings.ContainsRune(text, utf8.RuneError) {
			return rs
		}
		if folding {
			text = fold(text)
		}
		return append(rs, requirement{text, folding})
	case syntax.OpCapture, syntax.OpPlus:
		return requiredIn(x.Sub[0], rs)
	case syntax.OpRepeat:
		if x.Min > 0 {
			return requiredIn(x.Sub[0], rs)
		}
	case syntax.OpConcat:
		for _, sub := range x.Sub {
			rs = requiredIn(sub, rs)
		}
	}
	return rs
}

// required files a pattern under a text for each of its alternatives: of those that it requires the one that the fewest
// patterns share, and of such the longest; nil if there is an alternative without any.
func (t *table) required(pred int32) (keys []key) {
	for _, rs := range t.predicates[pred].needs {
		if len(rs) == 0 {
			return nil
		}
		best := slices.MinFunc(rs, func(a, b requirement) int {
			return cmp.Or(cmp.Compare(t.sharing[a], t.sharing[b]), cmp.Compare(len(b.text), len(a.text)))
		})
		keys = append(keys, key{op: Contains, fold: best.fold, text: best.text})
	}
	return keys
}
