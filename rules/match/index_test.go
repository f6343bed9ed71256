package match

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"oktastream/rules/event"
)

// build indexes exprs and decodes raw for them.
func build(t testing.TB, exprs []Expr, raw string) (*Index, *event.Event) {
	t.Helper()
	f := event.NewFields()
	b := NewBuilder(f)
	for _, x := range exprs {
		b.Add(x)
	}
	x := b.Build()
	ev, err := event.NewDecoder(f).Decode([]byte(raw), event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	return x, ev
}

func TestUnindexed(t *testing.T) {
	re := pred("client.userAgent.rawUserAgent", Regexp)
	re.Re = []*regexp.Regexp{regexp.MustCompile("x")}
	exprs := []Expr{
		0:  pred("eventType", Equal, "a"),
		1:  Not{pred("eventType", Equal, "a")},
		2:  And{re, Not{pred("eventType", Equal, "a")}},
		3:  And{re, pred("actor.id", Equal, "a")},
		4:  Or{pred("actor.id", Equal, "a"), re},
		5:  Or{pred("actor.id", Equal, "a"), pred("eventType", Prefix, "user.")},
		6:  Const(true),
		7:  Const(false),
		8:  pred("transaction.detail.requestApiTokenId", Wildcard, "?*"),
		9:  pred("eventType", Wildcard, "a*b"),
		10: pred("eventType", Contains, "a"),
		11: Or{pred("actor.id", Equal, "a"), Not{pred("actor.id", Exists)}},
	}
	x, _ := build(t, exprs, sample)
	if got, want := x.Unindexed(), []int{1, 2, 4, 6, 9, 11}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if x.Len() != len(exprs) {
		t.Errorf("Len %d, want %d", x.Len(), len(exprs))
	}
}

// TestBuildLeavesIndex: a builder that goes on does not change the index it has built.
func TestBuildLeavesIndex(t *testing.T) {
	f := event.NewFields()
	b := NewBuilder(f)
	b.Add(pred("eventType", Equal, "user.session.start"))
	x := b.Build()
	b.Add(pred("actor.type", Equal, "User"))
	y := b.Build()
	ev, err := event.NewDecoder(f).Decode([]byte(sample), event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	if got := x.NewMatcher().Match(ev, nil); !slices.Equal(got, []int{0}) {
		t.Errorf("first index: %v", got)
	}
	if got := y.NewMatcher().Match(ev, nil); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("second index: %v", got)
	}
}

// TestEpochWraps: a matcher that has seen two thousand million events does not take old notes for new ones.
func TestEpochWraps(t *testing.T) {
	x, ev := build(t, []Expr{And{pred("eventType", Equal, "user.session.start"), folding(pred("actor.displayName", Contains, "äda"))}}, sample)
	m := x.NewMatcher()
	m.Match(ev, nil)
	m.epoch = 1<<31 - 2
	for range 3 {
		if got := m.Match(ev, nil); !slices.Equal(got, []int{0}) {
			t.Fatalf("epoch %d: %v", m.epoch, got)
		}
	}
	if m.epoch > 2 {
		t.Fatalf("the epoch did not wrap: %d", m.epoch)
	}
}

// busy is an event for which the common conditions of spread hold, so that the rare ones must be looked at.
const busy = `{"uuid": "u2", "eventType": "user.session.start", "outcome": {"result": "FAILURE"},
	"actor": {"displayName": "Ada Lovelace", "alternateId": "ada@example.com", "type": "User"}}`

// spread makes n rules over the event types there are in a large organisation, none of which holds for busy. One type
// in 900 is that of busy, so that there is something to evaluate.
func spread(n int) []Expr {
	exprs := make([]Expr, n)
	for i := range exprs {
		eventType := fmt.Sprintf("system.type_%d.done", i%900)
		if i%900 == 0 {
			eventType = "user.session.start"
		}
		exprs[i] = And{
			pred("eventType", Equal, eventType),
			pred("outcome.result", Equal, "FAILURE"),
			folding(pred("actor.displayName", Contains, fmt.Sprintf("nobody %d", i))),
			Not{pred("actor.alternateId", Equal, "system@okta.com")},
		}
	}
	return exprs
}

func TestMatchDoesNotAllocate(t *testing.T) {
	exprs := append(spread(1000),
		folding(pred("actor.displayName", Contains, "ÄDA x")), folding(pred("actor.alternateId", Equal, "x")),
		pred("published", Less, "2020-01-01T00:00:00Z"), pred("securityContext.asNumber", Equal, "2"),
		pred("client.ipAddress", Wildcard, "1*3"), pred("target.score", Greater, "1e40"),
		&Pred{Path: path("actor.type"), Op: EqualsField, Other: path("eventType"), Fold: true},
	)
	for _, raw := range []string{sample, busy} {
		x, ev := build(t, exprs, raw)
		m := x.NewMatcher()
		if got := m.Match(ev, nil); len(got) != 0 {
			t.Fatalf("%v hold; this test is about none", got)
		}
		if n := testing.AllocsPerRun(100, func() { m.Match(ev, nil) }); n != 0 {
			t.Errorf("%v allocations per event", n)
		}
	}
}

// BenchmarkMatch: the cost of an event that matches nothing, by the number of loaded rules.
func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 1_000, 10_000} {
		b.Run(fmt.Sprintf("rules=%d", n), func(b *testing.B) {
			x, ev := build(b, spread(n), busy)
			m := x.NewMatcher()
			var dst []int
			b.ReportAllocs()
			for b.Loop() {
				dst = m.Match(ev, dst[:0])
			}
		})
	}
}
