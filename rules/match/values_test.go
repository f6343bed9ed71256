package match

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
)

// numbers are in many notations, among them zeros at either end, signs, exponents, and more digits than floats keep.
var numbers = []string{
	"0", "-0", "0.0", "0e5", "0.5", "0.50", "5e-1", "0.05", "5e-2", "0.050", "50e-3", "0.005", "5E-3", "5", "50", "500e-1", "0.5e1", "0.05e2", "5.0", "-5", "-0.5", "-0.05", "-50",
	"12.5", "12.05", "12.4", "125e-1", "12.50", "120", "1.2e+2", "102", "12000000000",
	"9007199254740992", "9007199254740993", "9007199254740993.0", "90071992547409930e-1",
	"12345678901234567890123456789012", "123456789012345678901234567890123", "1234567890123456789012345678901234567890", "1234567890123456789012345678901234567891",
	"1234567890123456789012345678901234567890.5", "123456789012345678901234567890123456789e1", "0.1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890e-40",
	"1e37", "10e36", "1e-37", "0.0000000000000000000000000000000000001", "1e000000001", "1e0000000000001", "10",
}

// Numbers in events are the numbers they are, exactly and in every notation: as literals, by order and between fields.
func TestNumbersInEvents(t *testing.T) {
	for _, a := range numbers {
		for _, b := range numbers {
			x, _ := new(big.Rat).SetString(a)
			y, _ := new(big.Rat).SetString(b)
			c := x.Cmp(y)
			raw := fmt.Sprintf(`{"n":%s,"m":%s}`, a, b)
			for _, q := range []struct {
				x    Expr
				want bool
			}{
				{pred("n", Equal, b), c == 0},
				{&Pred{Path: path("n"), Op: EqualsField, Other: path("m")}, c == 0},
				{pred("n", Less, b), c < 0}, {pred("n", LessEqual, b), c <= 0}, {pred("n", Greater, b), c > 0}, {pred("n", GreaterEqual, b), c >= 0},
			} {
				if got := outcome(t, q.x, raw); got != q.want {
					t.Errorf("%s of %s: %v", String(q.x), raw, got)
				}
			}
		}
	}
}

// Exponents are read up to nine digits. What has more is compared as the text it is, and equals no other number.
func TestExponents(t *testing.T) {
	for _, c := range []struct {
		n, m string
		want bool
	}{
		{"1e999999999", "10e999999998", true}, {"1e999999999", "1e999999998", false}, {"1e-999999999", "0.1e-999999998", true},
		{"1e9999999999", "1e9999999999", true}, {"1e9999999999", "10e9999999998", false}, {"1e9999999999", "0", false}, {"0", "1e-9999999999", false},
	} {
		raw := fmt.Sprintf(`{"n":%s,"m":%s}`, c.n, c.m)
		if got := outcome(t, pred("n", Equal, c.m), raw); got != c.want {
			t.Errorf("%s equals the literal %s: %v", c.n, c.m, got)
		}
		if got := outcome(t, &Pred{Path: path("n"), Op: EqualsField, Other: path("m")}, raw); got != c.want {
			t.Errorf("%s equals the field %s: %v", c.n, c.m, got)
		}
	}
}

// Only two numbers are equal in different notations. A text that looks like a number is a text.
func TestTextsAreNoNumbers(t *testing.T) {
	values := []string{`1`, `1.0`, `10e-1`, `"1"`, `"1.0"`, `"10e-1"`, `"x"`}
	for _, a := range values {
		for _, b := range values {
			textA, textB := strings.Trim(a, `"`), strings.Trim(b, `"`)
			numA, numB := a == textA, b == textB
			raw := fmt.Sprintf(`{"n":%s,"m":%s}`, a, b)
			if got, want := outcome(t, &Pred{Path: path("n"), Op: EqualsField, Other: path("m")}, raw), textA == textB || numA && numB; got != want {
				t.Errorf("%s: n = m is %v", raw, got)
			}
			if got, want := outcome(t, pred("n", Equal, textB), raw), textA == textB || numA && textB != "x"; got != want {
				t.Errorf("%s: n = %s is %v", raw, textB, got)
			}
			if got, want := outcome(t, Not{pred("n", Equal, textB)}, raw), textA != textB && !(numA && textB != "x"); got != want { // found by nothing, so it is evaluated
				t.Errorf("%s: not n = %s is %v", raw, textB, got)
			}
			many := append(strings.Fields("a b c d e f g h i j"), textB) // enough for a set
			if got, want := outcome(t, And{pred("n", Exists), pred("n", Equal, many...)}, raw), textA == textB || numA && textB != "x"; got != want {
				t.Errorf("%s: n among %s is %v", raw, many, got)
			}
		}
	}
}

// Values of different kinds have no order, whichever of the two stands in the rule.
func TestNoOrderBetweenKinds(t *testing.T) {
	kinds := map[string]string{"number": "12.5", "time": "2026-03-02T08:00:00Z", "text": "z", "none": ""}
	order := []Op{Less, LessEqual, Greater, GreaterEqual}
	for a, value := range kinds {
		for b, literal := range kinds {
			for _, op := range order {
				want := a == b && a != "text" && a != "none" && (op == LessEqual || op == GreaterEqual)
				if got := outcome(t, pred("n", op, literal), fmt.Sprintf(`{"n":%q}`, value)); got != want {
					t.Errorf("%s %s %s: %v", a, op, b, got)
				}
			}
		}
	}
	for _, c := range []struct{ value, literal string }{{"unknown", "10.0.0.1"}, {"10.0.0.1", "unknown"}, {"unknown", "unknown"}} {
		for _, op := range order {
			if outcome(t, pred("source.ip", op, c.literal), fmt.Sprintf(`{"client":{"ipAddress":%q}}`, c.value)) {
				t.Errorf("the address %s %s %s", c.value, op, c.literal)
			}
		}
	}
}

// A literal may be the whole text, in either case, as the only condition and beside others; of an empty one everything
// begins, ends and is a part.
func TestLiteralsOfAllLengths(t *testing.T) {
	const text = "Ada.Lovelace@Example.COM"
	raw := fmt.Sprintf(`{"actor":{"alternateId":%q}}`, text)
	beside := func(x Expr) Expr { return And{pred("actor", Exists), x} }
	for n := range len(text) + 1 {
		for _, c := range []struct {
			op      Op
			literal string
		}{{Prefix, text[:n]}, {Suffix, text[len(text)-n:]}, {Contains, text[n/2 : n]}, {Equal, text[:n]}} {
			p := pred("actor.alternateId", c.op, c.literal)
			want := c.op != Equal || n == len(text)
			swapped := folding(pred("actor.alternateId", c.op, strings.ToUpper(c.literal)))
			for _, x := range []Expr{p, beside(p), swapped, beside(swapped)} {
				if got := outcome(t, x, raw); got != want {
					t.Errorf("%s: %v", String(x), got)
				}
			}
			longer := pred("actor.alternateId", c.op, "x"+c.literal+"x")
			if outcome(t, longer, raw) || outcome(t, Not{longer}, raw) == false {
				t.Errorf("%s holds", String(longer))
			}
		}
	}
	many := make([]string, 20)
	for i := range many {
		many[i] = fmt.Sprintf("somebody%d@example.com", i)
	}
	for _, among := range []string{text, strings.ToLower(text), strings.ToUpper(text)} {
		if x := beside(folding(pred("actor.alternateId", Equal, append(many, among)...))); !outcome(t, x, raw) {
			t.Errorf("not among %d literals: %s", len(many)+1, among)
		}
	}
}

// Of two fields one can begin with, end with or hold what the other says.
func TestFieldsThatHoldFields(t *testing.T) {
	for _, c := range []struct {
		text, part             string
		prefix, suffix, inside bool
	}{
		{"abc", "a", true, false, true}, {"abc", "c", false, true, true}, {"abc", "b", false, false, true}, {"abc", "abc", true, true, true},
		{"abc", "abcd", false, false, false}, {"abc", "", false, false, false}, {"", "", false, false, false}, {"aba", "a", true, true, true},
	} {
		for form, want := range map[Op]bool{Prefix: c.prefix, Suffix: c.suffix, Contains: c.inside} {
			raw := fmt.Sprintf(`{"n":%q,"m":%q}`, c.text, c.part)
			p := &Pred{Path: path("n"), Op: EqualsField, Other: path("m"), Form: form}
			if got := outcome(t, p, raw); got != want {
				t.Errorf("%s of %s: %v", String(p), raw, got)
			}
			raw = fmt.Sprintf(`{"n":%q,"m":%q}`, c.text, strings.ToUpper(c.part))
			if got := outcome(t, folding(p), raw); got != want {
				t.Errorf("folded: %s of %s: %v", String(p), raw, got)
			}
		}
	}
}

// The year of a time is that of the instant, in whatever form the time is written.
func TestYearInEveryForm(t *testing.T) {
	for text, year := range map[string]string{
		`1704067200000`: "2024", `"1704067200"`: "2024", `"2024-01-01T00:00:00Z"`: "2024", `"2023-12-31T23:30:00-01:00"`: "2023", `"Mon, 01 Jan 2024 00:00:00 GMT"`: "2024",
		`"0999-01-01T00:00:00Z"`: "999",
	} {
		for _, literal := range []string{"2023", "2024", "999", "1704"} {
			p := pred("n", Equal, literal)
			p.Part = Year
			if got := outcome(t, p, `{"n":`+text+`}`); got != (literal == year) {
				t.Errorf("the year of %s is %s: %v", text, literal, got)
			}
		}
	}
}

// What is no time has no parts.
func TestNoPartsOfWhatIsNoTime(t *testing.T) {
	for _, value := range []string{`"x"`, `""`, `true`, `false`, `12`, `{}`} {
		for part := Minute; part <= Year; part++ {
			p := pred("n", GreaterEqual, "0")
			p.Part = part
			if outcome(t, p, `{"n":`+value+`}`) {
				t.Errorf("%s has a %s", value, part)
			}
		}
	}
}

// A predicate that several expressions have is evaluated once, and means the same in each of them, also negated.
func TestSharedPredicates(t *testing.T) {
	for _, result := range []string{"FAILURE", "SUCCESS"} {
		failed := pred("outcome.result", Contains, "FAIL")
		exprs := []Expr{And{pred("n", Exists), failed}, And{pred("n", Exists), Not{failed}}, And{pred("n", Exists), Or{failed, Const(false)}}, Not{failed}, failed}
		x, ev := build(t, exprs, fmt.Sprintf(`{"n":1,"outcome":{"result":%q}}`, result))
		want := []int{0, 2, 4}
		if result == "SUCCESS" {
			want = []int{1, 3}
		}
		m := x.NewMatcher()
		for range 2 {
			if got := m.Match(ev, nil); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %v, want %v", result, got, want)
			}
		}
	}
}

// Every wildcard up to five characters against every text of as many, as the table of prefixes says.
func TestShortGlobs(t *testing.T) {
	every := func(alphabet string, longest int) []string {
		all, last := []string{""}, []string{""}
		for range longest {
			var next []string
			for _, s := range last {
				for _, c := range alphabet {
					next = append(next, s+string(c))
				}
			}
			all, last = append(all, next...), next
		}
		return all
	}
	texts := every("ab", 5)
	for _, pattern := range every("ab?*", 5) {
		g := parseGlob(pattern)
		for _, text := range texts {
			if got, want := g.match(text), tableMatch(pattern, text); got != want {
				t.Fatalf("%q against %q: %v", pattern, text, got)
			}
		}
	}
}

// The canonical form does not depend on the case of what is compared without regard to it, up to the ends of the alphabet.
func TestCanonicalCase(t *testing.T) {
	if upper, lower := String(folding(pred("n", Equal, "@AMZ["))), String(folding(pred("n", Equal, "@amz["))); upper != lower {
		t.Errorf("%s and %s", upper, lower)
	}
	if a, b := String(folding(pred("n", Equal, "@["))), String(folding(pred("n", Equal, "`{"))); a == b {
		t.Errorf("@[ and `{ are both %s", a)
	}
}
