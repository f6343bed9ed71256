package esql

import (
	"regexp"
	"strings"
)

// like makes x LIKE pattern, or one of a list of patterns; rlike with regular expressions. Both match the whole text and
// mind the case.
func like(name string, at int, args []*term) *term {
	x, ok := implicit(args[0], tKeyword)
	if !ok {
		fail(args[0].at, CodeType, castHint(tKeyword), "%s does not look into a %s", strings.ToUpper(name), args[0].typ)
	}
	var res []*regexp.Regexp
	t := term{op: name, typ: tBool, args: []*term{x}, at: at}
	for _, p := range args[1:] {
		if !p.isLit || p.typ != tKeyword || len(p.lit) != 1 {
			unsupported(p.at, "write the pattern as a string", "the pattern of %s must be a constant", strings.ToUpper(name))
		}
		expression := globExpression(p.lit[0].s)
		if name == "rlike" {
			expression = luceneExpression(p.lit[0].s, p.at)
		}
		re, err := regexp.Compile(expression)
		if err != nil {
			fail(p.at, CodePattern, "", "%q cannot be read as a pattern: %v", p.lit[0].s, err)
		}
		res = append(res, re)
		t.args = append(t.args, p)
	}
	t.fn = func(args []value) value {
		d, ok := args[0].single()
		if !ok {
			return nil
		}
		for _, re := range res {
			if re.MatchString(d.s) {
				return boolean(true)
			}
		}
		return boolean(false)
	}
	return newTerm(t)
}

// globExpression turns * and ? into a regular expression; a backslash takes what follows as it is.
func globExpression(glob string) string {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	escaped := false
	for _, c := range glob {
		switch {
		case escaped:
			b.WriteString(regexp.QuoteMeta(string(c)))
			escaped = false
		case c == '\\':
			escaped = true
		case c == '*':
			b.WriteString(".*")
		case c == '?':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	if escaped {
		b.WriteString(`\\`)
	}
	return b.String() + `\z`
}

// luceneExpression translates a regular expression of Lucene. It matches whole texts, so ^ and $ are ordinary
// characters; the operators that other dialects do not have are " (quotes), @ (anything), and ~ & < # , which are refused.
func luceneExpression(pattern string, at int) string {
	var b strings.Builder
	b.WriteString(`(?s)\A(?:`)
	rest := []rune(pattern)
	class := false
	for i := 0; i < len(rest); i++ {
		c := rest[i]
		switch {
		case c == '\\' && i+1 < len(rest):
			i++
			if strings.ContainsRune("wWsSdD", rest[i]) {
				b.WriteString(`\` + string(rest[i]))
			} else {
				b.WriteString(regexp.QuoteMeta(string(rest[i])))
			}
		case class:
			class = c != ']'
			if c == '[' {
				b.WriteByte('\\')
			}
			b.WriteRune(c)
		case c == '[':
			class = true
			b.WriteRune(c)
			if i+1 < len(rest) && rest[i+1] == '^' {
				i++
				b.WriteByte('^')
			}
		case c == '"':
			n := i + 1
			for n < len(rest) && rest[n] != '"' {
				n++
			}
			if n == len(rest) {
				fail(at, CodePattern, `write \" for a quote`, "a quote in the pattern has no end")
			}
			b.WriteString("(?:" + regexp.QuoteMeta(string(rest[i+1:n])) + ")")
			i = n
		case c == '@':
			b.WriteString("(?:.*)")
		case c == '~' || c == '&' || c == '<' || c == '#':
			unsupported(at, `write \`+string(c)+" for the character", "the operator %c of regular expressions is not supported", c)
		case c == '^' || c == '$':
			b.WriteString(`\` + string(c))
		case c == '(' && i+1 < len(rest) && rest[i+1] == '?':
			fail(at, CodePattern, "", "the pattern has nothing to repeat before a ?")
		default:
			b.WriteRune(c)
		}
	}
	return b.String() + `)\z`
}
