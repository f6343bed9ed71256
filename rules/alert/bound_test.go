package alert

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func size(t interface{ Fatalf(string, ...any) }, a *Alert) int {
	b, err := Marshal(a)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return len(b)
}

func TestBoundLeavesWhatFits(t *testing.T) {
	a := full()
	a.Evidence.Truncated = false
	want := full()
	want.Evidence.Truncated = false
	Bound(a, MinBytes)
	if d := cmp.Diff(want, a); d != "" {
		t.Error(d)
	}
}

func TestBoundOrder(t *testing.T) {
	big := func() *Alert {
		a := full()
		a.Evidence.Truncated = false
		e := a.Evidence.Events[0]
		a.Evidence.Events = nil
		for i := range 5 {
			e.ID = fmt.Sprint("e", i)
			e.Values = []Field{{"v", strings.Repeat("v", 1000)}}
			e.Raw = RawJSON(`"` + strings.Repeat("r", 10000) + `"`)
			a.Evidence.Events = append(a.Evidence.Events, e)
		}
		a.Distinct[0].Values = make([]string, MaxValues)
		for i := range a.Distinct[0].Values {
			a.Distinct[0].Values[i] = strings.Repeat("d", 500)
		}
		a.Evidence.EventIDs = make([]string, MaxIDs)
		for i := range a.Evidence.EventIDs {
			a.Evidence.EventIDs[i] = strings.Repeat("i", 100)
		}
		a.Description = strings.Repeat("é", 5000)
		return a
	}
	raws := func(a *Alert) (s string) {
		for _, e := range a.Evidence.Events {
			if len(e.Raw) > 0 {
				s += e.ID
			}
		}
		return s
	}
	for _, c := range []struct {
		cap   int
		raws  string // events that keep their raw text
		check func(*Alert) bool
		notes int
	}{
		{80000, "e0e1e3e4", func(a *Alert) bool { return len(a.Evidence.Events[2].Values) == 1 }, 1},
		{50000, "e4", func(a *Alert) bool { return len(a.Distinct[0].Values) == MaxValues }, 1},
		{34000, "", func(a *Alert) bool { return len(a.Distinct[0].Values) > 5 && len(a.Evidence.EventIDs) == MaxIDs }, 2},
		{23000, "", func(a *Alert) bool { return len(a.Distinct[0].Values) == 0 && len(a.Evidence.EventIDs) == 50 }, 3},
		{MinBytes, "", func(a *Alert) bool {
			return len(a.Evidence.EventIDs) == 0 && len(a.Description) <= longText && strings.HasSuffix(a.Description, "é…")
		}, 5},
	} {
		a := big()
		before := size(t, a)
		Bound(a, c.cap)
		if n := size(t, a); n > c.cap {
			t.Errorf("cap %d: %d bytes of %d", c.cap, n, before)
		}
		if got := raws(a); got != c.raws {
			t.Errorf("cap %d: raw events %s, want %s", c.cap, got, c.raws)
		}
		if !c.check(a) {
			text, _ := Marshal(a)
			t.Errorf("cap %d: %s", c.cap, text)
		}
		if !a.Evidence.Truncated || len(a.Notes) != 1+c.notes {
			t.Errorf("cap %d: truncated %v, notes %q", c.cap, a.Evidence.Truncated, a.Notes)
		}
		if a.Evidence.Total != 7 || a.Distinct[0].Count != 4 || a.Reason != full().Reason {
			t.Errorf("cap %d: what was counted changed", c.cap)
		}
	}
}

func TestBoundHoldsForAnyText(t *testing.T) {
	s := schema(t)
	rapid.Check(t, func(t *rapid.T) {
		a := alerts(600).Draw(t, "alert")
		before, err := Marshal(a)
		if err != nil {
			t.Fatalf("%v", err)
		}
		limit := rapid.IntRange(0, 40000).Draw(t, "cap")
		shared := *a // shares every slice and map with a
		one, two := *a, *a
		Bound(&one, limit)
		Bound(&two, limit)
		b1, err1 := Marshal(&one)
		b2, err2 := Marshal(&two)
		if err1 != nil || err2 != nil || !bytes.Equal(b1, b2) {
			t.Fatalf("cut differently: %v %v", err1, err2)
		}
		if len(b1) > max(limit, MinBytes) {
			t.Fatalf("%d bytes, cap %d", len(b1), limit)
		}
		if cut := len(before) > max(limit, MinBytes); cut != !bytes.Equal(before, b1) {
			t.Fatalf("cut: %v, changed: %v", cut, !bytes.Equal(before, b1))
		}
		if one.ID != a.ID || one.Rule.ID != a.Rule.ID || one.Count != a.Count || one.Severity != a.Severity {
			t.Fatalf("the finding changed: %+v", one)
		}
		validate(t, s, b1)
		if again, err := Marshal(&shared); err != nil || !bytes.Equal(before, again) {
			t.Fatalf("wrote to what the alert shares: %v", err)
		}
	})
}
