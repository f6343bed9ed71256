package ruletest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules/alert"
	"oktastream/rules/printable"
)

// difference is one thing that is not as expected.
type difference struct {
	what, want, got string
}

func (d difference) String() string { return fmt.Sprintf("%s: want %s, got %s", d.what, d.want, d.got) }

// compare pairs expected with actual alerts and describes what does not agree; "" if all does.
func compare(start time.Time, wants []Want, got []alert.Alert) string {
	pairs, extra := pair(start, wants, got)
	var b strings.Builder
	for i, w := range wants {
		if pairs[i] < 0 {
			printable.Fprintf(&b, "missing: alert %d, expected at %d:%d%s\n", i+1, w.Pos.Line, w.Pos.Col, w.describe(start))
			continue
		}
		a := &got[pairs[i]]
		diffs := w.diff(start, a)
		if len(diffs) == 0 {
			continue
		}
		printable.Fprintf(&b, "different: alert %d, expected at %d:%d\n", i+1, w.Pos.Line, w.Pos.Col)
		for _, d := range diffs {
			printable.Fprintf(&b, "    %s\n", d)
		}
		b.WriteString(evidence(start, a))
	}
	for _, i := range extra {
		printable.Fprintf(&b, "unexpected: %s\n%s", summary(start, &got[i]), printable.Safe(evidence(start, &got[i])))
	}
	return b.String()
}

// pair finds for every expected alert the actual one that differs least, exact matches first. pairs holds -1 where
// none is left; extra are the actual alerts that nobody expected.
func pair(start time.Time, wants []Want, got []alert.Alert) (pairs, extra []int) {
	type candidate struct{ want, got, diffs int }
	var cs []candidate
	for i, w := range wants {
		for j := range got {
			cs = append(cs, candidate{i, j, len(w.diff(start, &got[j]))})
		}
	}
	slices.SortStableFunc(cs, func(a, b candidate) int { return a.diffs - b.diffs })
	pairs = slices.Repeat([]int{-1}, len(wants))
	taken := make([]bool, len(got))
	for _, c := range cs {
		if pairs[c.want] < 0 && !taken[c.got] {
			pairs[c.want], taken[c.got] = c.got, true
		}
	}
	for j := range got {
		if !taken[j] {
			extra = append(extra, j)
		}
	}
	return pairs, extra
}

// diff lists how a is not what w asks for.
func (w Want) diff(start time.Time, a *alert.Alert) []difference {
	var ds []difference
	if w.Rule != "" && w.Rule != a.Rule.Name {
		ds = append(ds, difference{"rule", w.Rule, a.Rule.Name})
	}
	if w.At != nil && !w.At.Equal(a.Time) {
		ds = append(ds, difference{"at", clock(start, *w.At), clock(start, a.Time)})
	}
	if w.Severity != "" && w.Severity != string(a.Severity) {
		ds = append(ds, difference{"severity", w.Severity, string(a.Severity)})
	}
	if w.Count != nil && *w.Count != a.Count {
		ds = append(ds, difference{"count", fmt.Sprint(*w.Count), fmt.Sprint(a.Count)})
	}
	if w.Group != nil {
		ds = append(ds, w.diffGroup(a.Group)...)
	}
	if len(w.Fields) > 0 {
		r := newRecord(a)
		for _, f := range w.Fields {
			if d, differs := f.diff(r); differs {
				ds = append(ds, d)
			}
		}
	}
	return ds
}

func (w Want) diffGroup(g alert.Group) []difference {
	got := map[string]string{}
	for _, f := range g {
		got[f.Name] = f.Value
	}
	var ds []difference
	for _, k := range slices.Sorted(maps.Keys(w.Group)) {
		if v, ok := got[k]; !ok {
			ds = append(ds, difference{"group." + k, w.Group[k], "no such member"})
		} else if v != w.Group[k] {
			ds = append(ds, difference{"group." + k, w.Group[k], v})
		}
	}
	for _, f := range g {
		if _, ok := w.Group[f.Name]; !ok {
			ds = append(ds, difference{"group." + f.Name, "no such member", f.Value})
		}
	}
	return ds
}

func (f Field) diff(r record) (difference, bool) {
	got := r.values(f.Path)
	if f.Contains != "" {
		ok := slices.ContainsFunc(got, func(v string) bool { return strings.Contains(v, f.Contains) })
		return difference{f.Path, "text with " + f.Contains, list(got)}, !ok
	}
	a, b := slices.Sorted(slices.Values(f.Values)), slices.Sorted(slices.Values(got))
	if cmp.Equal(a, b, cmp.Transformer("none", func(s []string) []string { return append([]string{}, s...) })) {
		return difference{}, false
	}
	return difference{f.Path, list(f.Values), list(got)}, true
}

func list(values []string) string {
	if len(values) == 0 {
		return "nothing"
	}
	return strings.Join(values, ", ")
}

// record is an alert as JSON, for looking up fields.
type record struct {
	alert  map[string]any
	events []any // LogEvents, whole or projected, of the evidence
}

func newRecord(a *alert.Alert) record {
	r := record{alert: map[string]any{}}
	if text, err := json.Marshal(a); err == nil {
		_ = json.Unmarshal(text, &r.alert)
	}
	for _, e := range a.Evidence.Events {
		var m map[string]any
		if len(e.Raw) > 0 && json.Unmarshal(e.Raw, &m) == nil {
			r.events = append(r.events, m)
		}
	}
	return r
}

// values returns the different values at path, in order of appearance, as text. A path below evidence that the record
// does not have is looked for in the LogEvents of the evidence.
func (r record) values(path string) []string {
	if p, err := parsePlace(path); err == nil {
		if vs := p.get(r.alert, nil); len(vs) > 0 {
			return vs
		}
	}
	// Names of fields in distinct, details and group hold dots.
	for _, block := range []string{"details", "group"} {
		if name, ok := strings.CutPrefix(path, block+"."); ok {
			if m, isMap := r.alert[block].(map[string]any); isMap {
				return place(nil).get(m[name], nil)
			}
		}
	}
	if inner, ok := strings.CutPrefix(path, "evidence."); ok {
		if p, err := parsePlace(inner); err == nil {
			return p.get(r.events, nil)
		}
	}
	return nil
}

// get appends the different scalars that the place leads to in v. Arrays mean every element.
func (p place) get(v any, found []string) []string {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = p.get(e, found)
		}
	case map[string]any:
		if len(p) == 0 {
			return found
		}
		s := p[0]
		inner, ok := v[member(v, s.name)]
		if !ok {
			return found
		}
		elements, isList := inner.([]any)
		for i, e := range elements {
			if s.index >= 0 && i != s.index {
				continue
			}
			if m, isMap := e.(map[string]any); s.key != "" {
				text, _ := m[member(m, s.key)].(string)
				if !isMap || !strings.EqualFold(text, s.equals) {
					continue
				}
			}
			found = p[1:].get(e, found)
		}
		if !isList && s.key == "" && s.index < 0 {
			found = p[1:].get(inner, found)
		}
	case nil:
	default:
		if text := fmt.Sprint(v); len(p) == 0 && !slices.Contains(found, text) {
			found = append(found, text)
		}
	}
	return found
}

// describe repeats what was asked for.
func (w Want) describe(start time.Time) string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if w.Rule != "" {
		add("rule %s", w.Rule)
	}
	if w.At != nil {
		add("at %s", clock(start, *w.At))
	}
	if w.Severity != "" {
		add("severity %s", w.Severity)
	}
	if w.Count != nil {
		add("count %d", *w.Count)
	}
	for _, k := range slices.Sorted(maps.Keys(w.Group)) {
		add("%s %s", k, w.Group[k])
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// summary is an alert in one line.
func summary(start time.Time, a *alert.Alert) string {
	s := fmt.Sprintf("%s of %s at %s, count %d", a.Severity, a.Rule.Name, clock(start, a.Time), a.Count)
	for _, f := range a.Group {
		s += fmt.Sprintf(", %s %s", f.Name, f.Value)
	}
	return s + ": " + a.Reason
}

// evidence lists the events that an alert shows.
func evidence(start time.Time, a *alert.Alert) string {
	var b strings.Builder
	for _, e := range a.Evidence.Events {
		printable.Fprintf(&b, "        %8s %s", clock(start, e.Published), e.Type)
		if e.Step != "" {
			printable.Fprintf(&b, " (%s)", e.Step)
		}
		if e.IP != "" {
			printable.Fprintf(&b, " from %s", e.IP)
		}
		for _, v := range e.Values {
			printable.Fprintf(&b, " %s=%s", v.Name, v.Value)
		}
		b.WriteByte('\n')
	}
	if a.Evidence.Truncated {
		printable.Fprintf(&b, "        … %d events in all\n", a.Evidence.Total)
	}
	return b.String()
}

// clock is a time as authors write it: after the start of the test, unless it is days away.
func clock(start, t time.Time) string {
	if d := t.Sub(start); d >= 0 && d < 30*24*time.Hour {
		return d.String()
	}
	return t.UTC().Format(time.RFC3339Nano)
}
