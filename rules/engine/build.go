package engine

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
)

// builder turns findings into alerts. What it returns owns its memory.
type builder struct {
	set     *rules.Set
	opts    Options
	details *event.Decoder // for what an alert tells of its event, most of which no rule reads
}

func newBuilder(set *rules.Set, opts Options) builder {
	return builder{set, opts, event.NewDecoder(alert.DescribeFields())}
}

var (
	pathIP     = event.MustPath("client.ipAddress")
	pathResult = event.MustPath("outcome.result")
)

// first is the first value at p, "" if there is none.
func first(ev *event.Event, p event.Path) string { return text(ev.Lookup(p)) }

// text is the first of the values, "" if there is none.
func text(vs []event.Value) string {
	if len(vs) > 0 {
		return vs[0].Text
	}
	return ""
}

// base fills what every alert of a rule says, and what the event tells. A nil event tells nothing.
func (b *builder) base(rule int, ev *event.Event) alert.Alert {
	r := &b.set.Rules()[rule]
	a := alert.Alert{
		Schema: alert.Schema, Revision: 1, Status: alert.Create, Kind: r.Meta.Kind, Org: b.opts.Org,
		Rule: alert.Rule{ID: r.ID, Name: r.Name, Title: r.Title, Kind: r.Kind(), Language: r.Language, Author: r.Meta.Author,
			License: r.Meta.License, Version: r.Meta.Version, References: r.Meta.References, FalsePositives: r.Meta.FalsePositives},
		Severity: r.Meta.Severity, RiskScore: r.Meta.Risk, Description: r.Meta.Description, Triage: r.Meta.Triage,
		Attack: r.Meta.Attack, Tags: r.Meta.Tags,
		Engine: alert.Engine{Version: b.opts.Version, RuleSet: b.set.Fingerprint()},
	}
	if a.Kind == "" {
		a.Kind = "detection"
	}
	if ev == nil {
		return a
	}
	details, err := b.details.Decode(ev.Raw(), event.Meta{ID: ev.ID(), Time: ev.Time()})
	if err != nil { // not after it was decoded for the rules
		details = ev
	}
	alert.Describe(details, &a)
	a.Time = instant(ev.Time())
	b.context(r, ev, &a)
	b.override(r, ev, &a)
	b.indicators(r, ev, &a)
	a.Notes = append(a.Notes, ev.Flags().Notes()...)
	return a
}

// single is the alert about one event.
func (b *builder) single(rule int, ev *event.Event) alert.Alert {
	a := b.base(rule, ev)
	a.ID = alert.StatelessID(b.opts.Org, a.Rule.ID, ev.ID())
	a.Count, a.FirstSeen, a.LastSeen = 1, a.Time, a.Time
	who := a.Subject()
	a.Title = title(a.Rule.Title, who)
	if a.Reason == "" {
		a.Reason = ev.Type()
		if r := first(ev, pathResult); r != "" {
			a.Reason += " " + r
		}
		if who != "" {
			a.Reason += " for " + who
		}
	}
	o := ev.Origin()
	e := alert.EvidenceEvent{ID: strings.Clone(ev.ID()), Published: a.Time, Type: strings.Clone(ev.Type()),
		IP: strings.Clone(first(ev, pathIP)), Result: strings.Clone(first(ev, pathResult)),
		Topic: o.Topic, Partition: o.Partition, Offset: o.Offset, Index: o.Index, Raw: bytes.Clone(ev.Raw())}
	a.Evidence = alert.Evidence{Events: []alert.EvidenceEvent{e}, EventIDs: []string{e.ID}, Total: 1}
	return a
}

// context adds what the rule's author wants to see.
func (b *builder) context(r *rules.Rule, ev *event.Event, a *alert.Alert) {
	for _, p := range r.Context {
		var vs []string
		for _, v := range ev.Lookup(p) {
			vs = append(vs, strings.Clone(v.Text))
		}
		if len(vs) > alert.MaxValues {
			vs = vs[:alert.MaxValues]
		}
		if len(vs) > 0 {
			detail(a, p.String(), vs)
		}
	}
}

func detail(a *alert.Alert, name string, value any) {
	if a.Details == nil {
		a.Details = map[string]any{}
	}
	a.Details[name] = value
}

// indicators tells which indicators the event shows. If none of them was valid at the time of the event, the finding is
// informational: the address has changed hands since.
func (b *builder) indicators(r *rules.Rule, ev *event.Event, a *alert.Alert) {
	if r.Indicators == nil {
		return
	}
	at := instant(ev.Time())
	var hits []any
	var seen, stale []string
	valid := false
	for _, p := range r.Indicators.Fields {
		for _, v := range ev.Lookup(p) {
			addr, err := netip.ParseAddr(v.Text)
			if err != nil || slices.Contains(seen, v.Text) {
				continue
			}
			for _, ind := range r.Indicators.List {
				if !ind.Net.Contains(addr.Unmap()) {
					continue
				}
				ok := ind.Valid(at)
				valid = valid || ok
				text := strings.Clone(v.Text)
				seen = append(seen, text)
				if !ok {
					stale = append(stale, text)
				}
				hits = append(hits, map[string]any{"address": text, "field": p.String(), "indicator": ind.Net.String(),
					"first_seen": day(ind.FirstSeen), "last_seen": day(ind.LastSeen), "source": ind.Source, "stale": !ok})
				break
			}
		}
	}
	if len(hits) == 0 {
		return
	}
	detail(a, "indicators", hits)
	a.Reason = "published indicator " + strings.Join(seen, ", ")
	if valid {
		return
	}
	a.Severity, a.RiskScore = alert.Informational, 0
	a.Reason += ": the indicator is stale, it was in use at another time"
	a.Notes = append(a.Notes, fmt.Sprintf("the indicator is stale: the event lies outside the time over which %s was seen in use", strings.Join(stale, ", ")))
}

func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

func title(rule, who string) string {
	if who == "" {
		return rule
	}
	return rule + ": " + who
}

func instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }
