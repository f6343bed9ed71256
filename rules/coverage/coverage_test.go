package coverage

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"oktastream/integration/golden"
	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang"
	"oktastream/rules/match"
	"oktastream/rules/pack"
)

// set loads rules from texts: name → query in Okta's language, or a whole document.
func set(t testing.TB, texts map[string]string) *rules.Set {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range texts {
		if !strings.Contains(text, "\n") {
			text = "title: " + name + "\nlevel: low\nlanguage: okta\nquery: '" + text + "'\n"
		}
		fsys[name+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	res := lang.LoadFS(fsys, ".")
	s, diags := rules.NewSet(res.Rules)
	if len(res.Rules) < len(texts) || len(diags) > 0 {
		t.Fatal(res.Diagnostics, diags)
	}
	return s
}

func TestReach(t *testing.T) {
	tests := []struct {
		name, query string
		any         bool
		types       string
		named       string
		except      string
	}{
		{"one", `eventType eq "user.session.start"`, false, "user.session.start", "user.session.start", ""},
		{"the catalogue's spelling", `eventType eq "USER.session.START"`, false, "user.session.start", "user.session.start", ""},
		{"a type that the catalogue lacks", `eventType eq "no.such.type"`, false, "no.such.type", "no.such.type", ""},
		{"either", `eventType eq "user.session.start" or eventType eq "user.session.end"`, false, "user.session.end user.session.start", "user.session.end user.session.start", ""},
		{"and more", `eventType eq "user.session.start" and actor.id eq "x"`, false, "user.session.start", "user.session.start", ""},
		{"prefix", `eventType sw "system.log_stream.lifecycle"`, false, "system.log_stream.lifecycle.activate system.log_stream.lifecycle.create system.log_stream.lifecycle.deactivate system.log_stream.lifecycle.delete system.log_stream.lifecycle.update", "", ""},
		{"prefix without one", `eventType sw "user.session.s" and not eventType eq "user.session.start"`, false, "", "", ""},
		{"contradiction", `eventType eq "user.session.start" and eventType eq "user.session.end"`, false, "", "user.session.end user.session.start", ""},
		{"another field", `displayMessage co "x"`, true, "", "", ""},
		{"a type or another field", `eventType eq "user.session.start" or displayMessage co "x"`, true, "", "user.session.start", ""},
		{"all but one", `not eventType eq "user.session.start"`, true, "", "", "user.session.start"},
		{"ECS's name", `event.action eq "user.session.start"`, false, "user.session.start", "user.session.start", ""},
		{"another field, but for two types", `displayMessage co "x" and not (eventType eq "user.session.start" or eventType eq "no.such.type")`, true, "", "", "user.session.start"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := Of(set(t, map[string]string{"r": tt.query}))[0]
			if r.Any != tt.any || strings.Join(r.Types, " ") != tt.types || strings.Join(r.Named, " ") != tt.named || strings.Join(r.Except, " ") != tt.except {
				t.Errorf("%+v", r)
			}
		})
	}
}

func TestReachOfCorrelations(t *testing.T) {
	s := set(t, map[string]string{"steps": `title: first
name: first
level: low
detection: {a: {eventType: user.session.start}, condition: a}
---
title: second
name: second
level: low
detection: {a: {eventType: user.session.end}, condition: a}
---
title: both
level: low
correlation: {type: temporal, rules: [first, second], group-by: [actor.id], timespan: 5m}
`})
	reach := Of(s)
	if len(reach) != 1 || reach[0].Any || !slices.Equal(reach[0].Types, []string{"user.session.end", "user.session.start"}) {
		t.Errorf("%+v", reach)
	}
	// The same set, but the correlation observes the alerts of another rule.
	rs := slices.Clone(s.Rules())
	above := rs[0]
	st := *above.Stateful
	above.Name, above.ID = "above", "0c1f5f3e-5c4c-4a57-8a3c-2d1d2f1a0b0c"
	st.Inputs = slices.Clone(st.Inputs)[:1]
	st.Inputs[0].From = "steps"
	st.Inputs[0].Where = match.Const(true)
	st.Window.Kind, st.Window.Threshold = 1, 2
	above.Stateful = &st
	chain, diags := rules.NewSet(append(rs, above))
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	for i, r := range Of(chain) {
		if len(r.Types) != 2 || r.Any {
			t.Errorf("%s: %+v", chain.Rules()[i].Name, r)
		}
	}
}

// TestReachIsWide draws conditions and events: an event that meets the condition is of a type that the condition reaches.
func TestReachIsWide(t *testing.T) {
	types := []string{"user.session.start", "user.session.end", "system.api_token.create", "made.up", "USER.SESSION.START"}
	none, _ := rules.NewSet(nil)
	s := newSurvey(none, types)
	rapid.Check(t, func(t *rapid.T) {
		var draw func(depth int) match.Expr
		draw = func(depth int) match.Expr {
			switch k := rapid.IntRange(0, 6).Draw(t, "kind"); {
			case depth > 0 && k == 0:
				return match.And{draw(depth - 1), draw(depth - 1)}
			case depth > 0 && k == 1:
				return match.Or{draw(depth - 1), draw(depth - 1)}
			case depth > 0 && k == 2:
				return match.Not{X: draw(depth - 1)}
			case k == 3:
				return &match.Pred{Path: event.MustPath("actor.id"), Op: match.Equal, Literals: []string{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "actor")}}
			case k == 4:
				return &match.Pred{Path: event.MustPath("eventType"), Op: match.Prefix, Fold: true, Literals: []string{rapid.SampledFrom([]string{"user.", "system", "made"}).Draw(t, "prefix")}}
			default:
				return &match.Pred{Path: event.MustPath("eventType"), Op: match.Equal, Fold: true, Literals: []string{rapid.SampledFrom(types).Draw(t, "type")}}
			}
		}
		x := draw(3)
		reach := s.condition(x)
		y := draw(2)
		sum, either := reach, s.condition(match.Or{x, y})
		sum.add(s.condition(y))
		for _, typ := range append(slices.Clone(types), "never.heard.of") {
			if sum.Has(typ) != either.Has(typ) {
				t.Fatalf("%s: %s and %s apart reach %+v, together %+v", typ, match.String(x), match.String(y), sum, either)
			}
		}
		for _, typ := range types {
			for _, actor := range []string{"a", "b"} {
				text, _ := json.Marshal(map[string]any{"eventType": typ, "actor": map[string]string{"id": actor}})
				ev, err := event.NewDecoder(event.NewFields()).Decode(text, event.Meta{})
				if err != nil {
					t.Fatal(err)
				}
				if match.Eval(x, ev) && !reach.Has(typ) {
					t.Fatalf("%s holds for %s, but %+v", match.String(x), text, reach)
				}
			}
		}
	})
}

func sample(t *testing.T) *rules.Set {
	return set(t, map[string]string{
		"start":   `eventType eq "user.session.start"`,
		"streams": `eventType sw "system.log_stream.lifecycle"`,
		"message": `displayMessage co "x" or eventType eq "user.session.end"`,
		"tokens":  "title: t\nlevel: low\ntags: [attack.persistence, attack.t1098, attack.t1098.001]\nlanguage: okta\nquery: eventType eq \"system.api_token.create\"\n",
		"idp":     "title: t\nlevel: low\ntags: [attack.t1098.001]\nlanguage: okta\nquery: eventType eq \"system.idp.lifecycle.create\"\n",
		"gone":    `eventType eq "no.such.type"`,
		"new":     `eventType sw "brand.new."`,
	})
}

func TestReport(t *testing.T) {
	s := sample(t)
	rep := New(s, map[string]int{"user.session.start": 5, "User.Session.Start": 1, "policy.evaluate_sign_on": 9, "user.session.end": 2, "system.log_stream.lifecycle.update": 1, "odd.type": 1, "brand.new.type": 1})
	var b bytes.Buffer
	if err := rep.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "report.txt", b.Bytes())
	text, err := json.MarshalIndent(rep, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "report.json", append(text, '\n'))
	if want := []string{"policy.evaluate_sign_on", "odd.type"}; !slices.Equal(rep.Unread, want) {
		t.Errorf("unread %v, want %v", rep.Unread, want)
	}
	if want := []string{"gone", "idp", "tokens"}; !slices.Equal(rep.Silent, want) {
		t.Errorf("silent %v, want %v", rep.Silent, want)
	}

	rep = New(s, nil)
	if rep.Arrivals || len(rep.Unread)+len(rep.Absent)+len(rep.Silent) > 0 {
		t.Errorf("without events: %+v", rep)
	}
	b.Reset()
	if err := rep.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "report_without_events.txt", b.Bytes())
	// That nothing arrived is something else than not knowing.
	if rep = New(s, map[string]int{}); !rep.Arrivals || len(rep.Silent) != 6 {
		t.Errorf("with no events: %+v", rep)
	}
}

func TestNavigator(t *testing.T) {
	text, err := json.MarshalIndent(Navigator(sample(t), "sample"), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Equal(t, "layer.json", append(text, '\n'))
	empty := Navigator(set(t, map[string]string{"start": `eventType eq "user.session.start"`}), "empty")
	if empty.Techniques == nil || empty.Gradient.MaxValue <= empty.Gradient.MinValue {
		t.Errorf("%+v", empty)
	}
}

// TestPack finds the shipped rules on the catalogue: each reads something, and names nothing that the catalogue lacks.
func TestPack(t *testing.T) {
	s, diags := rules.NewSet(lang.LoadFS(pack.FS, ".").Rules)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	for i, r := range Of(s) {
		if !r.Any && len(r.Types) == 0 {
			t.Errorf("%s reads nothing", s.Rules()[i].Name)
		}
		for _, name := range r.Types {
			if _, ok := event.LookupType(name); !ok {
				t.Errorf("%s reads %s", s.Rules()[i].Name, name)
			}
		}
	}
}

func TestNothingHolds(t *testing.T) {
	if hold, fail := possible(nil, nil); hold || !fail {
		t.Error("nil holds")
	}
}
