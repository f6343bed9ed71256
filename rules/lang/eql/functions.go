package eql

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"oktastream/rules/event"
	"oktastream/rules/lang/notation"
	"oktastream/rules/lang/regex"
)

// function is one of EQL's functions. eval gets as many arguments as the author wrote, and may get null.
type function struct {
	least, most int  // arguments
	fold        bool // ~ is allowed
	eval        func(args []value, fold bool) value
	// check looks at arguments that must be literals when the query is compiled; nil if there are none.
	check func(c *call)
}

const anyNumber = 100

// functions are those of Elastic's reference, with wildcard and match of the EQL that it comes from.
var functions map[string]*function

func init() {
	math := func(op string) *function {
		return &function{least: 2, most: 2, eval: func(a []value, _ bool) value { return arithmetic(op, a[0], a[1]) }}
	}
	texts := func(compare func(s, sub string) bool) *function {
		return &function{least: 2, most: 2, fold: true, eval: func(a []value, fold bool) value {
			if a[0].kind == isNull || a[1].kind == isNull {
				return value{}
			}
			s, sub := a[0].String(), a[1].String()
			if fold {
				s, sub = strings.ToLower(s), strings.ToLower(sub)
			}
			return boolean(compare(s, sub))
		}}
	}
	functions = map[string]*function{
		"add": math("+"), "subtract": math("-"), "multiply": math("*"), "divide": math("/"), "modulo": math("%"),
		"startsWith": texts(strings.HasPrefix), "endsWith": texts(strings.HasSuffix), "stringContains": texts(strings.Contains),
		"between":   {least: 3, most: 4, fold: true, eval: between},
		"cidrMatch": {least: 2, most: anyNumber, eval: cidrMatch, check: checkNetworks},
		"concat":    {least: 1, most: anyNumber, eval: concat},
		"indexOf":   {least: 2, most: 3, fold: true, eval: indexOf},
		"length":    {least: 1, most: 1, eval: length},
		"number":    {least: 1, most: 2, eval: toNumber},
		"string":    {least: 1, most: 1, eval: toText},
		"substring": {least: 2, most: 3, eval: substring},
		"wildcard":  {least: 2, most: anyNumber, fold: true, check: checkTexts},
		"match":     {least: 2, most: anyNumber, fold: true, check: checkTexts},
	}
}

// arrays are functions of the EQL that Elastic's comes from, which Elastic's does not have.
var arrays = map[string]bool{"arrayContains": true, "arrayCount": true, "arraySearch": true, "safe": true}

// spellings has the name of every function by its lower case.
var spellings = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for name := range functions {
		m[strings.ToLower(name)] = name
	}
	for name := range arrays {
		m[strings.ToLower(name)] = name
	}
	return m
})

func checkCall(c *call) {
	// Names are written in any case: Elastic's own rules have startswith~ beside startsWith~.
	if name, ok := spellings()[strings.ToLower(c.name)]; ok {
		c.name = name
	}
	f := functions[c.name]
	if f == nil {
		if arrays[c.name] {
			refuse(c.at, "compare the field itself: it holds if any element does", "the function %s cannot be run: Elastic does not run it either", c.name)
		}
		fail(c.at, CodeFunction, "", "there is no function %s", c.name)
	}
	if n := len(c.args); n < f.least || n > f.most {
		fail(c.at, CodeFunction, "", "%s takes %s, not %d", c.name, arguments(f), n)
	}
	if c.fold && !f.fold {
		fail(c.at, CodeFunction, "write "+c.name, "%s has no form with ~", c.name)
	}
	if f.check != nil {
		f.check(c)
	}
}

func arguments(f *function) string {
	switch {
	case f.most == anyNumber:
		return strconv.Itoa(f.least) + " arguments or more"
	case f.least == f.most:
		return strconv.Itoa(f.least) + " arguments"
	}
	return strconv.Itoa(f.least) + " or " + strconv.Itoa(f.most) + " arguments"
}

func checkTexts(c *call) {
	for _, a := range c.args[1:] {
		if l, ok := a.(*literal); !ok || l.value.kind != isText {
			fail(a.offset(), CodeFunction, "", "%s compares with strings", c.name)
		}
	}
}

func checkNetworks(c *call) {
	for _, a := range c.args[1:] {
		l, ok := a.(*literal)
		if ok && l.value.kind == isNull {
			continue
		}
		if !ok || l.value.kind != isText {
			fail(a.offset(), CodeFunction, "", "cidrMatch compares with networks in strings")
		}
		if _, err := notation.Network(l.value.text); err != nil {
			fail(a.offset(), CodeLiteral, "write for example 192.0.2.0/24", "%q is not a network", l.value.text)
		}
	}
}

func cidrMatch(args []value, _ bool) value {
	addr, ok := event.ParseAddress(args[0].String())
	if args[0].kind != isText || !ok {
		return value{}
	}
	for _, a := range args[1:] {
		if net, err := notation.Network(a.text); err == nil && net.Masked().Contains(addr) {
			return boolean(true)
		}
	}
	return boolean(false)
}

func concat(args []value, _ bool) value {
	var b strings.Builder
	for _, a := range args {
		if a.kind == isNull {
			return value{}
		}
		b.WriteString(a.String())
	}
	return textValue(b.String())
}

// between is the text between left and the first right after it, or with greedy the last; "" if there is none.
func between(args []value, fold bool) value {
	greedy := len(args) > 3 && args[3].kind == isBool && args[3].truth
	for _, a := range args[:3] {
		if a.kind == isNull {
			return value{}
		}
	}
	s, left, right := args[0].String(), args[1].String(), args[2].String()
	i := index(s, left, fold, false)
	if i < 0 {
		return textValue("")
	}
	s = string([]rune(s)[i+len([]rune(left)):])
	j := index(s, right, fold, greedy)
	if j < 0 {
		return textValue("")
	}
	return textValue(string([]rune(s)[:j]))
}

// index is the place of sub in s, in characters, the first or the last; -1 if it is not there.
func index(s, sub string, fold, last bool) int {
	text, want := []rune(s), []rune(sub)
	at := -1
	for i := 0; i+len(want) <= len(text); i++ {
		part := string(text[i : i+len(want)])
		if part == sub || fold && strings.EqualFold(part, sub) {
			if at = i; !last {
				return at
			}
		}
	}
	return at
}

func indexOf(args []value, fold bool) value {
	if args[0].kind == isNull || args[1].kind == isNull {
		return value{}
	}
	start := int64(0)
	if len(args) > 2 {
		if args[2].kind != isInteger {
			return value{}
		}
		start = max(args[2].integer, 0)
	}
	s := []rune(args[0].String())
	if start > int64(len(s)) {
		return value{}
	}
	i := index(string(s[start:]), args[1].String(), fold, false)
	if i < 0 {
		return value{}
	}
	return integer(start + int64(i))
}

func length(args []value, _ bool) value {
	if args[0].kind == isNull {
		return value{}
	}
	return integer(int64(len([]rune(args[0].String()))))
}

func toText(args []value, _ bool) value {
	if args[0].kind == isNull {
		return value{}
	}
	return textValue(args[0].String())
}

// toNumber reads a text in a base: 10 if none is given, or 16 for what begins with 0x.
func toNumber(args []value, _ bool) value {
	if args[0].isNumber() && len(args) == 1 {
		return args[0]
	}
	if args[0].kind != isText {
		return value{}
	}
	s, base := args[0].text, int64(10)
	hex := strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X")
	switch {
	case len(args) > 1 && args[1].kind == isInteger:
		base = args[1].integer
	case len(args) > 1 && args[1].kind != isNull:
		return value{}
	case hex:
		base = 16
	}
	if base == 16 && hex {
		s = s[len("0x"):]
	}
	if base < 2 || base > 36 {
		return value{}
	}
	if i, err := strconv.ParseInt(s, int(base), 64); err == nil && !strings.HasPrefix(s, "+") {
		return integer(i)
	}
	if base == 10 && strings.Contains(s, ".") {
		if v, ok := textValue(s).number(); ok {
			return v
		}
	}
	return value{}
}

// substring counts negative positions from the end, and cuts what lies outside.
func substring(args []value, _ bool) value {
	if args[0].kind == isNull || args[1].kind != isInteger {
		return value{}
	}
	s := []rune(args[0].String())
	n := int64(len(s))
	place := func(i int64) int64 {
		if i < 0 {
			i += n
		}
		return min(max(i, 0), n)
	}
	from, to := place(args[1].integer), n
	if len(args) > 2 && args[2].kind != isNull {
		if args[2].kind != isInteger {
			return value{}
		}
		to = place(args[2].integer)
	}
	if from >= to {
		return textValue("")
	}
	return textValue(string(s[from:to]))
}

// glob is a wildcard pattern in the form that match.Wildcard reads: EQL has no escape, so a backslash is one.
func glob(pattern string) string { return strings.ReplaceAll(pattern, `\`, `\\`) }

func hasWildcard(pattern string) bool { return strings.ContainsAny(pattern, "*?") }

// wildcardRegexp matches what a wildcard pattern does.
func wildcardRegexp(pattern string, fold bool) *regexp.Regexp {
	var b strings.Builder
	for _, r := range pattern {
		switch r {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	return whole(b.String(), fold)
}

// luceneRegexp compiles a regular expression of regex and match.
func luceneRegexp(at int, pattern string, fold bool) *regexp.Regexp {
	re, err := regex.Lucene(pattern, fold)
	var problem *regex.Error
	switch {
	case errors.As(err, &problem) && problem.Unsupported:
		refuse(at, "", "the regular expression %q cannot be run: %v", pattern, err)
	case err != nil:
		fail(at, CodeLiteral, "", "%q is not a regular expression: %v", pattern, err)
	}
	return re
}

func whole(expr string, fold bool) *regexp.Regexp {
	flags := "(?s)"
	if fold {
		flags = "(?is)"
	}
	return regexp.MustCompile(flags + `\A(?:` + expr + `)\z`)
}
