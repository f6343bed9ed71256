package feed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Envelope is a wrapping in which LogEvents reach Kafka.
type Envelope string

const (
	Raw          Envelope = "raw"           // the LogEvent itself
	Page         Envelope = "page"          // an array, as the System Log API answers
	Hook         Envelope = "hook"          // body of an Okta event hook; its events have another shape
	EventBridge  Envelope = "eventbridge"   // AWS EventBridge
	HEC          Envelope = "hec"           // Splunk HTTP event collector
	HECText      Envelope = "hec-text"      // the same with the event as text
	ElasticAgent Envelope = "elastic-agent" // the event as text in message
	Filebeat     Envelope = "filebeat"      // the event in json
	Connect      Envelope = "connect"       // Kafka Connect with schema, the payload as text
	ConnectValue Envelope = "connect-value" // the same with the payload as an object
	Confluent    Envelope = "confluent"     // schema registry frame before the JSON
	FluentBit    Envelope = "fluent-bit"    // the event as text in log
	Vector       Envelope = "vector"        // Vector's okta source: two more members
	Airbyte      Envelope = "airbyte"
	OTLP         Envelope = "otlp" // OpenTelemetry logs, the events as text
	Row          Envelope = "row"  // lower-cased warehouse row
)

// Envelopes lists all of them.
func Envelopes() []Envelope {
	return []Envelope{Raw, Page, Hook, EventBridge, HEC, HECText, ElasticAgent, Filebeat, Connect, ConnectValue, Confluent, FluentBit, Vector, Airbyte, OTLP, Row}
}

// Many reports whether the envelope can hold any number of events; the others hold exactly one.
func (e Envelope) Many() bool { return e == Page || e == Hook || e == OTLP }

// Wrap puts LogEvents into an envelope. Hook needs at least one. It fails for an unknown envelope, for a number of events
// that the envelope cannot hold, and for an event that is not a JSON object with a published time in Okta's form.
// Times in the wrapping are a little later than those of the events.
func Wrap(e Envelope, events ...[]byte) ([]byte, error) {
	if len(events) != 1 && (!e.Many() || e == Hook && len(events) == 0) {
		return nil, fmt.Errorf("envelope %s cannot hold %d events", e, len(events))
	}
	trees := make([]map[string]any, len(events))
	at := time.Unix(0, 0).UTC()
	for i, text := range events {
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber()
		if err := dec.Decode(&trees[i]); err != nil {
			return nil, fmt.Errorf("envelope %s: event %d: %w", e, i, err)
		}
		published, _ := trees[i]["published"].(string)
		var err error
		if at, err = time.Parse(time.RFC3339, published); err != nil {
			return nil, fmt.Errorf("envelope %s: event %d: %w", e, i, err)
		}
	}
	at = at.Add(1500 * time.Millisecond)
	type object = map[string]any
	raw := func() json.RawMessage { return events[0] }
	text := func() string { return string(events[0]) }
	stamp := at.Format("2006-01-02T15:04:05.000Z")
	seconds := float64(at.UnixMilli()) / 1000
	switch e {
	case Raw:
		return events[0], nil
	case Page:
		return append(append([]byte{'['}, bytes.Join(events, []byte(","))...), ']'), nil
	case Hook:
		for _, t := range trees {
			hookShape(t)
		}
		return marshal(object{
			"eventType": "com.okta.event_hook", "eventTypeVersion": "1.0", "cloudEventsVersion": "0.1", "contentType": "application/json",
			"source":  "https://" + Org + "/api/v1/eventHooks/whoSYNTH00000000001",
			"eventId": trees[0]["uuid"], "eventTime": at.Format("2006-01-02T15:04:05.000000Z"), "data": object{"events": trees},
		}), nil
	case EventBridge:
		return marshal(object{
			"version": "0", "id": trees[0]["uuid"], "detail-type": "SystemLog", "source": "aws.partner/okta.com/corp/soc-stream",
			"account": "123456789012", "time": at.Format(time.RFC3339), "region": "eu-west-3", "resources": []string{}, "detail": raw(),
		}), nil
	case HEC:
		return marshal(object{"time": seconds, "host": Org, "source": "okta", "sourcetype": "OktaIM2:log", "index": "identity", "event": raw()}), nil
	case HECText:
		return marshal(object{"time": fmt.Sprintf("%.3f", seconds), "host": Org, "sourcetype": "OktaIM2:log", "event": text()}), nil
	case ElasticAgent:
		return marshal(object{
			"@timestamp": stamp, "@metadata": object{"beat": "filebeat", "type": "_doc", "version": "8.15.0"},
			"data_stream": object{"type": "logs", "dataset": "okta.system", "namespace": "default"}, "event": object{"created": stamp},
			"input": object{"type": "httpjson"}, "message": text(), "tags": []string{"forwarded", "okta-system"},
		}), nil
	case Filebeat:
		return marshal(object{
			"@timestamp": stamp, "@metadata": object{"beat": "filebeat", "type": "_doc", "version": "7.17.0"},
			"event": object{"module": "okta", "dataset": "okta.system"}, "fileset": object{"name": "system"}, "service": object{"type": "okta"}, "json": raw(),
		}), nil
	case Connect:
		return marshal(object{"schema": object{"type": "string", "optional": false}, "payload": text()}), nil
	case ConnectValue:
		return marshal(object{"schema": nil, "payload": raw()}), nil
	case Confluent:
		return append([]byte{0, 0, 0, 0, 42}, events[0]...), nil
	case FluentBit:
		return marshal(object{"@timestamp": seconds, "log": text()}), nil
	case Vector:
		trees[0]["source_type"], trees[0]["timestamp"] = "okta", stamp
		return marshal(trees[0]), nil
	case Airbyte:
		return marshal(object{"stream": "logs", "emitted_at": at.UnixMilli(), "data": raw()}), nil
	case OTLP:
		records := make([]object, len(events))
		for i, t := range events {
			records[i] = object{"timeUnixNano": fmt.Sprint(at.UnixNano()), "body": object{"stringValue": string(t)}}
		}
		return marshal(object{"resourceLogs": []object{{
			"resource":  object{"attributes": []object{{"key": "okta.domain", "value": object{"stringValue": Org}}}},
			"scopeLogs": []object{{"logRecords": records}},
		}}}), nil
	case Row:
		row := object{"p_log_type": "Okta.SystemLog"}
		for k, v := range trees[0] {
			row[strings.ToLower(k)] = v
		}
		published, _ := trees[0]["published"].(string)
		row["published"] = strings.TrimSuffix(strings.Replace(published, "T", " ", 1), "Z")
		return marshal(row), nil
	}
	return nil, fmt.Errorf("unknown envelope %q", e)
}

// hookShape turns an event of the API into one of an event hook: no request, the chain under client, and some more.
func hookShape(t map[string]any) {
	if request, ok := t["request"].(map[string]any); ok {
		if c, ok := t["client"].(map[string]any); ok {
			c["ipChain"] = request["ipChain"]
		}
		delete(t, "request")
	}
	if debug, ok := t["debugContext"].(map[string]any); ok {
		if data, ok := debug["debugData"].(map[string]any); ok {
			data["targetEventHookIds"] = "whoSYNTH00000000001"
		}
	}
	t["insertionTimestamp"] = nil
}
