package encoding

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"oktastream/rules/alert"
	"oktastream/rules/event"
)

// ecs is the Elastic Common Schema document that Elastic Security's rule for external alerts promotes: event.kind alert,
// event.severity one of 21, 47, 73, 99, the alert's name in message. What ECS has no place for stands under okta, by the
// names of Elastic's Okta integration, and under oktastream.
var ecs = format{name: "ecs", version: ecsVersion, encode: encodeECS}

const ecsVersion = "9.4.0"

func encodeECS(a *alert.Alert) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(toECS(a)); err != nil {
		return nil, fmt.Errorf("alert %s of rule %s as ECS: %w", a.ID, a.Rule.ID, err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func toECS(a *alert.Alert) *ecsDocument {
	d := &ecsDocument{
		Timestamp: a.Time,
		ECS:       ecsVersionObj{ecsVersion},
		Message:   a.Title,
		Tags:      a.Tags,
		Event: ecsEvent{
			Kind:          "alert",
			Category:      categories(a),
			Type:          types(a),
			Action:        a.Rule.Name,
			Outcome:       outcome(a.Outcome),
			ID:            a.ID,
			Module:        "oktastream",
			Dataset:       "oktastream.alerts",
			Provider:      "oktastream",
			Severity:      ecsSeverity(a.Severity),
			RiskScore:     float64(a.RiskScore),
			RiskScoreNorm: float64(a.RiskScore),
			Reason:        a.Reason,
			Start:         a.FirstSeen,
			End:           a.LastSeen,
			Duration:      int64(a.LastSeen.Sub(a.FirstSeen)),
			Created:       a.Created,
			Original:      original(a),
		},
		Rule: ecsRule{
			ID: a.Rule.ID, UUID: a.Rule.ID, Name: a.Rule.Name, Description: a.Rule.Title, Version: a.Rule.Version,
			Ruleset: a.Engine.RuleSet, Category: a.Rule.Kind, License: a.Rule.License,
		},
		Threat:     threat(a.Attack),
		User:       user(a),
		Source:     source(a.Source),
		UserAgent:  userAgent(a.Client),
		Related:    related(a),
		Observer:   ecsObserver{Vendor: "oktastream", Product: "oktastream", Version: a.Engine.Version, Type: "detection-engine"},
		Okta:       okta(a),
		Oktastream: extra(a),
	}
	if a.Rule.Author != "" {
		d.Rule.Author = []string{a.Rule.Author}
	}
	if len(a.Rule.References) > 0 {
		d.Rule.Reference = a.Rule.References[0]
		d.Event.Reference = a.Rule.References[0]
	}
	if a.Device != nil && a.Device.ID != "" {
		d.Device = &ecsDevice{a.Device.ID}
	}
	if a.Org != "" {
		d.Organization = &ecsID{a.Org}
	}
	return d
}

// ecsSeverity has no number below low: Elastic Security knows four levels.
func ecsSeverity(s alert.Severity) int {
	switch s {
	case alert.Critical:
		return 99
	case alert.High:
		return 73
	case alert.Medium:
		return 47
	}
	return 21
}

// classification is that of the event that completed the condition, as rules see it.
func classification(a *alert.Alert) event.Classification {
	if a.Okta == nil {
		return event.Classification{}
	}
	return event.Classify(a.Okta.EventType)
}

// categories adds what an alert is to what its event is.
func categories(a *alert.Alert) []string {
	if c := classification(a).Category(); c != "" {
		return []string{c, "intrusion_detection"}
	}
	return []string{"intrusion_detection"}
}

// types are those of the event; where it has none the alert informs, as ECS has it.
func types(a *alert.Alert) []string {
	if t := classification(a).Types(); len(t) > 0 {
		return t
	}
	return []string{"info"}
}

func outcome(o *alert.Outcome) string {
	if o == nil {
		return event.Outcome("")
	}
	return event.Outcome(o.Result)
}

// original is the text of the last event of the evidence, which in order of time completed the condition.
func original(a *alert.Alert) string {
	if n := len(a.Evidence.Events); n > 0 {
		return string(a.Evidence.Events[n-1].Raw)
	}
	return ""
}

func threat(k *alert.Attack) *ecsThreat {
	if k == nil || len(k.Tactics)+len(k.Techniques) == 0 {
		return nil
	}
	var techniques, subs []alert.Technique
	for _, t := range k.Techniques {
		parent, _, isSub := strings.Cut(t.ID, ".")
		if !isSub {
			techniques = append(techniques, t)
			continue
		}
		subs = append(subs, t)
		same := func(o alert.Technique) bool { return o.ID == parent }
		if !slices.ContainsFunc(k.Techniques, same) && !slices.ContainsFunc(techniques, same) {
			techniques = append(techniques, alert.Technique{ID: parent})
		}
	}
	t := &ecsThreat{Framework: "MITRE ATT&CK", Tactic: threatRef(k.Tactics)}
	if ref := threatRef(techniques); ref != nil {
		t.Technique = &ecsTechnique{*ref, threatRef(subs)}
	}
	return t
}

func threatRef(ts []alert.Technique) *ecsThreatRef {
	if len(ts) == 0 {
		return nil
	}
	r := &ecsThreatRef{}
	for _, t := range ts {
		r.ID = append(r.ID, t.ID)
		if t.Name != "" {
			r.Name = append(r.Name, t.Name)
		}
	}
	if len(r.Name) != len(r.ID) {
		r.Name = nil
	}
	return r
}

func user(a *alert.Alert) *ecsUser {
	var u ecsUser
	if a.Actor != nil {
		u = userOf(*a.Actor)
	}
	for _, t := range a.Targets {
		if t.Type == "User" {
			target := userOf(t)
			u.Target = &target
			break
		}
	}
	if u == (ecsUser{}) {
		return nil
	}
	return &u
}

func userOf(e alert.Entity) ecsUser {
	u := ecsUser{ID: e.ID, Name: e.AlternateID, FullName: e.DisplayName}
	if strings.Contains(e.AlternateID, "@") {
		u.Email = e.AlternateID
	}
	return u
}

// source leaves out what Elasticsearch would refuse in a typed field; the address stands as it was written in address.
func source(s *alert.Source) *ecsSource {
	if s == nil {
		return nil
	}
	d := &ecsSource{Address: s.IP, IP: address(s.IP), Domain: s.Domain}
	if s.ASN != 0 || s.ASOrg != "" {
		d.AS = &ecsAS{Number: s.ASN}
		if s.ASOrg != "" {
			d.AS.Organization = &ecsName{s.ASOrg}
		}
	}
	g := ecsGeo{City: s.City, Region: s.State, Country: s.Country}
	if s.Lat != nil && s.Lon != nil && math.Abs(*s.Lat) <= 90 && math.Abs(*s.Lon) <= 180 {
		g.Location = &ecsGeoPoint{*s.Lat, *s.Lon}
	}
	if g != (ecsGeo{}) {
		d.Geo = &g
	}
	if *d == (ecsSource{}) {
		return nil
	}
	return d
}

// address is s if it is an IP address without a zone, else empty.
func address(s string) string {
	if a, err := netip.ParseAddr(s); err != nil || a.Zone() != "" {
		return ""
	}
	return s
}

func userAgent(c *alert.Client) *ecsUserAgent {
	if c == nil || c.UserAgent+c.Browser+c.OS+c.Device == "" {
		return nil
	}
	u := &ecsUserAgent{Original: c.UserAgent, Name: c.Browser}
	if c.OS != "" {
		u.OS = &ecsName{c.OS}
	}
	if c.Device != "" {
		u.Device = &ecsName{c.Device}
	}
	return u
}

// related gathers the addresses and users of the alert and its evidence, each once, in order of appearance.
func related(a *alert.Alert) ecsRelated {
	var r ecsRelated
	add := func(list *[]string, s string) {
		if s != "" && !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	if a.Source != nil {
		add(&r.IP, address(a.Source.IP))
		for _, ip := range a.Source.Chain {
			add(&r.IP, address(ip))
		}
	}
	for _, e := range a.Evidence.Events {
		add(&r.IP, address(e.IP))
	}
	for _, d := range a.Distinct {
		for _, v := range d.Values {
			add(&r.IP, address(v))
		}
	}
	if a.Actor != nil {
		add(&r.User, a.Actor.AlternateID)
		add(&r.User, a.Actor.DisplayName)
	}
	for _, t := range a.Targets {
		if t.Type == "User" {
			add(&r.User, t.AlternateID)
			add(&r.User, t.DisplayName)
		}
	}
	for _, g := range a.Group {
		add(&r.IP, address(g.Value))
		if strings.Contains(g.Value, "@") {
			add(&r.User, g.Value)
		}
	}
	return r
}
