package eqloracle

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// drawer draws conditions in both dialects, of fields that have one type each, or no value.
type drawer struct {
	*rand.Rand
	fold bool
}

func (d *drawer) pick(of ...string) string { return of[d.IntN(len(of))] }

// tilde stands behind what has a form without regard to case.
func (d *drawer) tilde() string {
	if d.fold {
		return "~"
	}
	return ""
}

// operand is an expression and what must not be null for a comparison with it to be decided.
type operand struct {
	text    string
	mayLack []string
}

func literal(text string) operand { return operand{text: text} }

func made(text string, of ...operand) operand {
	o := operand{text, []string{text}}
	for _, x := range of {
		o.mayLack = append(o.mayLack, x.mayLack...)
	}
	return o
}

var (
	texts   = []string{"ada", "Ada", "ADA", "bob", "a.b", "", "user.session.start", "User.Session.END", `C:\x`, `c:\X\y`, "É1", "é1", "aXa", "a a"}
	numbers = []any{0, 1, 2, 3, 7, 17, 64500, 2.5}
)

func (d *drawer) quoted() string {
	s := texts[d.IntN(len(texts))]
	if d.IntN(4) == 0 {
		return `"""` + s + `"""`
	}
	return `"` + strings.ReplaceAll(s, `\`, `\\`) + `"`
}

func (d *drawer) textField() operand {
	f := d.pick("s", "t.s", "?t.s", "`t`.s", "list[0]", "list[1]")
	return made(f)
}

func (d *drawer) text(depth int) operand {
	if depth == 0 || d.IntN(2) == 0 {
		return d.textField()
	}
	x := d.text(depth - 1)
	switch d.IntN(4) {
	case 0:
		return made(fmt.Sprintf("substring(%s, %s)", x.text, d.pick("0", "1", "3", "-2", "-9")), x)
	case 1:
		return made(fmt.Sprintf("substring(%s, %s, %s)", x.text, d.pick("0", "1", "-3", "-9"), d.pick("0", "2", "5", "99", "-1")), x)
	case 2:
		return made(fmt.Sprintf("string(%s)", x.text), x)
	}
	y := []operand{d.textField(), made("n"), made("b"), literal(d.quoted())}[d.IntN(4)]
	return made(fmt.Sprintf("concat(%s, %s)", x.text, y.text), x, y)
}

func (d *drawer) number(depth int) operand {
	if depth == 0 {
		return d.pickOperand(made("n"), made("m.n"), made("d"), literal(d.pick("0", "1", "2", "2.5", "17", "64500", "-1", "1e1")))
	}
	x := d.number(depth - 1)
	switch d.IntN(7) {
	case 0:
		s := d.text(1)
		return made("length("+s.text+")", s)
	case 1:
		s := d.text(1)
		return made(fmt.Sprintf(`indexOf%s(%s, "%s"%s)`, d.tilde(), s.text, d.pick("a", "A", ".", "s", "é"), d.pick("", ", 0", ", 1", ", 3")), s)
	case 2:
		return made("number(" + d.pick("digits", "digits, 10", "digits, 16") + ")")
	case 3:
		// The other engine rounds down what is negative, see differences: only what is not is divided.
		return made(fmt.Sprintf("n %s %s", d.pick("/", "%"), d.pick("1", "2", "7", "1000")))
	case 4:
		y := d.number(0)
		return made(fmt.Sprintf("%s(%s, %s)", d.pick("add", "subtract", "multiply"), x.text, y.text), x, y)
	case 5:
		return made("n / m.n")
	}
	y := d.number(0)
	return made(fmt.Sprintf("%s %s %s", y.text, d.pick("+", "-", "*"), x.text), x, y)
}

func (d *drawer) pickOperand(of ...operand) operand { return of[d.IntN(len(of))] }

// leaf is a comparison. Theirs asks as well whether there is anything to compare, and thus is never null.
func leaf(ours, theirs string, of ...operand) (string, string) {
	for _, o := range of {
		for _, x := range o.mayLack {
			theirs += " and " + strings.TrimPrefix(x, "?") + " != null"
		}
	}
	return ours, "(" + theirs + ")"
}

func negated(ours, theirs string) (string, string) { return ours, "not " + theirs }

func (d *drawer) comparison() (string, string) {
	switch d.IntN(12) {
	case 0, 1: // texts
		x, y := d.text(2), d.pickOperand(literal(d.quoted()), literal(d.quoted()), d.textField())
		if d.fold {
			s := fmt.Sprintf("%s in~ (%s)", x.text, y.text)
			return leaf(s, s, x, y)
		}
		switch op := d.pick("==", "!=", "<", "<=", ">", ">="); op {
		case "!=":
			ours, theirs := leaf(x.text+" != "+y.text, x.text+" == "+y.text, x, y)
			return negated(ours, theirs)
		default:
			s := x.text + " " + op + " " + y.text
			return leaf(s, s, x, y)
		}
	case 2, 3: // numbers
		x, y := d.number(2), d.number(1)
		if op := d.pick("==", "!=", "<", "<=", ">", ">="); op != "!=" {
			s := x.text + " " + op + " " + y.text
			return leaf(s, s, x, y)
		}
		ours, theirs := leaf(x.text+" != "+y.text, x.text+" == "+y.text, x, y)
		return negated(ours, theirs)
	case 4: // null
		x := d.pickOperand(d.text(1), d.number(2), made("b"), made("ip"), made("list"))
		if len(x.mayLack) == 0 {
			x = made("n")
		}
		s := x.text + d.pick(" == null", " != null")
		return s, "(" + s + ")"
	case 5: // truth
		x := made("b")
		s := d.pick("b", "b == true", "b == false", "true == b")
		return leaf(s, s, x)
	case 6: // lists
		x, list := d.text(1), fmt.Sprintf("(%s, %s, %s)", d.quoted(), d.quoted(), d.quoted())
		if d.IntN(3) == 0 {
			x = d.number(1)
			x.text = "(" + x.text + ")" // in binds closer than arithmetic with us, see differences
			if list = d.pick("(0, 2, 17)", "(1, 2.5)", "(n)"); list == "(n)" {
				return leaf(x.text+" in (n)", x.text+" in (n)", x, made("n"))
			}
		}
		if in := " in" + d.tilde() + " "; d.IntN(3) > 0 {
			return leaf(x.text+in+list, x.text+in+list, x)
		}
		in := d.tilde() + " "
		ours, theirs := leaf(x.text+" not in"+in+list, x.text+" in"+in+list, x)
		return negated(ours, theirs)
	case 7, 8: // patterns
		x := d.text(1)
		list := func() string {
			one := func() string {
				return d.pick(`"*"`, `"a*"`, `"*A"`, `"*.session.*"`, `"c:\\*"`, `"""C:\*"""`, `"É*"`, `"a*a"`, `"ada"`, `"*1"`, `""`, d.quoted())
			}
			if d.IntN(2) == 0 {
				return one()
			}
			return "(" + one() + ", " + one() + ")"
		}()
		op := " like "
		if d.fold {
			op = d.pick(" like~ ", " : ")
		}
		if d.IntN(4) == 0 {
			s := fmt.Sprintf("wildcard%s(%s, %s)", d.tilde(), x.text, strings.Trim(list, "()"))
			return leaf(s, s, x)
		}
		return leaf(x.text+op+list, x.text+op+list, x)
	case 9: // regular expressions: theirs match the beginning of a text
		x := d.text(1)
		re := d.pick(`a.a`, `[a-c]+`, `(ada|bob)`, `user\\..*`, `.*[0-9]`, `[^a]*`, `A{1,2}d?.*`, `.*\\.(START|end)`, `É.`)
		op := " regex" + d.tilde() + " "
		return leaf(x.text+op+`"`+re+`"`, x.text+op+`"(?:`+re+`)\\Z"`, x)
	case 10: // networks, and what lies between
		if d.IntN(2) == 0 {
			s := "cidrMatch(ip, " + d.pick(`"192.0.2.0/24"`, `"198.51.100.0/25", "192.0.2.128/25"`, `"2001:db8::/32"`, `"0.0.0.0/0"`, `"192.0.2.77/24"`) + ")"
			return leaf(s, s, made("ip"))
		}
		// Where nothing lies between, ours is empty and theirs null, see differences: neither equals a text that is not empty.
		x := d.text(1)
		between := fmt.Sprintf(`between%s(%s, "%s", "%s"%s)`, d.tilde(), x.text, d.pick("a", "user", ".", "S", ""), d.pick("a", "A", ".", "s"), d.pick("", ", true", ", false"))
		s := between + " == " + d.pick(`"d"`, `"X"`, `".session"`, `"session"`, `"er."`, `"es"`)
		if d.fold {
			s = strings.Replace(s, " == ", " in~ (", 1) + ")"
		}
		return leaf(s, s, made(between))
	}
	x, y := d.text(1), d.pickOperand(literal(d.quoted()), literal(`"a"`), literal(`"user."`), literal(`"START"`), d.textField())
	s := fmt.Sprintf("%s%s(%s, %s)", d.pick("startsWith", "endsWith", "stringContains"), d.tilde(), x.text, y.text)
	return leaf(s, s, x, y)
}

// condition joins comparisons, with few brackets, so that the order of operators shows.
func (d *drawer) condition(depth int) (ours, theirs string) {
	if depth == 0 {
		return d.comparison()
	}
	a, x := d.condition(depth - 1)
	switch d.IntN(5) {
	case 0:
		return "not (" + a + ")", "not (" + x + ")"
	case 1:
		b, y := d.comparison()
		return "not " + b + " and " + a, "not " + y + " and " + x
	case 2:
		return "(" + a + ")", "(" + x + ")"
	}
	b, y := d.condition(depth - 1)
	op := d.pick(" and ", " or ")
	return a + op + b, x + op + y
}

// conditionEvent draws an event from few values, so that every construct holds for some and not for others.
func conditionEvent(d *rand.Rand) []byte {
	pick := func(values ...any) any { return values[d.IntN(len(values))] }
	text := func() any {
		if d.IntN(6) == 0 {
			return nil
		}
		return texts[d.IntN(len(texts))]
	}
	number := func() any {
		if d.IntN(6) == 0 {
			return nil
		}
		return numbers[d.IntN(len(numbers)-1)]
	}
	var list []any
	for range d.IntN(3) {
		list = append(list, texts[d.IntN(len(texts))])
	}
	e := map[string]any{
		"uuid": "u", "published": "2026-01-02T03:04:05.678Z", "category": pick("user", "app", "User"),
		"s": text(), "t": map[string]any{"s": text()}, "list": pick(list, list, nil), "n": number(), "m": map[string]any{"n": number()},
		"d": pick(-2.5, 0.5, 17.0, 1e3, nil), "b": pick(true, false, nil), "digits": pick("31", "0x1f", "-4", "1.5", "xyz", "", nil),
		"ip": pick("192.0.2.7", "192.0.2.200", "198.51.100.9", "2001:db8::1", "2001:db9::1", nil),
	}
	if len(list) == 0 {
		delete(e, "list") // an array without elements is no value with us, see differences
	}
	for _, field := range []string{"s", "t", "n", "m", "b", "ip"} {
		if d.IntN(20) == 0 {
			delete(e, field)
		}
	}
	return marshal(e)
}

func TestConditions(t *testing.T) {
	const wantQueries, wantEvents = 600, 2000
	random := rand.New(rand.NewPCG(5, 6))
	var queries []query
	for i := range wantQueries {
		d := &drawer{random, i%2 == 1}
		ours, theirs := d.condition(d.IntN(4))
		category := d.pick("any", "any", "user", "app") + " where "
		queries = append(queries, query{category + ours, category + theirs, d.fold})
	}
	var events [][]byte
	for range wantEvents {
		events = append(events, conditionEvent(random))
	}
	them := theirs(t, queries, events)
	us := matches(t, queries, events)
	some, total := 0, 0
	for i, q := range queries {
		if n := len(us[i]); n > 0 && n < len(events) {
			some++
		}
		total += len(us[i])
		if e, ours, found := differing(us[i], them[i]); found {
			t.Errorf("only ours %v:\n%s\n%s\n%s", ours, q.ours, q.theirs, events[e])
		}
	}
	t.Logf("%d queries, %d events, %d matches; %d queries hold for some events and not for others", len(queries), len(events), total, some)
	if some < len(queries)*2/3 {
		t.Error("the events do not test the queries")
	}
}
