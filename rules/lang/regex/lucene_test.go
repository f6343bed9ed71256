package regex

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// automaton is an expression as the set of places where a match that begins at one of from may end.
type automaton func(text []rune, from map[int]bool) map[int]bool

// reference reads a pattern by the grammar in Lucene's documentation, and shares nothing with the translation. ok is false
// where the grammar has no such pattern, and odd is set by operators that we do not run.
type reference struct {
	p   []rune
	ok  bool
	odd bool
}

func (r *reference) peek(set string) bool { return len(r.p) > 0 && strings.ContainsRune(set, r.p[0]) }

func (r *reference) take() rune {
	if len(r.p) == 0 {
		r.ok = false
		return 0
	}
	c := r.p[0]
	r.p = r.p[1:]
	return c
}

func (r *reference) union() automaton {
	a := r.intersection()
	for r.peek("|") {
		r.take()
		x, y := a, r.intersection()
		a = func(t []rune, from map[int]bool) map[int]bool { return merge(x(t, from), y(t, from)) }
	}
	return a
}

func (r *reference) intersection() automaton {
	a := r.concat()
	for r.peek("&") {
		r.take()
		r.odd = true
		r.concat()
	}
	return a
}

func (r *reference) concat() automaton {
	a := r.repeat()
	for len(r.p) > 0 && !r.peek(")|&") && r.ok {
		x, y := a, r.repeat()
		a = func(t []rune, from map[int]bool) map[int]bool { return y(t, x(t, from)) }
	}
	return a
}

func (r *reference) repeat() automaton {
	a := r.one()
	for r.peek("?*+{") && r.ok {
		least, most := 0, -1
		switch r.take() {
		case '?':
			most = 1
		case '+':
			least = 1
		case '{':
			digits := func() int {
				n := ""
				for r.peek("0123456789") {
					n += string(r.take())
				}
				v, err := strconv.Atoi(n)
				if err != nil {
					return -1
				}
				return v
			}
			if least = digits(); least < 0 {
				r.ok = false
			}
			most = least
			if r.peek(",") {
				r.take()
				most = digits()
			}
			if r.take() != '}' || most >= 0 && least > most {
				r.ok = false
			}
			r.odd = r.odd || least > maxRepetition || most > maxRepetition
		}
		x := a
		a = func(t []rune, from map[int]bool) map[int]bool {
			at, out := from, map[int]bool{}
			for i := 0; most < 0 || i <= most; i++ {
				before := len(out)
				if i >= least {
					out = merge(out, at)
				}
				if i > least && len(out) == before && most < 0 {
					break // nothing new will come
				}
				at = x(t, at)
			}
			return out
		}
	}
	return a
}

func merge(a, b map[int]bool) map[int]bool {
	out := map[int]bool{}
	for _, m := range []map[int]bool{a, b} {
		for i := range m {
			out[i] = true
		}
	}
	return out
}

func oneOf(in func(rune) bool) automaton {
	return func(t []rune, from map[int]bool) map[int]bool {
		out := map[int]bool{}
		for i := range from {
			if i < len(t) && in(t[i]) {
				out[i+1] = true
			}
		}
		return out
	}
}

func (r *reference) one() automaton {
	switch c := r.take(); c {
	case '.':
		return oneOf(func(rune) bool { return true })
	case '#':
		return func([]rune, map[int]bool) map[int]bool { return nil }
	case '@':
		return func(t []rune, from map[int]bool) map[int]bool {
			out := map[int]bool{}
			for i := range from {
				for j := i; j <= len(t); j++ {
					out[j] = true
				}
			}
			return out
		}
	case '~', '<':
		r.odd = true
	case '"':
		var seq []automaton
		for len(r.p) > 0 && !r.peek(`"`) {
			want := r.take()
			seq = append(seq, oneOf(func(c rune) bool { return c == want }))
		}
		if r.take() != '"' {
			r.ok = false
		}
		return func(t []rune, from map[int]bool) map[int]bool {
			for _, a := range seq {
				from = a(t, from)
			}
			return from
		}
	case '(':
		if r.peek(")") {
			r.take()
			return func(_ []rune, from map[int]bool) map[int]bool { return from }
		}
		r.odd = r.odd || r.peek("?")
		a := r.union()
		if r.take() != ')' {
			r.ok = false
		}
		return a
	case '[':
		negate := false
		if r.peek("^") {
			r.take()
			negate = true
		}
		var in []func(rune) bool
		for first := true; first || len(r.p) > 0 && !r.peek("]") && r.ok; first = false {
			c := r.take()
			if c == '\\' {
				in = append(in, r.escaped())
				continue
			}
			from, to := c, c
			if r.peek("-") {
				r.take()
				if to = r.take(); to == '\\' {
					to = r.take()
				}
				r.ok = r.ok && from <= to
			}
			in = append(in, func(c rune) bool { return from <= c && c <= to })
		}
		if r.take() != ']' {
			r.ok = false
		}
		return oneOf(func(c rune) bool {
			for _, f := range in {
				if f(c) {
					return !negate
				}
			}
			return negate
		})
	case '\\':
		return oneOf(r.escaped())
	default:
		return oneOf(func(x rune) bool { return x == c })
	}
	return oneOf(func(rune) bool { return false })
}

func (r *reference) escaped() func(rune) bool {
	c := r.take()
	word := func(x rune) bool {
		return x == '_' || '0' <= x && x <= '9' || 'a' <= x && x <= 'z' || 'A' <= x && x <= 'Z'
	}
	switch c {
	case 'd':
		return func(x rune) bool { return '0' <= x && x <= '9' }
	case 'D':
		return func(x rune) bool { return x < '0' || x > '9' }
	case 'w':
		return word
	case 'W':
		return func(x rune) bool { return !word(x) }
	case 's':
		return func(x rune) bool { return strings.ContainsRune("\t\n\r ", x) }
	case 'S':
		return func(x rune) bool { return !strings.ContainsRune("\t\n\r ", x) }
	}
	if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
		r.ok = false
	}
	return func(x rune) bool { return x == c }
}

// checkLucene compares a pattern with the reference, over texts.
func checkLucene(t interface {
	Errorf(string, ...any)
}, pattern string, texts []string) {
	ref := &reference{p: []rune(pattern), ok: true}
	a := automaton(func(_ []rune, from map[int]bool) map[int]bool { return from })
	if pattern != "" {
		a = ref.union()
	}
	valid := ref.ok && len(ref.p) == 0
	re, err := Lucene(pattern, false)
	problem, _ := err.(*Error)
	switch {
	case err != nil && problem == nil:
		t.Errorf("%q: the error %v says not what kind it is", pattern, err)
	case valid && !ref.odd && err != nil && !problem.Unsupported:
		t.Errorf("%q is valid and was refused: %v", pattern, err)
	case !valid && !ref.odd && err == nil:
		t.Errorf("%q is invalid and was taken as %s", pattern, re)
	}
	if !valid || ref.odd || err != nil {
		return
	}
	for _, text := range texts {
		runes := []rune(text)
		if want, got := a(runes, map[int]bool{0: true})[len(runes)], re.MatchString(text); got != want {
			t.Errorf("%q on %q: %v, the grammar says %v (%s)", pattern, text, got, want, re)
		}
	}
}

func TestLuceneAgreesWithItsGrammar(t *testing.T) {
	parts := []string{"a", "b", "5", "+", "-", `\-`, `\+`, "9", "[", "]", "[^", `\]`, `\[`, "^", "$", ".", "*", "?", "{2}", "{1,2}", "{2,}", "(", ")", "|", `"`, "@", "#",
		`\d`, `\W`, `\s`, `\S`, `\\`, `\.`, "&", "&&", "é", "{", "}", ":", "/", `\^`, "-z", "A-Z"}
	texts := rapid.SliceOfN(rapid.StringOfN(rapid.SampledFrom([]rune("ab5+-9]^$. \f\n\\é[\"&{z")), 0, 5, -1), 8, 8)
	rapid.Check(t, func(t *rapid.T) {
		pattern := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 9).Draw(t, "pattern"), "")
		checkLucene(t, pattern, texts.Draw(t, "texts"))
	})
}

func FuzzLucene(f *testing.F) {
	for _, s := range []string{`[+\-9]`, `a+?b`, `[a-z\d_.]+@x`, `(a|b)*c{2,3}`, `"q"@#`, `[^\s\-]`, `[\w-]`} {
		f.Add(s, "a5-9")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 40 || len(text) > 20 || strings.ToValidUTF8(pattern, "") != pattern || strings.ToValidUTF8(text, "") != text {
			return
		}
		checkLucene(t, pattern, []string{text, "", "-", "5"})
	})
}

// The expressions of everyday patterns are stored in the identity of rules: they stay as they are.
func TestLuceneExpressionsStay(t *testing.T) {
	for pattern, want := range map[string]string{
		`[a-z]{2}-\d+.*`:            `(?s)\A(?:[a-z]{2}-\d+.*)\z`,
		`(adm|root)[0-9_\.]?@x\.io`: `(?s)\A(?:(adm|root)[0-9_\.]?(?:.*)x\.io)\z`,
		`[^-a-z/]+\w\$^`:            `(?s)\A(?:[^-a-z/]+\w\$\^)\z`,
		`C:\\Users\/[^\\]+`:         `(?s)\A(?:C:\\Users/[^\\]+)\z`,
	} {
		re, err := Lucene(pattern, false)
		if err != nil || re.String() != want {
			t.Errorf("%q became %v, %v", pattern, re, err)
		}
	}
}

func TestLuceneNamesWhatItRefuses(t *testing.T) {
	for pattern, want := range map[string]string{
		"a(?=b)": "the look-ahead (?=", "a(?!b)": "the look-ahead (?!", "(?<=a)b": "the look-behind (?<=", "(?<!a)b": "the look-behind (?<!", "(?>a)": "the atomic group (?>",
		"(?i)a": "the group (?i", "~a": "the operator ~", "a&b": "the operator &", "<1-9>": "the operator <>", "a{2000}": "more than 1000 repetitions", "(a{999}){999}": "too large",
	} {
		_, err := Lucene(pattern, false)
		if problem, ok := err.(*Error); !ok || !problem.Unsupported || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", pattern, err)
		}
	}
	for _, pattern := range []string{"[a", "(a", "a)", `"a`, `a\`, `\q`, "[b-a]", "a{2,1}", "a{x}", "a|", "[a-]"} {
		_, err := Lucene(pattern, false)
		if problem, ok := err.(*Error); !ok || problem.Unsupported {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}
