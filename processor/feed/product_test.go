package feed

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"oktastream/processor/envelope"
	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/lang"
	"oktastream/rules/pack"
)

// The feed writes only event types that Okta has; a detection of a type that it invented would prove nothing.
func TestEventTypesExist(t *testing.T) {
	t.Parallel()
	for typ := range kinds {
		if _, ok := event.LookupType(typ); !ok {
			t.Errorf("%s is not in the catalogue; did you mean %s?", typ, event.SuggestType(typ))
		}
	}
	used := map[string]bool{}
	for _, it := range day() {
		var e struct{ EventType string }
		if err := json.Unmarshal(it.JSON, &e); err != nil {
			t.Fatal(err)
		}
		used[e.EventType] = true
	}
	for typ := range kinds {
		if !used[typ] {
			t.Errorf("no event of type %s", typ)
		}
	}
}

// What an alert tells of an event does not depend on the envelope that it came in.
func TestEnvelopesAreRecognised(t *testing.T) {
	t.Parallel()
	view := func(raw []byte) (alert.Alert, string, int64) {
		ev, err := event.NewDecoder(nil).Decode(raw, event.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		var a alert.Alert
		alert.Describe(ev, &a)
		return a, ev.ID(), ev.Time()
	}
	for i, in := range events(t, 200) {
		want, id, at := view(in)
		for _, env := range Envelopes() {
			if i%len(Envelopes()) != 0 && env != Hook && env != Row { // the ones that change the event get all of them
				continue
			}
			text, err := Wrap(env, in)
			if err != nil {
				t.Fatal(err)
			}
			r := envelope.Unwrap(text)
			if len(r.Events) != 1 || len(r.Rejected) != 0 {
				t.Fatalf("%s: %d events, rejected %+v: %s", env, len(r.Events), r.Rejected, text)
			}
			got, gotID, gotAt := view(r.Events[0].JSON)
			if gotID != id || gotAt != at {
				t.Errorf("%s: event %s at %d, want %s at %d", env, gotID, gotAt, id, at)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s of %s: %s", env, in, d)
			}
		}
	}
}

// Every campaign is found by the detection that it is named after, no near miss is found by the detection that it
// misses, and everyday traffic raises no alert at all.
func TestTheShippedRulesFindTheCampaigns(t *testing.T) {
	t.Parallel()
	loaded := lang.LoadFS(pack.FS, ".")
	set, diagnostics := rules.NewSet(loaded.Rules)
	for _, d := range append(loaded.Diagnostics, diagnostics...) {
		if d.Level == rules.Error {
			t.Fatal(d)
		}
	}
	schema := schema(t)
	misses := map[string]string{
		MissThreeHashes: DeviceTokens, MissPlaceholder: DeviceTokens, MissNull: DeviceTokens, MissOneAddress: DeviceTokens,
		MissUnknown: DeviceTokens, MissSignOn: DeviceTokens, MissSlow: DeviceTokens,
		MissWrongOrder: CrossTenant, MissOtherProvider: CrossTenant, MissIndicatorEdge: Indicators,
	}
	for _, o := range []Options{
		{Events: 2000},
		{Seed: 5, Events: 1000, Campaigns: 2, Disorder: 2 * time.Minute, Duplicates: 100},
	} {
		labels := map[string]string{}
		local := engine.NewLocal(set, engine.Options{Org: Org, Version: "test"})
		dec := local.NewDecoder()
		var out engine.Output
		for it := range New(o) {
			ev, err := dec.Decode(it.JSON, event.Meta{})
			if err != nil {
				t.Fatal(err)
			}
			labels[strings.Clone(ev.ID())] = it.Label
			if err := local.Process(ev, &out); err != nil {
				t.Fatal(err)
			}
		}
		if err := local.Close(&out); err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for i := range out.Alerts {
			a := &out.Alerts[i]
			for _, id := range a.Evidence.EventIDs {
				label, ok := labels[id]
				if !ok || label == "" {
					t.Errorf("%+v: %s fired for everyday event %s: %s", o, a.Rule.Name, id, a.Reason)
				}
				if misses[label] == a.Rule.Name {
					t.Errorf("%+v: %s fired for %s: %s", o, a.Rule.Name, label, a.Reason)
				}
				if label == a.Rule.Name {
					found[label] = true
				}
			}
			text, err := alert.Marshal(a)
			if err != nil {
				t.Fatal(err)
			}
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(v); err != nil {
				t.Errorf("%v: %s", err, text)
			}
		}
		for _, c := range campaigns {
			if !strings.HasPrefix(c.label, nearMiss) && !found[c.label] {
				t.Errorf("%+v: %s was not found", o, c.label)
			}
			if strings.HasPrefix(c.label, nearMiss) && misses[c.label] == "" {
				t.Errorf("%s misses nothing that is tested", c.label)
			}
		}
	}
}

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(alert.SchemaJSON))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("alert.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("alert.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}
