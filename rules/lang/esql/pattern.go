package esql

import (
	"errors"
	"regexp"
	"strings"

	"oktastream/rules/lang/regex"
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
		if name == "rlike" {
			res = append(res, lucene(p.lit[0].s, p.at))
		} else {
			res = append(res, regexp.MustCompile(globExpression(p.lit[0].s)))
		}
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

// lucene compiles a regular expression of RLIKE, which matches whole texts.
func lucene(pattern string, at int) *regexp.Regexp {
	re, err := regex.Lucene(pattern, false)
	return checked(re, err, pattern, at)
}

// checked is re, unless there is an error.
func checked(re *regexp.Regexp, err error, pattern string, at int) *regexp.Regexp {
	var problem *regex.Error
	switch {
	case errors.As(err, &problem) && problem.Unsupported:
		unsupported(at, "", "the regular expression %q is not supported: %v", pattern, err)
	case err != nil:
		fail(at, CodePattern, "", "%q cannot be read as a regular expression: %v", pattern, err)
	}
	return re
}
