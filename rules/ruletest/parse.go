package ruletest

import (
	"slices"
	"strconv"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// Codes of the diagnostics that only test files have; what concerns any YAML has the codes of package source.
const (
	NoExpectation = "OKS0501" // a test that does not say what it expects, or has nothing to feed
	UnknownType   = "OKS0502" // an event type that Okta's catalogue does not have
	BadPath       = "OKS0503" // a path at which no value can be set
	NoRule        = "OKS0504" // the rule under test is not there
	DuplicateTest = "OKS0505" // two tests of one name
	TooMany       = "OKS0506" // more events than a test may make
	BadSample     = "OKS0507" // a file of sample events that cannot be used
)

// maxEvents bounds the events of one test: a slip in repeat must not exhaust memory.
const maxEvents = 10_000

var severities = []string{
	string(alert.Informational), string(alert.Low), string(alert.Medium), string(alert.High), string(alert.Critical),
}

// Tables of the keys that a test file has. Beside those of eventFields, base and events take any field path.
var (
	fileFields = []source.Field{
		{Name: "rule", Type: source.Text, Required: true, Doc: "name of the rule under test"},
		{Name: "start", Type: source.Text, Required: true, Doc: "the fixed clock, as 2026-01-10T09:00:00Z"},
		{Name: "history", Type: source.Text, Default: "assumed", OneOf: []string{"assumed", "observed"},
			Doc: "for a rule about what is seen for the first time: whether the events are all that ever happened, or the rule first has to see a whole history"},
		{Name: "base", Type: source.Anything, Doc: "what every event of the file starts from"},
		{Name: "tests", Type: source.Objects, Required: true, Doc: "the tests", Fields: testFields},
		{Name: "skip", Type: source.Texts, Doc: "automatic cases to leave out", OneOf: caseNames()},
	}
	testFields = []source.Field{
		{Name: "name", Type: source.Text, Required: true, Doc: "what the test shows"},
		{Name: "todo", Type: source.Text, Doc: "why the test is expected to fail for now"},
		{Name: "file", Type: source.Text, Doc: "NDJSON file of events, relative to the test file"},
		{Name: "events", Type: source.Anything, Doc: "the events, in any order"},
		{Name: "alerts", Type: source.Anything, Doc: "every alert that is expected; [] for none"},
	}
	eventFields = []source.Field{
		{Name: "at", Type: source.Text, Doc: "event time after start"},
		{Name: "repeat", Type: source.Integer, Min: 1, Max: maxEvents, Doc: "how many such events; {n} in a value is the number of the repetition, from 1"},
		{Name: "every", Type: source.Text, Doc: "time between repetitions"},
		{Name: "arrives", Type: source.Text, Doc: "how long after its event time it arrives"},
		{Name: "uuid", Type: source.Text, Doc: "id of the event; the same for all repetitions"},
		{Name: "okta", Type: source.Text, Doc: "event type"},
	}
	alertFields = []source.Field{
		{Name: "at", Type: source.Text, Doc: "event time of the alert, after start or absolute"},
		{Name: "severity", Type: source.Text, OneOf: severities, Doc: "severity"},
		{Name: "rule", Type: source.Text, Doc: "name of the rule that fires"},
		{Name: "count", Type: source.Integer, Doc: "number of events in the window"},
		{Name: "group", Type: source.Object, Doc: "the group key, whole"},
		{Name: "fields", Type: source.Object, Doc: "paths of the alert record with their values"},
	}
)

// Parse reads a test file. The File is usable if no diagnostic is an error.
func Parse(name string, text []byte) (File, []rules.Diagnostic) {
	f := File{Name: name}
	docs := source.Parse(name, text, source.DataLimits)
	if len(docs) == 0 {
		r := &source.Report{File: name}
		source.Check(&source.Node{Kind: source.Map, Pos: match.Pos{Line: 1, Col: 1}}, "the test file", fileFields, r)
		return f, r.Diagnostics
	}
	p := fileParser{file: f, Report: docs[0].Report}
	if len(docs) > 1 {
		p.Error(match.Pos{}, source.Syntax, "one file for each rule", "a test file holds one document")
	} else if docs[0].Root != nil {
		p.parse(docs[0].Root)
	}
	for i := range p.Diagnostics {
		p.Diagnostics[i].Rule = p.file.Rule
	}
	return p.file, p.Diagnostics
}

type fileParser struct {
	file File
	*source.Report
}

func (p *fileParser) parse(root *source.Node) {
	v := source.Check(root, "the test file", fileFields, p.Report)
	p.file.Pos = root.Pos
	p.file.Rule = v.Text("rule")
	p.file.Observed = v.Text("history") == "observed"
	for _, s := range v.Texts("skip") {
		p.file.Skip = append(p.file.Skip, Case(s))
	}
	if n := v.Node("start"); n != nil {
		t, err := time.Parse(time.RFC3339Nano, n.Text)
		if err != nil {
			p.Error(n.Pos, source.OutOfRange, "write it as 2026-01-10T09:00:00Z", "start is a time, not %q", n.Text)
		}
		p.file.Start = t.UTC()
	}
	if n := v.Node("base"); n != nil {
		keys, set := p.split(n, "base", []source.Field{{Name: "okta", Type: source.Text}})
		p.file.base = base{Type: p.eventType(keys.Node("okta")), Set: set}
	}
	names := map[string]match.Pos{}
	for _, n := range v.Nodes("tests") {
		t := p.test(n)
		if first, twice := names[t.Name]; twice {
			p.Error(t.Pos, DuplicateTest, "", "another test at %d:%d has the name %q", first.Line, first.Col, t.Name)
		}
		names[t.Name] = t.Pos
		p.file.Tests = append(p.file.Tests, t)
	}
}

func (p *fileParser) test(n *source.Node) Test {
	v := source.Check(n, "a test", testFields, p.Report)
	t := Test{Pos: n.Pos, Name: v.Text("name"), Todo: v.Text("todo"), Sample: v.Text("file")}
	total := 0
	for _, e := range p.items(v.Node("events"), "events") {
		s := p.step(e)
		if total += s.Repeat; total > maxEvents {
			p.Error(e.Pos, TooMany, "", "the test makes more than %d events", maxEvents)
			return t
		}
		t.Events = append(t.Events, s)
	}
	for _, a := range p.items(v.Node("alerts"), "alerts") {
		t.Alerts = append(t.Alerts, p.want(a))
	}
	if t.Events == nil && t.Sample == "" {
		p.Error(n.Pos, NoExpectation, "events: [{at: 0s}], or file: samples.ndjson", "the test has no events")
	}
	if !v.Has("alerts") {
		p.Error(n.Pos, NoExpectation, "alerts: [] if there must be none", "the test does not say which alerts it expects")
	}
	return t
}

// items are the members of a list, which may be empty.
func (p *fileParser) items(n *source.Node, what string) []*source.Node {
	if n.IsNull() {
		return nil
	}
	if n.Kind != source.List {
		p.Error(n.Pos, source.WrongType, "", "%s is a list, not %s", what, n.Kind)
	}
	return n.Items
}

func (p *fileParser) step(n *source.Node) Step {
	v, set := p.split(n, "an event", eventFields)
	s := Step{
		Pos: n.Pos, Repeat: v.Int("repeat", 1), UUID: v.Text("uuid"), Type: p.eventType(v.Node("okta")), Set: set,
		At: p.span(v.Node("at")), Every: p.span(v.Node("every")), Arrives: p.span(v.Node("arrives")),
	}
	if s.Type == "" && p.file.base.Type == "" {
		p.Error(n.Pos, source.MissingKey, "okta: user.session.start, here or under base", "nothing says which type of event this is")
	}
	return s
}

// split parts the members of an event: keys with a meaning of their own, and paths with the values to set there.
func (p *fileParser) split(n *source.Node, what string, fields []source.Field) (source.Values, []Assign) {
	keys := &source.Node{Kind: source.Map, Pos: n.Pos}
	var set []Assign
	if n.Kind != source.Map {
		return source.Check(n, what, fields, p.Report), nil
	}
	names := source.Names(fields)
	for _, m := range n.Pairs {
		if slices.Contains(names, m.Key.Text) {
			keys.Pairs = append(keys.Pairs, m)
			continue
		}
		p.assign(&set, m.Key.Text, m.Key.Pos, m.Value)
	}
	return source.Check(keys, what, fields, p.Report), set
}

// assign adds the value at path to set. A map is unfolded, so that it merges with what the template has there.
func (p *fileParser) assign(set *[]Assign, path string, at match.Pos, n *source.Node) {
	if n.Kind == source.Map && len(n.Pairs) > 0 {
		for _, m := range n.Pairs {
			p.assign(set, path+"."+m.Key.Text, m.Key.Pos, m.Value)
		}
		return
	}
	if _, err := parsePlace(path); err != nil {
		p.Error(at, BadPath, "write a path such as actor.alternateId", "%q: %v", path, err)
		return
	}
	if _, ok := p.Path(at, path); !ok { // warns of paths that no event has
		return
	}
	value := plain(n)
	raw, err := settable(path, value)
	if err != nil {
		p.Error(at, BadPath, "set the field of Okta's event", "%v", err)
		return
	}
	*set = append(*set, Assign{Path: raw, Pos: at, Value: value})
}

func (p *fileParser) eventType(n *source.Node) string {
	if n.IsNull() {
		return ""
	}
	if _, ok := event.LookupType(n.Text); !ok {
		hint := ""
		if s := event.SuggestType(n.Text); s != "" {
			hint = "did you mean " + s + "?"
		}
		p.Warn(n.Pos, UnknownType, hint, "Okta's catalogue has no event type %s", n.Text)
	}
	return n.Text
}

func (p *fileParser) want(n *source.Node) Want {
	v := source.Check(n, "an alert", alertFields, p.Report)
	w := Want{Pos: n.Pos, Severity: v.Text("severity"), Rule: v.Text("rule")}
	if v.Has("count") {
		c := v.Int("count", 0)
		w.Count = &c
	}
	if at := v.Node("at"); at != nil {
		t, err := time.Parse(time.RFC3339Nano, at.Text)
		if err != nil {
			t = p.file.Start.Add(p.span(at))
		}
		w.At = &t
	}
	if g := v.Node("group"); g != nil {
		w.Group = map[string]string{}
		for _, m := range g.Pairs {
			if !m.Value.IsNull() && m.Value.Kind == source.Scalar {
				w.Group[m.Key.Text] = m.Value.Text
				continue
			}
			p.Error(m.Value.Pos, source.WrongType, "", "%s has one value in a group key", m.Key.Text)
		}
	}
	if f := v.Node("fields"); f != nil {
		for _, m := range f.Pairs {
			w.Fields = append(w.Fields, p.field(m))
		}
	}
	return w
}

// field reads an expected value: a scalar, a list of the different values, null for none, or {contains: text}.
func (p *fileParser) field(m source.Pair) Field {
	f := Field{Path: m.Key.Text, Pos: m.Key.Pos}
	switch {
	case m.Value.IsNull():
	case m.Value.Kind == source.Scalar:
		f.Values = []string{m.Value.Text}
	case m.Value.Kind == source.List:
		for _, e := range m.Value.Items {
			if e.Kind != source.Scalar {
				p.Error(e.Pos, source.WrongType, "", "%s expects a list of values", f.Path)
			}
			f.Values = append(f.Values, e.Text)
		}
	default:
		v := source.Check(m.Value, f.Path, []source.Field{
			{Name: "contains", Type: source.Text, Required: true, Doc: "a part of the value"},
		}, p.Report)
		f.Contains = v.Text("contains")
	}
	return f
}

// span reads a duration that may be zero.
func (p *fileParser) span(n *source.Node) time.Duration {
	if n.IsNull() || n.Text == "0s" || n.Text == "0" {
		return 0
	}
	d, err := source.Duration(n.Text)
	if err != nil {
		p.Error(n.Pos, source.OutOfRange, "write 0s, 90s, 9m, 24h, 7d or 1h30m", "%v", err)
	}
	return d
}

// plain is the value as from JSON.
func plain(n *source.Node) any {
	switch n.Kind {
	case source.List:
		list := make([]any, len(n.Items))
		for i, e := range n.Items {
			list[i] = plain(e)
		}
		return list
	case source.Map:
		m := make(map[string]any, len(n.Pairs))
		for _, e := range n.Pairs {
			m[e.Key.Text] = plain(e.Value)
		}
		return m
	}
	switch n.Type {
	case source.Null:
		return nil
	case source.Bool:
		return n.Text == "true"
	case source.Int:
		if i, err := strconv.ParseInt(n.Text, 10, 64); err == nil {
			return i
		}
	case source.Float:
		if f, err := strconv.ParseFloat(n.Text, 64); err == nil {
			return f
		}
	}
	return n.Text
}
