package alert

import (
	"time"

	"pgregory.net/rapid"
)

// full has a value in every field.
func full() *Alert {
	at := time.Date(2026, 8, 14, 9, 26, 53, 124e6, time.UTC)
	created := at.Add(2 * time.Second)
	lat, lon, proxy, managed := 43.66, -79.34, true, false
	return &Alert{
		Schema: Schema, ID: EpisodeID("corp.okta.example", "r", []string{"ada@example.com"}, "e1"), Revision: 2, Status: Update,
		Kind: "detection", Created: &created, Time: at, Org: "corp.okta.example",
		Rule: Rule{
			ID: "9c5b1d3a-51b5-4f1c-8bb2-6f3f0c1b7a11", Name: "okta_session_device_tokens", Title: "Several devices in one session",
			Kind: "distinct", Language: "sigma", Author: "someone", License: "Apache-2.0", Version: "1",
			References: []string{"https://example.com/a?b=<c>&d"}, FalsePositives: []string{"none"},
		},
		Severity: Medium, RiskScore: 47, Title: "Several devices in one session: ada@example.com", Reason: "4 values of dtHash",
		Description: "d", Triage: "t",
		Attack: &Attack{Version: "19.0", Tactics: []Technique{{"TA0006", "Credential Access"}}, Techniques: []Technique{{"T1539", ""}}},
		Tags:   []string{"okta"},
		Group:  Group{{"actor.alternateId", "ada@example.com"}, {"authenticationContext.externalSessionId", "idx1"}},
		Count:  7, FirstSeen: at.Add(-time.Minute), LastSeen: at,
		Distinct: []Distinct{{Field: "dtHash", Count: 4, Threshold: 4, Values: []string{"a", "b", "c"}, Truncated: true}},
		Window:   &Window{Kind: "sliding", LengthSeconds: 540},
		Late:     true,
		Episode:  &Episode{Start: at, End: at},
		Progress: []Step{{Name: "reset", Seen: true, Time: &at, EventID: "e0"}, {Name: "proxy"}},
		Actor:    &Entity{ID: "00u1", Type: "User", AlternateID: "ada@example.com", DisplayName: "Ada Example"},
		Targets:  []Entity{{ID: "0oa1", Type: "AppInstance", AlternateID: "Admin", DisplayName: "Okta Admin Console"}},
		Session:  &Session{External: "idx1", Root: "idx0", Transaction: "t1", DTHash: "a"},
		Source: &Source{
			IP: "203.0.113.7", Chain: []string{"203.0.113.7", "198.51.100.2"}, City: "Toronto", State: "Ontario", Country: "Canada",
			Lat: &lat, Lon: &lon, ASN: 64500, ASOrg: "example", ISP: "isp", Domain: "example.net", IsProxy: &proxy,
		},
		Client:  &Client{UserAgent: "Mozilla/5.0 <x>", OS: "Linux", Browser: "FIREFOX", Device: "Computer", Zone: "office"},
		Device:  &Device{ID: "guo1", Name: "laptop", OS: "OSX", Managed: &managed},
		Outcome: &Outcome{Result: "SUCCESS", Reason: "r"},
		Okta: &Okta{
			EventType: "user.session.access_admin_app", DisplayMessage: "m", ThreatSuspected: "false", Risk: "{level=LOW}",
			Behaviors: "{New IP=POSITIVE}", RequestURI: "/admin", LogOnlySecurity: "{}",
		},
		Details: map[string]any{"b": []any{"x"}, "a": 1.0},
		Evidence: Evidence{
			Events: []EvidenceEvent{{
				ID: "e1", Published: at, Type: "user.session.access_admin_app", Step: "s", IP: "203.0.113.7", Result: "SUCCESS",
				Values: []Field{{"dtHash", "a"}}, Topic: "okta.system-log", Partition: 1, Offset: 2, Index: 3, Raw: RawJSON(`{"uuid":"e1"}`),
			}},
			EventIDs: []string{"e0", "e1"}, Total: 7, Truncated: true,
		},
		Notes:  []string{"n"},
		Engine: Engine{Version: "0.1.0", RuleSet: "abc"},
	}
}

// alerts draws alerts as the engine builds them, with texts that an attacker might choose.
func alerts(maxText int) *rapid.Generator[*Alert] {
	text := rapid.OneOf(
		rapid.StringOfN(rapid.RuneFrom([]rune("aé\x00\"\\<\u2028")), 0, maxText, -1),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, maxText), func(b []byte) string { return string(b) }), // not always UTF-8
	)
	list := rapid.SliceOfN(text, 0, 40)
	raw := rapid.OneOf(
		rapid.Just(RawJSON(nil)),
		rapid.Just(RawJSON(`{"a": [1, null]}`)),
		rapid.Map(text, func(s string) RawJSON { return appendString(nil, s) }),
		rapid.Map(text, func(s string) RawJSON { return RawJSON(s) }), // not always JSON
	)
	return rapid.Custom(func(t *rapid.T) *Alert {
		a := full()
		s := func(name string) string { return text.Draw(t, name) }
		a.Org, a.Title, a.Reason, a.Description = s("org"), s("title"), s("reason"), s("description")
		a.Actor.AlternateID, a.Client.UserAgent, a.Okta.RequestURI = s("actor"), s("agent"), s("uri")
		a.Source.Chain = list.Draw(t, "chain")
		a.Tags = list.Draw(t, "tags")
		a.Targets = nil
		for _, name := range list.Draw(t, "targets") {
			a.Targets = append(a.Targets, Entity{Type: "User", DisplayName: name})
		}
		a.Group = nil
		for _, v := range list.Draw(t, "group") {
			a.Group = append(a.Group, Field{v, v})
		}
		a.Distinct = nil
		for range rapid.IntRange(0, 3).Draw(t, "columns") {
			v := rapid.SliceOfN(text, 0, MaxValues).Draw(t, "values")
			a.Distinct = append(a.Distinct, Distinct{Field: s("field"), Count: len(v), Values: append([]string{}, v...)})
		}
		a.Details = map[string]any{s("detail"): s("value")}
		a.Evidence = Evidence{EventIDs: rapid.SliceOfN(text, 0, MaxIDs).Draw(t, "ids")}
		for range rapid.IntRange(0, EvidenceFirst+EvidenceLast).Draw(t, "events") {
			a.Evidence.Events = append(a.Evidence.Events, EvidenceEvent{ID: s("id"), Values: []Field{{"f", s("v")}}, Raw: raw.Draw(t, "raw")})
		}
		return a
	})
}
