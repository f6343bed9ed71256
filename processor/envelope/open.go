package envelope

import (
	"strings"

	"oktastream/rules/event/jsontree"
)

// The kinds of envelope.
const (
	Raw          = "raw"           // the LogEvent itself
	Row          = "warehouse-row" // the same with names in another case
	Table        = "csv"           // a row of the admin console's export
	Page         = "array"         // a page of the System Log API
	Hook         = "event-hook"    // what an event hook posts
	EventBridge  = "eventbridge"   // AWS EventBridge
	Splunk       = "splunk-hec"    // Splunk's HTTP event collector
	ElasticAgent = "elastic-agent" // the event as text in an Elastic Agent document
	Filebeat     = "filebeat"      // the event as an object in a Filebeat document
	ECS          = "ecs"           // a document that Elastic's integration has rewritten
	Hit          = "es-hit"        // a search result around such a document
	Search       = "es-search"     // the answer of a search, with its hits
	Connect      = "connect"       // Kafka Connect's schema and payload
	Confluent    = "confluent"     // a frame of Confluent's schema registry around JSON
	Apicurio     = "apicurio"      // the same of Apicurio's
	Glue         = "glue"          // the same of AWS Glue's
	Airbyte      = "airbyte"       // an Airbyte record
	OTLP         = "otlp"          // OpenTelemetry log records
	CloudWatch   = "cloudwatch"    // a CloudWatch Logs subscription
	Loki         = "loki"          // streams of Grafana Loki
	Batch        = "batch"         // a list under events, records, … as clouds, exports and functions write it
	Text         = "text"          // JSON as a string, alone or under message, log, …, as log shippers send it
	Nested       = "nested"        // an object below other members
	Path         = "path"          // what the configured path leads to
)

// Kinds lists every kind of envelope.
func Kinds() []string {
	return []string{Raw, Row, Table, Page, Hook, EventBridge, Splunk, ElasticAgent, Filebeat, ECS, Hit, Search, Connect, Confluent, Apicurio, Glue, Airbyte,
		OTLP, CloudWatch, Loki, Batch, Text, Nested, Path}
}

// HookType is the eventType of an event hook's body, in which the events are.
const HookType = "com.okta.event_hook"

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
	return u.one(p, EventBridge, detail)
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
	return u.one(p, Connect, payload)
}

func openHit(u *Unwrapper, p part) bool {
	if !p.is(jsontree.Object, "_source") {
		return false
	}
	return u.one(p, Hit, p.get("_source"))
}

// openECS prefers the event as it was before the integration rewrote it, if the document has kept it.
func openECS(u *Unwrapper, p part) bool {
	if p.str("okta", "event_type") == "" {
		return false
	}
	if n := original(p); n != jsontree.None {
		if e := withDocument(p.t.Text(n), p); e != nil {
			u.found(u.join(u.join(p.chain, ECS), Raw), e, outermost(p, ECS))
			return true
		}
		return u.one(p, ECS, n)
	}
	chain := u.join(p.chain, ECS)
	u.found(chain, logEvent(p), outermost(p, ECS))
	return true
}

func openFilebeat(u *Unwrapper, p part) bool {
	if !p.is(jsontree.Object, "json") {
		return false
	}
	return u.one(p, Filebeat, p.get("json"))
}

// openSplunk opens the collector's wrapping. ECS documents have an event object too, but no eventType in it.
func openSplunk(u *Unwrapper, p part) bool {
	n := p.get("event")
	if !carries(p.t, n) && !p.is(jsontree.String, "event", "eventType") {
		return false
	}
	for _, name := range []string{"time", "host", "source", "sourcetype", "index", "fields"} {
		if p.get(name) != jsontree.None {
			return u.one(p, Splunk, n)
		}
	}
	return false
}

func openAirbyte(u *Unwrapper, p part) bool {
	n := p.get("_airbyte_data")
	if n == jsontree.None && p.get("stream") != jsontree.None && p.get("emitted_at") != jsontree.None {
		n = p.get("data")
	}
	if !holder(p.t, n) {
		return false
	}
	return u.one(p, Airbyte, n)
}

func openAgent(u *Unwrapper, p part) bool {
	n := p.get("message")
	if !carries(p.t, n) || p.str("data_stream", "dataset") != "okta.system" && p.str("input", "type") != "httpjson" {
		return false
	}
	return u.one(p, ElasticAgent, n)
}

func openText(u *Unwrapper, p part) bool {
	if p.kindOf() == jsontree.String && carries(p.t, p.n) {
		return u.one(p, Text, p.n)
	}
	for _, name := range []string{"message", "log", "msg", "body", "raw"} {
		if n := p.get(name); carries(p.t, n) && u.one(p, Text, n) {
			return true
		}
	}
	n := original(p)
	return n != jsontree.None && u.one(p, Text, n)
}

// original is the event before an ingest pipeline changed it, kept as text.
func original(p part) jsontree.Node {
	if n := p.get("event", "original"); carries(p.t, n) {
		return n
	}
	if n := p.get("event.original"); carries(p.t, n) {
		return n
	}
	return jsontree.None
}

// carries reports whether n is a string that holds an object or an array: as it is, in base64, or behind a syslog header.
func carries(t *jsontree.Tree, n jsontree.Node) bool {
	if t.Kind(n) != jsontree.String {
		return false
	}
	s := strings.TrimLeft(t.Text(n), " \t\r\n\x1e")
	if s == "" {
		return false
	}
	switch s[0] {
	case '{', '[':
		return true
	case '"': // a text in a text
		s = strings.TrimLeft(s, "\"\\ ")
		return s != "" && (s[0] == '{' || s[0] == '[')
	case '<':
		return len(s) > 2 && '0' <= s[1] && s[1] <= '9' && strings.IndexByte(s, '{') > 0
	}
	_, ok := fromBase64(s)
	return ok
}

// holder reports whether n can hold an event.
func holder(t *jsontree.Tree, n jsontree.Node) bool {
	return t.Kind(n) == jsontree.Object || t.Kind(n) == jsontree.Array || carries(t, n)
}
