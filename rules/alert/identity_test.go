package alert

import (
	"testing"

	"pgregory.net/rapid"
)

// Consumers store alerts under these ids, and state remembers them: they must never change.
func TestGoldenIDs(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{StatelessID("", "", ""), "68431dd4cb1fc30f4d8cc9c8aa61fc15"},
		{StatelessID("corp.okta.example", "9c5b1d3a-51b5-4f1c-8bb2-6f3f0c1b7a11", "5d0b7c40-9a1e-11f1-8c55-0242ac120002"), "9cf62df468acdc144d3046e4071a32e2"},
		{EpisodeID("corp.okta.example", "r", nil, "e"), "3a7c70212ca8fa1c72f27db3856e82d0"},
		{EpisodeID("corp.okta.example", "r", []string{"ada@example.com", "idx1"}, "e"), "2b01f49381b8a4a695beb96e385464fa"},
		{EpisodeID("", "règle", []string{""}, "e"), "8566059c5030c195f76cd613efad12ab"},
	} {
		if c.got != c.want {
			t.Errorf("id %s, want %s", c.got, c.want)
		}
	}
}

// Different inputs give different ids, also when their concatenations agree.
func TestIDsDoNotCollide(t *testing.T) {
	type input struct {
		org, rule, event string
		group            []string
		stateful         bool
	}
	id := func(in input) string {
		if in.stateful {
			return EpisodeID(in.org, in.rule, in.group, in.event)
		}
		return StatelessID(in.org, in.rule, in.event)
	}
	text := rapid.StringOfN(rapid.SampledFrom([]rune("ab\x00")), 0, 3, -1)
	gen := rapid.Custom(func(t *rapid.T) input {
		in := input{org: text.Draw(t, "org"), rule: text.Draw(t, "rule"), event: text.Draw(t, "event")}
		if in.stateful = rapid.Bool().Draw(t, "stateful"); in.stateful {
			in.group = rapid.SliceOfN(text, 0, 3).Draw(t, "group")
		}
		return in
	})
	key := func(in input) [5]any {
		k := [5]any{in.org, in.rule, in.event, in.stateful, ""}
		for _, g := range in.group {
			k[4] = k[4].(string) + string(rune('0'+len(g))) + g
		}
		return k
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := gen.Draw(t, "a"), gen.Draw(t, "b")
		if same := key(a) == key(b); same != (id(a) == id(b)) {
			t.Fatalf("same input: %v, ids %s and %s", same, id(a), id(b))
		}
	})
}
