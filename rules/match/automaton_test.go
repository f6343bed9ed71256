package match

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"oktastream/rules/event"
)

// The automaton finds what strings.Contains finds, over an alphabet so small that texts overlap and hold each other.
func TestAutomaton(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SampledFrom([]string{"a", "b", "\xc3", "\xff"})
		word := func(least, most int, label string) string {
			return strings.Join(rapid.SliceOfN(letters, least, most).Draw(t, label), "")
		}
		var texts []string
		for range rapid.IntRange(1, 30).Draw(t, "texts") {
			if w := word(1, 5, "text"); !slices.Contains(texts, w) {
				texts = append(texts, w)
			}
		}
		a := newAutomaton(texts)
		s := word(0, 20, "searched")
		found := make([]int, len(texts))
		a.find(s, func(n int32) { found[n]++ })
		for n, text := range texts {
			want := 0
			for i := range len(s) {
				if strings.HasPrefix(s[i:], text) {
					want++
				}
			}
			if found[n] != want {
				t.Fatalf("%q in %q found %d times, want %d; texts %q", text, s, found[n], want, texts)
			}
		}
	})
}

// drawPattern draws a predicate of those that are looked up by a text or a network, with operands that often meet the
// values of TestPatternsAreEval.
func drawPattern(t *rapid.T) *Pred {
	words := rapid.SampledFrom([]string{"abc", "bca", "cab", "ABC", "bcAb", "aaa", "kelvin", "\u212aelvin", "ſtop", "STOP", "é", "a", "\ufffdabc"})
	p := pred(rapid.SampledFrom([]string{"actor.alternateId", "target.displayName", "client.ipAddress"}).Draw(t, "path"), Contains)
	p.Fold = rapid.Bool().Draw(t, "fold")
	p.All = rapid.IntRange(0, 4).Draw(t, "all") == 0
	n := rapid.IntRange(1, 3).Draw(t, "alternatives")
	switch rapid.IntRange(0, 4).Draw(t, "op") {
	case 0:
		p.Op = Wildcard
		for range n {
			p.Literals = append(p.Literals, rapid.SampledFrom([]string{"", "*", "?"}).Draw(t, "left")+words.Draw(t, "first")+"*"+words.Draw(t, "second")+"*")
		}
	case 1:
		p.Op = Regexp
		for range n {
			frame := rapid.SampledFrom([]string{"%s", "(?i)%s", "^%s", "(%s)+", "(%s)?", "(%s){2}", "[xyz]|%s", "x*%s.", "(?i:%s)|(?i:abc)"}).Draw(t, "frame")
			p.Re = append(p.Re, regexp.MustCompile(fmt.Sprintf(frame, words.Draw(t, "word"))))
		}
	case 2:
		p.Op = InCIDR
		for range n {
			p.Nets = append(p.Nets, rapid.SampledFrom([]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.0.0.0/16"),
				netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("2001:db8::/32"),
				netip.MustParsePrefix("2001:db8::7/128"), netip.MustParsePrefix("::ffff:192.0.2.0/120"), netip.MustParsePrefix("::/0")}).Draw(t, "net"))
		}
	default:
		for range n {
			p.Literals = append(p.Literals, words.Draw(t, "literal"))
		}
	}
	return p
}

// TestPatternsAreEval is TestMatchIsEval for sets of patterns on the same few fields: enough of them that automata are
// built, for values that hold several at once.
func TestPatternsAreEval(t *testing.T) {
	pieces := rapid.SampledFrom([]string{"abc", "a", "b", "c", "A", "BC", "k", "\u212a", "elvin", "ſ", "top", "É", " ", "aaa", "\ufffd", "abc"})
	automata := 0
	rapid.Check(t, func(t *rapid.T) {
		f := event.NewFields()
		b := NewBuilder(f)
		exprs := make([]Expr, rapid.IntRange(1, 60).Draw(t, "expressions"))
		for i := range exprs {
			exprs[i] = drawPattern(t)
			if rapid.IntRange(0, 3).Draw(t, "more") == 0 {
				exprs[i] = And{exprs[i], Not{drawPattern(t)}}
			}
			b.Add(exprs[i])
		}
		x := b.Build()
		for _, n := range x.root.fields {
			for _, l := range []*lookup{n.exact, n.fold} {
				if l != nil && l.parts != nil && l.parts.all != nil {
					automata++
				}
			}
		}
		m, d := x.NewMatcher(), event.NewDecoder(f)
		text := func() string { return strings.Join(rapid.SliceOfN(pieces, 0, 8).Draw(t, "text"), "") }
		for range rapid.IntRange(1, 5).Draw(t, "events") {
			raw, err := json.Marshal(map[string]any{"actor": map[string]any{"alternateId": text()},
				"target": []any{map[string]any{"displayName": text()}, map[string]any{"displayName": text()}},
				"client": map[string]any{"ipAddress": rapid.SampledFrom([]string{"192.0.2.7", "192.0.2.8", "192.0.9.9", "::ffff:192.0.2.7", "2001:db8::7",
					"2001:db8::8%eth0", "10.0.0.1", "abc", "192.0.2", ""}).Draw(t, "address")}})
			if err != nil {
				t.Fatal(err)
			}
			if rapid.Bool().Draw(t, "damaged") {
				raw = []byte(strings.ReplaceAll(string(raw), "\ufffd", "\xff"))
			}
			ev, err := d.Decode(raw, event.Meta{})
			if err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			var want []int
			for i, x := range exprs {
				if Eval(x, ev) {
					want = append(want, i)
				}
			}
			if got := m.Match(ev, nil); !slices.Equal(got, want) {
				t.Fatalf("%s\ngot  %v\nwant %v", raw, got, want)
			}
		}
	})
	if automata == 0 {
		t.Error("no index had an automaton: the test tests something else")
	}
}

func TestRequirements(t *testing.T) {
	for _, c := range []struct {
		re   string
		want []requirement
	}{
		{`okta`, []requirement{{"okta", false}}}, {`^/api/v1/[a-z]+/lifecycle$`, []requirement{{"/api/v1/", false}, {"/lifecycle", false}}},
		{`(?i)PowerShell\d`, []requirement{{"powershell", true}}}, {`a|b`, nil}, {`(?:abc)?`, nil}, {`(?:abc)+x`, []requirement{{"abc", false}}},
		{`(?:abcd){2,3}`, []requirement{{"abcd", false}}}, {`ab`, nil}, {`(?i)abc|bcd`, nil}, {`.*`, nil}, {"x\ufffdyz", nil},
	} {
		p := predicate{re: []*regexp.Regexp{regexp.MustCompile(c.re)}}
		if got := p.requirements()[0]; !slices.Equal(got, c.want) {
			t.Errorf("%s requires %v, want %v", c.re, got, c.want)
		}
	}
}

// A pattern is filed under the text that the fewest others require, so that a frequent one does not lead to them all.
func TestLeastSharedRequirement(t *testing.T) {
	f := event.NewFields()
	b := NewBuilder(f)
	for i := range 100 {
		p := pred("debugContext.debugData.url", Regexp)
		p.Re = []*regexp.Regexp{regexp.MustCompile(fmt.Sprintf(`redirect_uri=https?://x%d/`, i))}
		b.Add(p)
	}
	x := b.Build()
	ev, err := event.NewDecoder(f).Decode([]byte(`{"debugContext":{"debugData":{"url":"/a?redirect_uri=https://x42/"}}}`), event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	m := x.NewMatcher()
	if got := m.Match(ev, nil); !slices.Equal(got, []int{42}) {
		t.Fatalf("found %v", got)
	}
	looked := 0
	for _, epoch := range m.looked {
		if epoch == m.epoch {
			looked++
		}
	}
	if looked != 1 {
		t.Errorf("%d of 100 expressions were looked at", looked)
	}
}
