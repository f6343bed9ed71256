package eql

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// compileRegexp translates a regular expression of Lucene, which always matches a whole text. In Lucene ^ and $ are
// characters like others, and ~ & @ # < " are operators that Go's regular expressions lack.
func compileRegexp(at int, pattern string, fold bool) *regexp.Regexp {
	var b strings.Builder
	class := false // inside [ ]
	runes := []rune(pattern)
	for i := 0; i < len(runes); i++ {
		switch r := runes[i]; {
		case r == '\\':
			i++
			if i == len(runes) {
				fail(at, CodeLiteral, `a backslash is written \\`, "nothing follows the backslash of the regular expression")
			}
			if strings.ContainsRune("dDsSwW", runes[i]) {
				b.WriteString(`\` + string(runes[i]))
			} else {
				b.WriteString(regexp.QuoteMeta(string(runes[i])))
			}
		case class && r == '[':
			b.WriteString(`\[`)
		case r == '[':
			class = true
			b.WriteByte('[')
			if i+1 < len(runes) && runes[i+1] == '^' {
				i++
				b.WriteByte('^')
			}
		case r == ']':
			class = false
			b.WriteByte(']')
		case class:
			b.WriteRune(r)
		case r == '^' || r == '$':
			b.WriteString(`\` + string(r))
		case strings.ContainsRune(`~&@#<"`, r):
			refuse(at, `put a backslash before it if the character itself is meant`, "the operator %c of Lucene's regular expressions cannot be run", r)
		case r == '(' && i+1 < len(runes) && runes[i+1] == '?':
			fail(at, CodeLiteral, "", "(? has no meaning in Lucene's regular expressions")
		default:
			b.WriteRune(r)
		}
	}
	flags := syntax.Perl
	if _, err := syntax.Parse(b.String(), flags); err != nil {
		fail(at, CodeLiteral, "", "%q is not a regular expression: %v", pattern, err)
	}
	return whole(b.String(), fold)
}
