package envelope

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func base64Of(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

func zlibbed(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

// anyValue writes JSON as OTLP's AnyValue.
func anyValue(v any) string {
	switch v := v.(type) {
	case string:
		return `{"stringValue":` + quoted(v) + `}`
	case bool:
		return fmt.Sprintf(`{"boolValue":%v}`, v)
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			return `{"doubleValue":` + v.String() + `}`
		}
		return `{"intValue":"` + v.String() + `"}`
	case []any:
		var parts []string
		for _, el := range v {
			parts = append(parts, anyValue(el))
		}
		return `{"arrayValue":{"values":[` + strings.Join(parts, ",") + `]}}`
	case map[string]any:
		var parts []string
		for k, el := range v {
			parts = append(parts, `{"key":`+quoted(k)+`,"value":`+anyValue(el)+`}`)
		}
		return `{"kvlistValue":{"values":[` + strings.Join(parts, ",") + `]}}`
	}
	return `{}`
}

func tree(text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		panic(err)
	}
	return v
}

// wrappings put a document into what a forwarder, a cloud or an export makes of it.
var wrappings = map[string]func(string) string{
	"array": func(s string) string { return `[` + s + `]` },
	"hook":  func(s string) string { return `{"eventType":"com.okta.event_hook","data":{"events":[` + s + `]}}` },
	"EventBridge": func(s string) string {
		return `{"detail-type":"SystemLog","source":"aws.partner/okta.com/x","detail":` + s + `}`
	},
	"Connect":  func(s string) string { return `{"schema":{"type":"string"},"payload":` + quoted(s) + `}` },
	"Debezium": func(s string) string { return `{"payload":{"before":null,"after":` + s + `,"op":"c"}}` },
	"hit":      func(s string) string { return `{"_index":"logs","_id":"1","_source":` + s + `}` },
	"search": func(s string) string {
		return `{"took":1,"hits":{"total":{"value":1},"hits":[{"_id":"1","_source":` + s + `}]}}`
	},
	"HEC text": func(s string) string {
		return `{"time":1786699613.124,"sourcetype":"OktaIM2:log","event":` + quoted(s) + `}`
	},
	"HEC object": func(s string) string { return `{"time":1786699613.124,"sourcetype":"OktaIM2:log","event":` + s + `}` },
	"Splunk export": func(s string) string {
		return `{"preview":false,"offset":0,"result":{"_raw":` + quoted(s) + `,"_time":"x"}}`
	},
	"Splunk results": func(s string) string { return `{"init_offset":0,"results":[{"_raw":` + quoted(s) + `}]}` },
	"OTLP text": func(s string) string {
		return strings.NewReplacer("%1", quoted(s)).Replace(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":%1}}]}]}]}`)
	},
	"OTLP map": func(s string) string {
		return `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":` + anyValue(tree(s)) + `}]}]}]}`
	},
	"OTLP bytes": func(s string) string {
		return `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"bytesValue":"` + base64Of(s) + `"}}]}]}]}`
	},
	"OTLP of Protobuf": func(s string) string {
		return `{"resource_logs":[{"scope_logs":[{"log_records":[{"body":{"string_value":` + quoted(s) + `}}]}]}]}`
	},
	"Airbyte": func(s string) string { return `{"_airbyte_ab_id":"x","_airbyte_data":` + s + `}` },
	"Airbyte message": func(s string) string {
		return `{"type":"RECORD","record":{"stream":"logs","data":` + s + `,"emitted_at":1}}`
	},
	"agent":              func(s string) string { return `{"input":{"type":"httpjson"},"message":` + quoted(s) + `}` },
	"Fluent Bit":         func(s string) string { return `{"date":1768035600.0,"log":` + quoted(s) + `}` },
	"Fluent Bit object":  func(s string) string { return `{"date":1768035600.0,"log":` + s + `}` },
	"message object":     func(s string) string { return `{"message":` + s + `,"host":"h"}` },
	"okta object":        func(s string) string { return `{"@timestamp":"2026-01-10T09:00:00.000Z","okta":` + s + `}` },
	"event object":       func(s string) string { return `{"event":` + s + `}` },
	"data object":        func(s string) string { return `{"specversion":"1.0","type":"x","data":` + s + `}` },
	"CloudEvents base64": func(s string) string { return `{"specversion":"1.0","type":"x","data_base64":"` + base64Of(s) + `"}` },
	"record object":      func(s string) string { return `{"record":` + s + `}` },
	"value object":       func(s string) string { return `{"key":"k","value":` + s + `}` },
	"payload object":     func(s string) string { return `{"payload":` + s + `,"n":1}` },
	"a few levels":       func(s string) string { return `{"a":{"b":` + s + `,"x":[1,{"y":"z"}]}}` },
	"kcat": func(s string) string {
		return `{"topic":"okta","partition":0,"offset":1,"ts":1768035600000,"payload":` + quoted(s) + `}`
	},
	"rpk": func(s string) string {
		return `{"topic":"okta","key":"k","value":` + quoted(s) + `,"timestamp":1,"partition":0,"offset":1}`
	},
	"events":     func(s string) string { return `{"events":[` + s + `]}` },
	"records":    func(s string) string { return `{"records":[` + s + `]}` },
	"Event Hubs": func(s string) string { return `{"records":[{"time":"x","resourceId":"/r","properties":` + s + `}]}` },
	"CloudWatch": func(s string) string {
		return `{"messageType":"DATA_MESSAGE","logGroup":"g","logEvents":[{"id":"1","timestamp":1,"message":` + quoted(s) + `}]}`
	},
	"CloudWatch function": func(s string) string {
		return `{"awslogs":{"data":"` + base64Of(gzipped(`{"messageType":"DATA_MESSAGE","logEvents":[{"id":"1","timestamp":1,"message":`+quoted(s)+`}]}`)) + `"}}`
	},
	"Firehose": func(s string) string {
		return `{"requestId":"r","timestamp":1786699613124,"records":[{"data":"` + base64Of(s) + `"}]}`
	},
	"Kinesis": func(s string) string {
		return `{"Records":[{"kinesis":{"data":"` + base64Of(gzipped(s)) + `","approximateArrivalTimestamp":1545084650.9},"eventSource":"aws:kinesis"}]}`
	},
	"Kafka trigger": func(s string) string {
		return `{"eventSource":"aws:kafka","records":{"okta-0":[{"topic":"okta","value":"` + base64Of(s) + `"}]}}`
	},
	"SQS": func(s string) string {
		return `{"Records":[{"messageId":"m","body":` + quoted(s) + `,"attributes":{}}]}`
	},
	"SNS": func(s string) string {
		return `{"Records":[{"EventSource":"aws:sns","Sns":{"Message":` + quoted(s) + `}}]}`
	},
	"SNS over HTTP": func(s string) string { return `{"Type":"Notification","Message":` + quoted(s) + `,"Signature":"eA=="}` },
	"PubSub push": func(s string) string {
		return `{"message":{"data":"` + base64Of(s) + `","attributes":{},"messageId":"1"},"subscription":"s"}`
	},
	"PubSub pull": func(s string) string {
		return `{"receivedMessages":[{"ackId":"a","message":{"data":"` + base64Of(s) + `"}}]}`
	},
	"Loki push": func(s string) string {
		return `{"streams":[{"stream":{"app":"okta"},"values":[["1786699613124000000",` + quoted(s) + `]]}]}`
	},
	"Loki query": func(s string) string {
		return `{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[["1",` + quoted(s) + `]]}]}}`
	},
	"Datadog": func(s string) string {
		return `{"data":[{"id":"1","type":"log","attributes":{"service":"okta","attributes":` + s + `}}]}`
	},
	"Datadog intake": func(s string) string { return `[{"ddsource":"okta","message":` + quoted(s) + `}]` },
	"Cribl":          func(s string) string { return `{"_raw":` + quoted(s) + `,"_time":1768035600,"cribl_pipe":"p"}` },
	"Security Lake": func(s string) string {
		return `{"class_uid":3002,"raw_data":` + quoted(s) + `,"metadata":{"product":{"name":"Okta"}}}`
	},
	"Chronicle":        func(s string) string { return `{"log_type":"OKTA","entries":[{"log_text":` + quoted(s) + `}]}` },
	"Chronicle inline": func(s string) string { return `{"inline_source":{"logs":[{"data":"` + base64Of(s) + `"}]}}` },
	"Panther":          func(s string) string { return `{"p_log_type":"Okta.SystemLog","p_raw":` + s + `}` },
	"Tines":            func(s string) string { return `{"webhook":{"body":{"data":{"events":[` + s + `]}}}}` },
	"Graylog": func(s string) string {
		return `{"version":"1.1","host":"h","short_message":"okta","full_message":` + quoted(s) + `}`
	},
	"Mongo":     func(s string) string { return `{"operationType":"insert","fullDocument":` + s + `}` },
	"Snowflake": func(s string) string { return `{"RECORD_METADATA":{"topic":"t"},"RECORD_CONTENT":` + s + `}` },
	"text":      quoted,
}

// Any event in any four of the wrappings is that event.
func TestAnyWrappings(t *testing.T) {
	names := make([]string, 0, len(wrappings))
	for name := range wrappings {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names { // each by itself, so that its name stands in the failure
		checkWrapped(t, []string{name}, one, wrappings[name](one))
	}
	rapid.Check(t, func(t *rapid.T) {
		event := rapid.SampledFrom([]string{one, two, strings.ToLower(one), `{"eventType":"user.session.start","actor":{"id":"1"},"published":"2026-08-14T09:26:53.124Z"}`,
			`{"uuid":"é\n\"","eventType":"a.b","published":"2026-08-14T09:26:53.124Z","message":"{}","n":[1,2.5,true,{"x":"y"}]}`}).Draw(t, "event")
		value := event
		path := rapid.SliceOfN(rapid.SampledFrom(names), 1, 4).Draw(t, "wrappings")
		for _, name := range path {
			value = wrappings[name](value)
		}
		checkWrapped(t, path, event, value)
		packed := rapid.SampledFrom([]func(string) string{gzipped, func(s string) string { return s + "\n" }, func(s string) string { return "\x00\x00\x00\x00\x07" + s }}).Draw(t, "packed")
		if s := packed(value); value[0] == '{' || value[0] == '[' {
			checkWrapped(t, path, event, s)
		}
	})
}

func checkWrapped(t interface {
	Errorf(string, ...any)
}, path []string, event, value string) {
	r := Unwrap([]byte(value))
	if len(r.Events) != 1 || len(r.Rejected) > 0 || len(r.Empty) > 0 {
		t.Errorf("%q: %d events, rejected %v, empty %v: %.400s", path, len(r.Events), r.Rejected, r.Empty, value)
		return
	}
	if diff := cmp.Diff(tree(event), tree(string(r.Events[0].JSON))); diff != "" {
		t.Errorf("%q: %s", path, diff)
	}
}

func TestSearch(t *testing.T) {
	trimmed := `{"eventType":"user.session.start","actor":{"id":"1"}}`
	for _, c := range []struct {
		name, value string
		events      int
		code        string
	}{
		{"the same twice", `{"original":` + quoted(one) + `,"parsed":` + one + `}`, 1, ""},
		{"two different", `{"before":` + one + `,"after":` + two + `}`, 0, Ambiguous},
		{"two without uuid", `{"a":` + trimmed + `,"b":` + trimmed + `}`, 0, Ambiguous},
		{"too far down", strings.Repeat(`{"a":`, maxLevel+1) + one + strings.Repeat(`}`, maxLevel+1), 0, NotOkta},
		{"our own alert", `{"schema":"oktastream.alert/v1","evidence":{"events":[{"raw":` + one + `}]}}`, 0, NotOkta},
		{"another product", `{"message":{"eventType":"AwsApiCall","eventID":"x"},"data":{"a":[{"b":"{}"}]}}`, 0, NotOkta},
		{"list below a member", `{"a":{"list":[` + one + `,` + two + `]}}`, 2, ""},
		{"list with a bad neighbour", `{"a":{"list":[` + one + `,{"x":1}]}}`, 1, NotOkta},
		{"words that could be base64", `{"a":"eyelashes","b":"Wwwwwwwwwwwwwwwwwwww","c":"H4sInotgzip0000000000"}`, 0, NotOkta},
	} {
		r := Unwrap([]byte(c.value))
		if len(r.Events) != c.events || c.code == "" && len(r.Rejected) > 0 || c.code != "" && !slices.Equal(codes(r), []string{c.code}) {
			t.Errorf("%s: %d events, rejected %+v", c.name, len(r.Events), r.Rejected)
		}
	}
}

// The work for a record is bounded by its size and by MaxParts, whatever it is made of.
func TestWorkIsBounded(t *testing.T) {
	nest := func(n int, open, inner, shut string) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(shut, n)
	}
	text := `{"a":1}`
	for range MaxNesting + 2 {
		text = `{"message":` + quoted(text) + `,"log":` + quoted(text) + `}`
	}
	for name, value := range map[string]string{
		"many lists":      `{"a":[` + strings.Repeat(`[{}],`, 150_000) + `[]]}`,
		"many objects":    `{"a":{"b":{` + strings.Repeat(`"x":{"y":{}},`, 150_000) + `"z":1}}}`,
		"deep":            nest(300, `{"a":`, `1`, `}`),
		"deep lists":      nest(300, `[`, `1`, `]`),
		"texts in texts":  text,
		"batches in vain": `{"events":[{}],"records":[{}],"logs":[{}],"a":{"events":[{}],"records":[{}]}}`,
		"lines":           strings.Repeat("{}\n", 150_000),
	} {
		var u Unwrapper
		r := u.Unwrap([]byte(value))
		if u.parts > MaxParts+1 || len(r.Events) > 0 || len(r.Rejected) == 0 || len(r.Rejected) > MaxEvents+1 {
			t.Errorf("%s: %d parts, %d rejected", name, u.parts, len(r.Rejected))
		}
		if limit := 8*len(value) + 64; u.parts > limit {
			t.Errorf("%s: %d parts of %d bytes", name, u.parts, len(value))
		}
		if len(u.tried) > 0 || len(u.around) > 0 {
			t.Errorf("%s: %d and %d are left over", name, len(u.tried), len(u.around))
		}
	}
}

func TestPath(t *testing.T) {
	for _, c := range []struct {
		path, value string
		ids         []string
		code        string
	}{
		{"after", `{"before":` + one + `,"after":` + two + `}`, []string{"u-2"}, ""},
		{"a.b", `{"a":{"b":[` + one + `,` + two + `]}}`, []string{"u-1", "u-2"}, ""},
		{"a.b", `{"a":` + quoted(`{"b":`+one+`}`) + `}`, []string{"u-1"}, ""},
		{"a", `[{"a":` + one + `},{"a":{"events":[` + two + `]}}]`, []string{"u-1", "u-2"}, ""},
		{"a", `{"a":` + one + "}\n" + `{"a":` + two + `}`, []string{"u-1", "u-2"}, ""},
		{"a.b", `{"a":{"c":` + one + `}}`, nil, NotExpected},
		{"a", one, nil, NotExpected},
	} {
		u, err := New("", c.path)
		if err != nil {
			t.Fatal(err)
		}
		r := u.Unwrap([]byte(c.value))
		if got := ids(t, r); !slices.Equal(got, c.ids) || c.code != "" && !slices.Equal(codes(r), []string{c.code}) {
			t.Errorf("%s of %s: %q, rejected %+v", c.path, c.value, got, r.Rejected)
		}
	}
	for _, path := range []string{".", "a..b"} {
		if _, err := New("", path); err == nil {
			t.Errorf("the path %q is accepted", path)
		}
	}
	if _, err := New(Splunk, "a"); err == nil {
		t.Error("a pin and a path are accepted together")
	}
}
