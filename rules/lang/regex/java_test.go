package regex

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawJava draws a pattern as java.util.regex documents it, and the automaton of what it means.
func drawJava(t *rapid.T, depth int) (string, automaton) {
	in := func(set string) func(rune) bool {
		return func(c rune) bool { return strings.ContainsRune(set, c) }
	}
	kind := rapid.IntRange(0, 7).Draw(t, "kind")
	if depth == 0 {
		kind = rapid.IntRange(0, 3).Draw(t, "leaf")
	}
	switch kind {
	case 0:
		c := rapid.SampledFrom([]rune(`ab5-+.^$]}&#é{[()|*?\`)).Draw(t, "char")
		text := string(c)
		if strings.ContainsRune(`.^${[()|*?+\`, c) || rapid.Bool().Draw(t, "escaped") && !letter(byte(c)) && c < 128 && (c < '0' || c > '9') {
			text = `\` + text
		}
		return text, oneOf(func(x rune) bool { return x == c })
	case 1:
		return ".", oneOf(func(c rune) bool { return !in("\n\r\u0085\u2028\u2029")(c) })
	case 2:
		s := rapid.SampledFrom([]struct {
			text string
			in   func(rune) bool
		}{{`\d`, in("0123456789")}, {`\s`, in(" \t\n\v\f\r")}, {`\S`, func(c rune) bool { return !in(" \t\n\v\f\r")(c) }}, {`\h`, in(" \t\u00a0")}, {`\v`, in("\n\v\f\r\u0085\u2028\u2029")},
			{`\W`, func(c rune) bool {
				return !(c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' && c < 128)
			}},
			{`\u0061`, in("a")}, {`\x61`, in("a")}, {`\x{e9}`, in("é")}, {`\0141`, in("a")}, {`\cJ`, in("\n")}, {`\p{Lower}`, func(c rune) bool { return 'a' <= c && c <= 'z' }},
			{`\P{Lower}`, func(c rune) bool { return c < 'a' || c > 'z' }}, {`\p{L}`, func(c rune) bool { return c == 'é' || 'a' <= c|0x20 && c|0x20 <= 'z' && c < 128 }}}).Draw(t, "set")
		return s.text, oneOf(s.in)
	case 3:
		negated := rapid.Bool().Draw(t, "negated")
		text := "["
		if negated {
			text += "^"
		}
		var any []func(rune) bool
		for range rapid.IntRange(1, 3).Draw(t, "items") {
			item := rapid.SampledFrom([]struct {
				text string
				in   func(rune) bool
			}{{"a", in("a")}, {`\-`, in("-")}, {"+", in("+")}, {"+-9", func(c rune) bool { return '+' <= c && c <= '9' }}, {`\+-9`, func(c rune) bool { return '+' <= c && c <= '9' }},
				{"a-b", in("ab")}, {`\s`, in(" \t\n\v\f\r")}, {`\S`, func(c rune) bool { return !in(" \t\n\v\f\r")(c) }}, {".", in(".")}, {"$", in("$")}, {`\]`, in("]")}, {`\[`, in("[")}, {"&", in("&")}, {`\^`, in("^")}}).Draw(t, "item")
			if strings.HasSuffix(text, "&") && item.text == "&" { // && is an intersection
				continue
			}
			text += item.text
			any = append(any, item.in)
		}
		if rapid.Bool().Draw(t, "hyphen at the end") {
			text += "-"
			any = append(any, in("-"))
		}
		return text + "]", oneOf(func(c rune) bool {
			for _, f := range any {
				if f(c) {
					return !negated
				}
			}
			return negated
		})
	case 4, 5:
		x, a := drawJava(t, depth-1)
		y, b := drawJava(t, depth-1)
		return x + y, func(t []rune, from map[int]bool) map[int]bool { return b(t, a(t, from)) }
	case 6:
		x, a := drawJava(t, depth-1)
		y, b := drawJava(t, depth-1)
		open := rapid.SampledFrom([]string{"(", "(?:", "(?<n" + strconv.Itoa(rapid.IntRange(0, 1<<30).Draw(t, "name")) + ">"}).Draw(t, "group")
		return open + x + "|" + y + ")", func(t []rune, from map[int]bool) map[int]bool { return merge(a(t, from), b(t, from)) }
	}
	x, a := drawJava(t, depth-1)
	r := rapid.SampledFrom([]struct {
		text        string
		least, most int
	}{{"*", 0, 8}, {"+", 1, 8}, {"?", 0, 1}, {"{2}", 2, 2}, {"{1,2}", 1, 2}, {"{1,}", 1, 8}}).Draw(t, "repeat")
	lazy := rapid.SampledFrom([]string{"", "?"}).Draw(t, "lazy")
	return "(?:" + x + ")" + r.text + lazy, func(t []rune, from map[int]bool) map[int]bool {
		at, out := from, map[int]bool{}
		for i := 0; i <= r.most; i++ {
			if i >= r.least {
				out = merge(out, at)
			}
			at = a(t, at)
		}
		return out
	}
}

func TestJavaMeansWhatItsDocumentationSays(t *testing.T) {
	texts := rapid.StringOfN(rapid.SampledFrom([]rune("ab5-+.^$]}&#é{[()|*?\\9 \t\n\v\f\r\u0085\u00a0\u2028_")), 0, 5, -1)
	rapid.Check(t, func(t *rapid.T) {
		pattern, a := drawJava(t, 3)
		re, err := Java(`\A(?:` + pattern + `)\z`)
		if err != nil {
			t.Fatalf("%q: %v", pattern, err)
		}
		for range 8 {
			text := texts.Draw(t, "text")
			runes := []rune(text)
			if want, got := a(runes, map[int]bool{0: true})[len(runes)], re.MatchString(text); got != want {
				t.Fatalf("%q on %q: %v, the documentation says %v (%s)", pattern, text, got, want, re)
			}
		}
	})
}

func TestJavaNamesWhatItRefuses(t *testing.T) {
	for pattern, want := range map[string]string{
		"a(?=b)": "look-ahead (?=", "a(?!b)": "look-ahead (?!", "(?<=a)b": "look-behind (?<=", "(?<!a)b": "look-behind (?<!", "(?>a)": "atomic group", "a++": "possessive", "a{2}+": "possessive",
		`(a)\1`: `back-reference \1`, `(?<x>a)\k<x>`: `back-reference \k`, "[a[bc]]": "class inside a class", "[a-z&&[^b]]": "class inside a class", "[a&&b]": "class inside a class", `a\Z`: `\Z`, `\Ga`: `\G`,
		`\X`: `\X`, "(?x)a b": "the flag x", "(?m)^a": "the flag m", `\p{javaLowerCase}`: "javaLowerCase", "a{2000}": "1000", `\b{g}`: `\b{`, `\ud83d\ude00`: "surrogate",
	} {
		_, err := Java(pattern)
		if problem, ok := err.(*Error); !ok || !problem.Unsupported || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", pattern, err)
		}
	}
	for _, pattern := range []string{"[a", "(a", "a)", "*a", "a**", "{", "a{x}", "a{2,1}", `\q`, `a\`, "[b-a]", "(?<1>a)", "(?q)", `\x{110000}`, `\xZZ`} {
		_, err := Java(pattern)
		if problem, ok := err.(*Error); !ok || problem.Unsupported {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}

func FuzzJava(f *testing.F) {
	for _, s := range []string{`[+\-9]`, `a+?b`, `(?i)x\Q.\E`, `\p{Alpha}\u0041`, `[a&&b]`, `(?<n>a)\k<n>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		if _, err := Java(pattern); err != nil {
			if _, ok := err.(*Error); !ok {
				t.Errorf("%q: the error %v says not what kind it is", pattern, err)
			}
		}
	})
}
