package offline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktastream/processor/feed"
	"oktastream/rules"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// text is an input that holds data.
func text(name string, data []byte) Input {
	return Input{Name: name, Size: int64(len(data)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

func typeIs(types ...string) match.Expr {
	return &match.Pred{Path: event.MustPath("eventType"), Op: match.Equal, Literals: types}
}

// counting fires on n sign-ons of one user within an hour.
func counting(id string, n int) rules.Rule {
	return rules.Rule{ID: id, Name: id, Title: id, File: id + ".yaml", Stateful: &rules.Stateful{
		Inputs:  []rules.Input{{Where: typeIs("user.session.start"), Group: []event.Path{event.MustPath("actor.alternateId")}}},
		GroupBy: []string{"actor.alternateId"},
		Window: window.Spec{Kind: window.Count, Threshold: n, Length: time.Hour, Quiet: time.Hour,
			Lateness: window.DefaultLateness, Episode: window.DefaultEpisode},
	}}
}

func set(t *testing.T, rs ...rules.Rule) *rules.Set {
	t.Helper()
	s, diags := rules.NewSet(rs)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	return s
}

// Events that concern no rule are not kept, and yet everything is as if they were evaluated.
func TestRecordingIsEnough(t *testing.T) {
	var data bytes.Buffer
	for item := range feed.New(feed.Options{Events: 3000, Seed: 5, Duplicates: 20, Disorder: time.Minute}) {
		data.Write(item.JSON)
		data.WriteByte('\n')
	}
	data.WriteString(`{"uuid":"x","eventType":"user.session.start","published":"never"}` + "\n")
	s := set(t,
		rules.Rule{ID: "one", Name: "one", File: "one.yaml", Where: typeIs("user.session.start", "system.api_token.create")},
		counting("three", 3))
	rep, err := Run(s, engine.Options{}, []Input{text("feed", data.Bytes())})
	if err != nil {
		t.Fatal(err)
	}

	events, plain := Read([]Input{text("feed", data.Bytes())})
	local := engine.NewLocal(s, engine.Options{})
	decoder := local.NewDecoder()
	var out engine.Output
	for _, e := range events {
		ev, err := decoder.Decode(e.JSON, e.Meta)
		if err != nil {
			t.Fatal(err)
		}
		if err := local.Process(ev, &out); err != nil {
			t.Fatal(err)
		}
	}
	if err := local.Close(&out); err != nil {
		t.Fatal(err)
	}
	plain.Alerts, plain.Repeated = arrange(out.Alerts)
	plain.Stats = local.Stats()
	if len(plain.Alerts) < 10 || plain.Timeless != 1 || plain.Repeated == 0 || plain.Stats[1].Alerts == 0 {
		t.Fatalf("%d alerts, %d timeless, %d repeated, %v: nothing to compare", len(plain.Alerts), plain.Timeless, plain.Repeated, plain.Stats)
	}
	if diff := cmp.Diff(lines(t, plain), lines(t, rep)); diff != "" {
		t.Error(diff)
	}

	rec, _, err := Record(context.Background(), []*rules.Set{s}, []Input{text("feed", data.Bytes())})
	if err != nil {
		t.Fatal(err)
	}
	if rec.Len() == 0 || rec.Len()*2 > rep.Events {
		t.Errorf("%d of %d events are kept", rec.Len(), rep.Events)
	}
	hits := rec.Hits(0, s)
	if want := []int{rep.Stats[0].Matched, rep.Stats[1].Matched}; !cmp.Equal(hits, want) {
		t.Errorf("hits %v, the engine counts %v", hits, want)
	}
	if part := rec.Only(0, []int{1}, 7); part.Len() != 7 {
		t.Errorf("%d events of 7", part.Len())
	}
}

func lines(t *testing.T, r Report) []string {
	t.Helper()
	out := []string{fmt.Sprint(r.Files, r.Events, r.Repeated, r.Timeless, r.First, r.Last, r.Stats)}
	for i := range r.Alerts {
		b, err := json.Marshal(&r.Alerts[i])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

func TestRecordIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s := set(t, rules.Rule{ID: "one", Name: "one", File: "one.yaml", Where: typeIs("user.session.start")})
	in := text("x", []byte(`{"uuid":"x","eventType":"a.b","published":"2026-01-01T00:00:00Z"}`))
	if _, _, err := Record(ctx, []*rules.Set{s}, []Input{in}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
