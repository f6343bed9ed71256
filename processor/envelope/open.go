package envelope

import (
	"strings"
	"unsafe"

	"oktastream/rules/event/jsontree"
)

// The kinds of envelope.
const (
	Raw          = "raw"           // the LogEvent itself
	Row          = "warehouse-row" // the same with names in another case
	Page         = "array"         // a page of the System Log API
	Hook         = "event-hook"    // what an event hook posts
	EventBridge  = "eventbridge"   // AWS EventBridge
	Splunk       = "splunk-hec"    // Splunk's HTTP event collector
	ElasticAgent = "elastic-agent" // the event as text in an Elastic Agent document
	Filebeat     = "filebeat"      // the event as an object in a Filebeat document
	ECS          = "ecs"           // a document that Elastic's integration has rewritten
	Hit          = "es-hit"        // a search result around such a document
	Connect      = "connect"       // Kafka Connect's schema and payload
	Confluent    = "confluent"     // a schema registry frame around JSON
	Airbyte      = "airbyte"       // an Airbyte record
	OTLP         = "otlp"          // OpenTelemetry log records
	Text         = "text"          // JSON as a string, alone or under message, log, …, as log shippers send it
)

// Kinds lists every kind of envelope.
func Kinds() []string {
	return []string{Raw, Row, Page, Hook, EventBridge, Splunk, ElasticAgent, Filebeat, ECS, Hit, Connect, Confluent, Airbyte, OTLP, Text}
}

// HookType is the eventType of an event hook's body, in which the events are.
const HookType = "com.okta.event_hook"

// part is a value on the way in, with the wrappings taken off so far.
type part struct {
	t     *jsontree.Tree
	n     jsontree.Node
	chain string
	kind  string // the outermost wrapping
	depth int
}

func (p part) kindOf() jsontree.Kind { return p.t.Kind(p.n) }

func (p part) json() []byte { return p.t.Bytes(p.n) }

// get is the member that names lead to, or None.
func (p part) get(names ...string) jsontree.Node {
	n := p.n
	for _, name := range names {
		n = p.t.Find(n, name)
	}
	return n
}

func (p part) is(kind jsontree.Kind, names ...string) bool { return p.t.Kind(p.get(names...)) == kind }

// str is the string that names lead to, or "".
func (p part) str(names ...string) string {
	if n := p.get(names...); p.t.Kind(n) == jsontree.String {
		return p.t.Text(n)
	}
	return ""
}

// text opens a JSON text: the record, or a string inside it.
func (u *Unwrapper) text(p part, json []byte) {
	p.t, p.n = &u.trees[p.depth], jsontree.Root
	if err := p.t.Parse(json); err != nil {
		reason := err.Error()
		if p.chain != "" {
			reason = "inside " + p.chain + ": " + reason
		}
		u.reject(NotJSON, reason, json)
		return
	}
	if p.t.Dotted() {
		nested := p.t.Nested()
		if err := p.t.Parse(nested); err != nil {
			u.reject(NotJSON, "with its dotted names nested: "+err.Error(), json)
			return
		}
	}
	u.recognise(p)
}

// inside goes on with a value inside an envelope of this kind: with the text of a string, else with the value itself.
func (u *Unwrapper) inside(p part, kind string, n jsontree.Node) {
	if u.overfull {
		return
	}
	if p.depth == MaxNesting {
		u.reject(TooDeep, "more wrappings than this: "+p.chain+" > "+kind, p.json())
		return
	}
	if p.kind == "" {
		p.kind = kind
	}
	p.chain, p.depth, p.n = u.join(p.chain, kind), p.depth+1, n
	if p.kindOf() == jsontree.String {
		s := p.t.Text(n)
		u.text(p, unsafe.Slice(unsafe.StringData(s), len(s)))
		return
	}
	u.recognise(p)
}

// each goes on with the elements of an array.
func (u *Unwrapper) each(p part, kind string, list jsontree.Node) {
	for c := p.t.First(list); c != jsontree.None && !u.overfull; c = p.t.Next(list, c) {
		u.inside(p, kind, c)
	}
}

// shapes are the tests in their order. The first that recognises a value takes it apart and reports true. A wrapping
// comes before what it may contain: a hook has an eventType of its own, an ECS document an event object.
var shapes []shape

type shape struct {
	kind string
	open func(*Unwrapper, part) bool
}

func init() { // the tests lead back to the list
	shapes = []shape{
		{Page, openPage},
		{Hook, openHook},
		{Raw, openComplete},
		{EventBridge, openEventBridge},
		{Connect, openConnect},
		{Hit, openHit},
		{ECS, openECS},
		{Filebeat, openFilebeat},
		{Splunk, openSplunk},
		{OTLP, openOTLP},
		{Airbyte, openAirbyte},
		{ElasticAgent, openAgent},
		{Text, openText},
		{Raw, openRaw},
		{Row, openRow},
	}
}

// recognise finds the shape of one value and takes it apart.
func (u *Unwrapper) recognise(p part) {
	pinned := p.depth == 0 && u.pin != ""
	for _, s := range shapes {
		if (!pinned || s.kind == u.pin) && s.open(u, p) {
			return
		}
	}
	if pinned {
		u.reject(NotExpected, "expected "+u.pin, p.json())
		return
	}
	u.reject(NotOkta, whyNot(p), p.json())
}

func openPage(u *Unwrapper, p part) bool {
	if p.kindOf() != jsontree.Array {
		return false
	}
	u.each(p, Page, p.n)
	return true
}

func openHook(u *Unwrapper, p part) bool {
	if !strings.EqualFold(p.str("eventType"), HookType) || !p.is(jsontree.Array, "data", "events") {
		return false
	}
	u.each(p, Hook, p.get("data", "events"))
	return true
}

func openEventBridge(u *Unwrapper, p part) bool {
	detail := p.get("detail")
	if p.get("detail-type") == jsontree.None || !holder(p.t, detail) {
		return false
	}
	u.inside(p, EventBridge, detail)
	return true
}

// openConnect opens what Kafka Connect's JSON converter writes with schemas enabled: exactly these two members.
func openConnect(u *Unwrapper, p part) bool {
	first := p.t.First(p.n)
	if p.kindOf() != jsontree.Object || first == jsontree.None {
		return false
	}
	second := p.t.Next(p.n, first)
	if second == jsontree.None || p.t.Next(p.n, second) != jsontree.None {
		return false
	}
	payload := p.get("payload")
	if p.get("schema") == jsontree.None || payload == jsontree.None {
		return false
	}
	u.inside(p, Connect, payload)
	return true
}

func openHit(u *Unwrapper, p part) bool {
	if !p.is(jsontree.Object, "_source") {
		return false
	}
	u.inside(p, Hit, p.get("_source"))
	return true
}

// openECS prefers the event as it was before the integration rewrote it, if the document has kept it.
func openECS(u *Unwrapper, p part) bool {
	if p.str("okta", "event_type") == "" {
		return false
	}
	if n := original(p); n != jsontree.None {
		u.inside(p, ECS, n)
		return true
	}
	chain := u.join(p.chain, ECS)
	u.found(chain, logEvent(p), outermost(p, ECS))
	return true
}

func openFilebeat(u *Unwrapper, p part) bool {
	if !p.is(jsontree.Object, "json") {
		return false
	}
	u.inside(p, Filebeat, p.get("json"))
	return true
}

// openSplunk opens the collector's wrapping. ECS documents have an event object too, but no eventType in it.
func openSplunk(u *Unwrapper, p part) bool {
	n := p.get("event")
	if !jsonText(p.t, n) && !p.is(jsontree.String, "event", "eventType") {
		return false
	}
	for _, name := range []string{"time", "host", "source", "sourcetype", "index", "fields"} {
		if p.get(name) != jsontree.None {
			u.inside(p, Splunk, n)
			return true
		}
	}
	return false
}

func openOTLP(u *Unwrapper, p part) bool {
	resources := p.get("resourceLogs")
	if p.t.Kind(resources) != jsontree.Array {
		return false
	}
	for r := p.t.First(resources); r != jsontree.None; r = p.t.Next(resources, r) {
		scopes := p.t.Find(r, "scopeLogs")
		for s := p.t.First(scopes); s != jsontree.None; s = p.t.Next(scopes, s) {
			records := p.t.Find(s, "logRecords")
			for l := p.t.First(records); l != jsontree.None; l = p.t.Next(records, l) {
				body := p.t.Find(p.t.Find(l, "body"), "stringValue")
				if body == jsontree.None {
					body = l // is rejected with what it holds
				}
				u.inside(p, OTLP, body)
			}
		}
	}
	return true
}

func openAirbyte(u *Unwrapper, p part) bool {
	n := p.get("_airbyte_data")
	if n == jsontree.None && p.get("stream") != jsontree.None && p.get("emitted_at") != jsontree.None {
		n = p.get("data")
	}
	if !holder(p.t, n) {
		return false
	}
	u.inside(p, Airbyte, n)
	return true
}

func openAgent(u *Unwrapper, p part) bool {
	n := p.get("message")
	if !jsonText(p.t, n) || p.str("data_stream", "dataset") != "okta.system" && p.str("input", "type") != "httpjson" {
		return false
	}
	u.inside(p, ElasticAgent, n)
	return true
}

func openText(u *Unwrapper, p part) bool {
	if p.kindOf() == jsontree.String && jsonText(p.t, p.n) {
		u.inside(p, Text, p.n)
		return true
	}
	for _, name := range []string{"message", "log", "msg", "body", "raw"} {
		if n := p.get(name); jsonText(p.t, n) {
			u.inside(p, Text, n)
			return true
		}
	}
	if n := original(p); n != jsontree.None {
		u.inside(p, Text, n)
		return true
	}
	return false
}

// original is the event before an ingest pipeline changed it, kept as text.
func original(p part) jsontree.Node {
	if n := p.get("event", "original"); jsonText(p.t, n) {
		return n
	}
	if n := p.get("event.original"); jsonText(p.t, n) {
		return n
	}
	return jsontree.None
}

// jsonText reports whether n is a string that holds an object or an array.
func jsonText(t *jsontree.Tree, n jsontree.Node) bool {
	if t.Kind(n) != jsontree.String {
		return false
	}
	s := strings.TrimLeft(t.Text(n), " \t\r\n")
	return s != "" && (s[0] == '{' || s[0] == '[')
}

// holder reports whether n can hold an event.
func holder(t *jsontree.Tree, n jsontree.Node) bool {
	return t.Kind(n) == jsontree.Object || t.Kind(n) == jsontree.Array || jsonText(t, n)
}

func outermost(p part, kind string) string {
	if p.kind != "" {
		return p.kind
	}
	return kind
}
