package encoding

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"oktastream/integration/golden"
	"oktastream/rules/alert"
	"oktastream/rules/event"
)

var (
	at  = time.Date(2023, 8, 8, 9, 26, 53, 124e6, time.UTC)
	now = time.Date(2023, 8, 8, 9, 26, 54, 0, time.UTC)
)

// samples are one alert of each shape.
func samples() map[string]*alert.Alert {
	lat, lon, proxy, managed := 43.66, -79.34, true, false
	rule := alert.Rule{
		ID: "9c5b1d3a-51b5-4f1c-8bb2-6f3f0c1b7a11", Name: "okta_api_token_created", Title: "API token created",
		Kind: "single", Language: "okta", Author: "oktastream", License: "Apache-2.0", Version: "2026-11-22",
		References: []string{"https://example.com/a?b=c&d", "https://example.com/b"}, FalsePositives: []string{"Automation"},
	}
	single := &alert.Alert{
		Schema: alert.Schema, ID: alert.StatelessID("corp.okta.example", rule.ID, "e1"), Revision: 1, Status: alert.Create,
		Kind: "detection", Time: at, Org: "corp.okta.example", Rule: rule,
		Severity: alert.Medium, RiskScore: 47, Title: "API token created: ada@corp.example", Reason: "system.api_token.create by ada@corp.example",
		Description: "Somebody <created> a token.", Triage: "Ask.",
		Attack: &alert.Attack{
			Version:    "19.0",
			Tactics:    []alert.Technique{{ID: "TA0003", Name: "Persistence"}},
			Techniques: []alert.Technique{{ID: "T1098.001", Name: "Additional Cloud Credentials"}, {ID: "T1136", Name: "Create Account"}, {ID: "T1098.005"}},
		},
		Tags: []string{"okta"}, Count: 1, FirstSeen: at, LastSeen: at,
		Actor: &alert.Entity{ID: "00u1", Type: "User", AlternateID: "ada@corp.example", DisplayName: "Ada Example"},
		Targets: []alert.Entity{
			{ID: "00T1", Type: "Token", DisplayName: "sync"},
			{ID: "00u2", Type: "User", AlternateID: "bob@corp.example", DisplayName: "Bob Example"},
		},
		Session: &alert.Session{External: "idx1", Root: "idx0", Transaction: "t1", DTHash: "abc"},
		Source: &alert.Source{
			IP: "203.0.113.7", Chain: []string{"203.0.113.7", "198.51.100.2", "not an address"}, City: "Toronto", State: "Ontario", Country: "Canada",
			Lat: &lat, Lon: &lon, ASN: 64500, ASOrg: "example", ISP: "isp", Domain: "example.net", IsProxy: &proxy,
		},
		Client:   &alert.Client{UserAgent: "Mozilla/5.0", OS: "Linux", Browser: "FIREFOX", Device: "Computer", Zone: "office"},
		Device:   &alert.Device{ID: "guo1", Name: "laptop", OS: "OSX", Managed: &managed},
		Outcome:  &alert.Outcome{Result: "SUCCESS"},
		Okta:     &alert.Okta{EventType: "system.api_token.create", DisplayMessage: "Create API token", Risk: "{level=LOW}", Behaviors: "{New IP=POSITIVE}", RequestURI: "/api/internal/tokens", ThreatSuspected: "false", LogOnlySecurity: "{}"},
		Details:  map[string]any{"b": []string{"x"}, "a": "y"},
		Evidence: alert.Evidence{Events: []alert.EvidenceEvent{{ID: "e1", Published: at, Type: "system.api_token.create", IP: "203.0.113.7", Result: "SUCCESS", Topic: "okta.system-log", Partition: 1, Offset: 2, Raw: alert.RawJSON(`{"uuid": "e1"}`)}}, EventIDs: []string{"e1"}, Total: 1},
		Engine:   alert.Engine{Version: "0.1.0", RuleSet: "abc"},
	}

	episode := *single
	first := at.Add(-5 * time.Minute)
	episode.Rule = alert.Rule{ID: "a041c2b1-57a9-4c7a-8fd5-a3228069f3ef", Name: "okta_session_device_tokens", Title: "Several devices in one session", Kind: "distinct", Language: "sigma"}
	episode.ID = alert.EpisodeID("corp.okta.example", episode.Rule.ID, []string{"ada@corp.example", "idx1"}, "e4")
	episode.Revision, episode.Status = 3, alert.Update
	episode.Severity, episode.RiskScore = alert.High, 73
	episode.Title, episode.Reason = "Several devices in one session: ada@corp.example", "4 values of dtHash from 2 addresses"
	episode.Group = alert.Group{{Name: "actor.alternateId", Value: "ada@corp.example"}, {Name: "authenticationContext.externalSessionId", Value: "idx1"}}
	episode.Count, episode.FirstSeen = 4, first
	episode.Distinct = []alert.Distinct{
		{Field: "debugContext.debugData.dtHash", Count: 4, Threshold: 4, Values: []string{"a", "b", "c", "d"}},
		{Field: "client.ipAddress", Count: 2, Threshold: 2, Values: []string{"203.0.113.7", "2001:db8::1"}},
	}
	episode.Window = &alert.Window{Kind: "sliding", LengthSeconds: 540}
	episode.Episode = &alert.Episode{Start: at, End: at}
	episode.Progress = []alert.Step{{Name: "reset", Seen: true, Time: &first, EventID: "e1"}, {Name: "proxy"}}
	episode.Evidence = alert.Evidence{
		Events: []alert.EvidenceEvent{
			{ID: "e1", Published: first, Type: "user.session.access_admin_app", Values: []alert.Field{{Name: "dtHash", Value: "a"}}, Raw: alert.RawJSON(`{"uuid":"e1"}`)},
			{ID: "e4", Published: at, Type: "user.session.access_admin_app", IP: "2001:db8::1", Raw: alert.RawJSON(`{"uuid":"e4"}`)},
		},
		EventIDs: []string{"e1", "e2", "e3", "e4"}, Total: 4, Truncated: true,
	}
	episode.Late = true
	episode.Notes = []string{"The time of one event was clamped."}

	// Nothing but what every alert has, and values that Elasticsearch would refuse.
	odd := 420.0
	minimal := &alert.Alert{
		Schema: alert.Schema, ID: alert.StatelessID("", "r", "e"), Revision: 1, Status: alert.Create, Kind: "signal",
		Time: at, Rule: alert.Rule{ID: "r", Name: "r", Title: "R", Kind: "single", Language: "okta"},
		Severity: alert.Informational, Title: "R", Reason: "r", Count: 1, FirstSeen: at, LastSeen: at,
		Source: &alert.Source{IP: "555.333.22.33", Lat: &odd, Lon: &odd},
	}
	return map[string]*alert.Alert{"single": single, "episode": &episode, "minimal": minimal}
}

func TestGolden(t *testing.T) {
	for name, a := range samples() {
		for _, format := range Formats() {
			enc, err := New(Options{Format: format, Group: "soc team"})
			if err != nil {
				t.Fatal(err)
			}
			when := now
			if name == "minimal" {
				when = time.Time{}
			}
			r, err := enc.Record(a, when)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			got.WriteString("key: " + string(r.Key) + "\n")
			for _, h := range r.Headers {
				got.WriteString(h.Key + ": " + string(h.Value) + "\n")
			}
			if err := json.Indent(&got, r.Value, "", "  "); err != nil {
				t.Fatal(err)
			}
			got.WriteByte('\n')
			path := name + "." + format
			golden.Equal(t, name+"."+format+".golden", got.Bytes())
			if a.Created != nil {
				t.Errorf("%s: the alert itself was stamped", path)
			}
			again, err := enc.Record(a, when)
			if err != nil || !bytes.Equal(again.Value, r.Value) || bytes.ContainsRune(r.Value, '\n') {
				t.Errorf("%s: not one line, the same twice: %v", path, err)
			}
			if value, err := Encode(a, format); err != nil || when.IsZero() != bytes.Equal(value, r.Value) {
				t.Errorf("%s: Encode: %v, stamped only by Record", path, err)
			}
		}
	}
}

// What Elastic Security's promotion of external alerts rests on.
func TestECSPromotion(t *testing.T) {
	want := map[alert.Severity]float64{alert.Informational: 21, alert.Low: 21, alert.Medium: 47, alert.High: 73, alert.Critical: 99}
	for severity, number := range want {
		a := samples()["single"]
		a.Severity = severity
		text, err := Encode(a, "ecs")
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			Message string
			Kibana  any
			Event   struct {
				Kind     string
				Severity float64
			}
		}
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		if d.Event.Kind != "alert" || d.Event.Severity != number || d.Message != a.Title || d.Kibana != nil {
			t.Errorf("%s: %+v", severity, d)
		}
	}
}

func TestECSOutcome(t *testing.T) {
	for result, want := range map[string]string{"SUCCESS": "success", "ALLOW": "success", "FAILURE": "failure", "DENY": "failure", "CHALLENGE": "unknown", "": "unknown"} {
		if got := outcome(&alert.Outcome{Result: result}); got != want {
			t.Errorf("%q: %s, want %s", result, got, want)
		}
	}
}

// TestECSClassification: for every type of the catalogue, and one that is newer, the alert bears what a rule sees of the
// event, and that it is an alert.
func TestECSClassification(t *testing.T) {
	d := event.NewDecoder(event.NewFields())
	names := []string{"user.session.start.by_something_new", "newer.thing.delete", ""}
	for _, info := range event.Types() {
		names = append(names, info.Name)
	}
	for _, name := range names {
		ev, err := d.Decode([]byte(`{"eventType":"`+name+`"}`), event.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		value, err := Encode(&alert.Alert{Okta: &alert.Okta{EventType: name}}, "ecs")
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Event struct{ Category, Type []string }
		}
		if err := json.Unmarshal(value, &doc); err != nil {
			t.Fatal(err)
		}
		want := append(values(ev, "event.category"), "intrusion_detection")
		if !slices.Equal(doc.Event.Category, want) {
			t.Errorf("%q: the alert is %q, the rule sees %q", name, doc.Event.Category, want)
		}
		if want = values(ev, "event.type"); len(want) == 0 {
			want = []string{"info"}
		}
		if !slices.Equal(doc.Event.Type, want) {
			t.Errorf("%q: the alert is of types %q, the rule sees %q", name, doc.Event.Type, want)
		}
	}
}

func values(ev *event.Event, path string) []string {
	var out []string
	for _, v := range ev.Lookup(event.MustPath(path)) {
		out = append(out, v.Text)
	}
	return out
}

func TestUnknownFormat(t *testing.T) {
	if _, err := New(Options{Format: "xml"}); err == nil || !strings.Contains(err.Error(), "native, ecs") {
		t.Errorf("error %v does not list the formats", err)
	}
	if _, err := Encode(samples()["single"], ""); err == nil {
		t.Error("Encode without a format: no error")
	}
	enc, err := New(Options{})
	if err != nil || enc.format.name != Default {
		t.Errorf("default: %v", err)
	}
}

func TestHeadersAreSafe(t *testing.T) {
	a := samples()["single"]
	a.Actor.AlternateID = "a\r\nb\xff\x1b[31m" + strings.Repeat("é", 300)
	a.Org = "corp/x y"
	enc, err := New(Options{Group: "g/h"})
	if err != nil {
		t.Fatal(err)
	}
	r, err := enc.Record(a, now)
	if err != nil {
		t.Fatal(err)
	}
	h := map[string]string{}
	for _, x := range r.Headers {
		h[x.Key] = string(x.Value)
	}
	if s := h["ce_subject"]; len(s) > maxHeader || strings.ContainsAny(s, "\r\n\x1b") || !utf8.ValidString(s) || !strings.HasPrefix(s, "a\uFFFD\uFFFDb\uFFFD\uFFFD[31mé") {
		t.Errorf("subject %q", s)
	}
	if h["ce_source"] != "/oktastream/g%2Fh/corp%2Fx%20y" {
		t.Errorf("source %q", h["ce_source"])
	}
}

func TestText(t *testing.T) {
	s := samples()
	for _, c := range []struct{ got, want string }{
		{Text(s["single"], false), "09:26:53 MED  okta_api_token_created                   ada@corp.example  system.api_token.create by ada@corp.example  203.0.113.7"},
		{Text(s["episode"], true), "09:26:53 \x1b[31mHIGH\x1b[0m okta_session_device_tokens               ada@corp.example  4 values of dtHash from 2 addresses  203.0.113.7  (late)  (update 3)"},
		{Text(s["minimal"], false), "09:26:53 INFO r                                        555.333.22.33  r"},
	} {
		if c.got != c.want {
			t.Errorf("\n got %q\nwant %q", c.got, c.want)
		}
	}
	hash := strings.Repeat("0a", 32)
	long := s["single"]
	long.Reason = "2 values: " + hash + ", " + hash
	if got := Text(long, false); !strings.Contains(got, "2 values: 0a0a0a0a…, 0a0a0a0a…  203") {
		t.Errorf("%q does not shorten hashes", got)
	}
	evil := s["single"]
	evil.Actor.AlternateID = "a\x1b]0;x\a\nb\u202e\u2028\xff"
	if got := Text(evil, false); strings.ContainsAny(got, "\x1b\a\n\u202e\u2028") || !utf8.ValidString(got) {
		t.Errorf("%q can write to the terminal", got)
	}
}
