package offline

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"oktastream/processor/feed"
	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
)

// With memory for a handful of events, a stream gives the bytes and the account of a run that holds everything, and leaves
// no file behind.
func TestStreamIsRun(t *testing.T) {
	var data bytes.Buffer
	for item := range feed.New(feed.Options{Events: 2000, Seed: 7, Duplicates: 20, Disorder: time.Hour}) {
		data.Write(item.JSON)
		data.WriteByte('\n')
	}
	data.WriteString("nonsense\n" + `{"uuid":"x","eventType":"user.session.start","published":"never","actor":{}}` + "\n")
	s := set(t,
		rules.Rule{ID: "one", Name: "one", File: "one.yaml", Where: typeIs("user.session.start", "system.api_token.create")},
		counting("three", 3))
	inputs := []Input{text("b", data.Bytes()), text("a", data.Bytes()[:data.Len()/2])}
	want, err := Run(s, engine.Options{}, inputs)
	if err != nil {
		t.Fatal(err)
	}
	var told []string
	for i := range want.Alerts {
		b, err := alert.Marshal(&want.Alerts[i])
		if err != nil {
			t.Fatal(err)
		}
		told = append(told, string(b))
	}
	if len(told) < 10 || want.Repeated == 0 {
		t.Fatalf("%d alerts, %d repeated: nothing to compare", len(told), want.Repeated)
	}
	for _, memory := range []int{4 << 10, 100 << 10, 1 << 30} {
		dir := t.TempDir()
		t.Setenv("TMPDIR", dir)
		var got []string
		rep, err := stream(s, engine.Options{}, inputs, memory, alert.Marshal, func(line []byte) error {
			got = append(got, string(line))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if d := diff.Diff(told, got); d != "" {
			t.Fatalf("%d bytes: %s", memory, d)
		}
		if d := diff.Diff(want.Summary(s), rep.Summary(s)); d != "" {
			t.Errorf("%d bytes: %s", memory, d)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%d bytes: %v, %v are left behind", memory, err, left)
		}
	}
}

func TestStreamFails(t *testing.T) {
	s := set(t, rules.Rule{ID: "one", Name: "one", File: "one.yaml", Where: typeIs("a.b")})
	in := []Input{text("x", []byte(strings.Repeat(`{"uuid":"x","eventType":"a.b","published":"2026-01-01T00:00:00Z"}`+"\n", 100)))}
	broken := errors.New("the pipe is closed")
	pass := func([]byte) error { return nil }
	if _, err := stream(s, engine.Options{}, in, 1<<20, alert.Marshal, func([]byte) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("write: %v", err)
	}
	if _, err := stream(s, engine.Options{}, in, 1<<20, func(*alert.Alert) ([]byte, error) { return nil, broken }, pass); !errors.Is(err, broken) {
		t.Errorf("encode: %v", err)
	}
	t.Setenv("TMPDIR", t.TempDir()+"/none")
	if _, err := stream(s, engine.Options{}, in, 1<<10, alert.Marshal, pass); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("temporary files: %v", err)
	}
}

// Sorting through files is a stable sort, and holds no more than it may.
func TestSorter(t *testing.T) {
	type item struct{ Key, Place int }
	rapid.Check(t, func(t *rapid.T) {
		const limit = 10
		s := sorter[item]{limit: limit, compare: func(a, b *item) int { return cmp.Compare(a.Key, b.Key) }, size: func(*item) int { return 1 }}
		defer s.close()
		keys := rapid.SliceOfN(rapid.IntRange(0, 5), 0, 60).Draw(t, "keys")
		for i, k := range keys {
			if err := s.add(item{k, i}); err != nil {
				t.Fatal(err)
			}
			if len(s.held) >= limit {
				t.Fatalf("%d items are held", len(s.held))
			}
		}
		n := 0
		var last item
		if err := s.each(func(x *item) error {
			if keys[x.Place] != x.Key || n > 0 && (x.Key < last.Key || x.Key == last.Key && x.Place <= last.Place) {
				return fmt.Errorf("%v behind %v", *x, last)
			}
			last = *x
			n++
			return nil
		}); err != nil || n != len(keys) {
			t.Fatal(n, err)
		}
	})
}

// A page of any length is read to its end.
func TestLongPage(t *testing.T) {
	const n = 25_000
	page := "[" + strings.Repeat(`{"uuid":"x","eventType":"a.b","published":"2026-01-01T00:00:00Z"},`, n-1) + `{"uuid":"x","eventType":"a.b","published":"2026-01-01T00:00:00Z"}]`
	events, rep := Read([]Input{text("x", []byte(page))})
	if len(events) != n || rep.Files[0].Records != 1 || rep.Files[0].Rejected != 0 || events[n-1].Meta.Origin.Index != n-1 {
		t.Errorf("%d events, %+v", len(events), rep.Files[0])
	}
}
