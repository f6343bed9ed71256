package envelope

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"
)

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

// A record may be a sequence of documents, packed or not; what is broken in it costs itself.
func TestSequences(t *testing.T) {
	hec := func(event string) string { return `{"time":1786699613.124,"host":"h","event":` + event + `}` }
	utf16, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(one + "\r\n" + two)
	packer, _ := zstd.NewWriter(nil)
	for _, c := range []struct {
		name, value string
		ids         []string
		rejected    []string
	}{
		{"lines", one + "\n" + two + "\n", []string{"u-1", "u-2"}, nil},
		{"HEC batch without anything between", hec(one) + hec(two), []string{"u-1", "u-2"}, nil},
		{"HEC batch with lines", hec(one) + "\r\n\r\n" + hec(two), []string{"u-1", "u-2"}, nil},
		{"lines in message", `{"message":` + quoted(one+"\n"+two) + `}`, []string{"u-1", "u-2"}, nil},
		{"lines in message of HEC", `{"time":1,"event":` + quoted(one+"\n"+two) + `}`, []string{"u-1", "u-2"}, nil},
		{"one is broken", one + "\n" + one[:40] + "\n" + two, []string{"u-1", "u-2"}, []string{NotJSON}},
		{"one is something else", one + `{"a":1}` + two, []string{"u-1", "u-2"}, []string{NotOkta}},
		{"garbage between", one + " , ok " + two, []string{"u-1", "u-2"}, []string{NotJSON}},
		{"page cut off", "[" + one + "," + two + "," + one[:50], []string{"u-1", "u-2"}, []string{NotJSON, NotJSON}},
		{"pages", "[" + one + "]\n[]\n[" + two + "]", []string{"u-1", "u-2"}, nil},
		{"JSON text sequence", "\x1e" + one + "\n\x1e" + two + "\n", []string{"u-1", "u-2"}, nil},
		{"syslog", "<134>1 2026-01-10T09:00:00Z h okta - - - " + one, []string{"u-1"}, nil},
		{"syslog in message", `{"message":` + quoted("<14>Jan 10 h okta: "+one) + `}`, []string{"u-1"}, nil},
		{"gzip", gzipped(one + "\n" + two), []string{"u-1", "u-2"}, nil},
		{"zstd", string(packer.EncodeAll([]byte("["+one+","+two+"]"), nil)), []string{"u-1", "u-2"}, nil},
		{"UTF-16", utf16, []string{"u-1", "u-2"}, nil},
		{"CSV", "timestamp,uuid,event_type,actor.alternate_id\n2026-01-10T09:00:00.000Z,u-1,user.session.start,ada@corp.example\n,u-2,x,y,z\n", []string{"u-1"}, []string{NotJSON}},
		{"gzip cut", gzipped(one)[:100], nil, []string{Packed}},
		{"gzip of nothing", gzipped(""), nil, []string{Empty}},
		{"gzip of blanks", gzipped(" \n"), nil, []string{Empty}},
		{"lz4", "\x04\x22\x4d\x18xxxxxx", nil, []string{Packed}},
		{"bomb", gzipped(strings.Repeat(" ", MaxUnpacked+1) + one), nil, []string{Packed}},
		{"bombs", `{"records":[` + strings.Repeat(`{"data":"`+base64Of(gzipped(strings.Repeat(" ", MaxUnpacked/3)+one))+`"},`, 3) + `{"data":"` + base64Of(gzipped(one)) + `"}]}`,
			[]string{"u-1", "u-1"}, []string{Packed, Packed}},
	} {
		r := Unwrap([]byte(c.value))
		if got := ids(t, r); !slices.Equal(got, c.ids) {
			t.Errorf("%s: events %q, want %q", c.name, got, c.ids)
		}
		if got := codes(r); !slices.Equal(got, c.rejected) {
			t.Errorf("%s: rejected %q, want %q", c.name, got, c.rejected)
		}
		for _, x := range r.Rejected {
			if x.Reason == "" {
				t.Errorf("%s: no reason for %s", c.name, x.Code)
			}
		}
	}
}

// The reason says where in the record it is.
func TestPositionInSequence(t *testing.T) {
	r := Unwrap([]byte(one + "\n" + `{"a" 1}` + "\n" + two))
	if len(r.Rejected) != 1 || r.Rejected[0].Reason != "line 2: byte 5: expected : after a member's name" || r.Rejected[0].Index != 1 || string(r.Rejected[0].JSON) != `{"a" 1}` {
		t.Errorf("%+v", r.Rejected)
	}
}

// A wrapping that holds an empty list is no way for a record to vanish: batches are counted, anything else is rejected, and
// what is an event besides is one.
func TestEmptyWrappings(t *testing.T) {
	for _, c := range []struct {
		value    string
		events   int
		rejected []string
		empty    []string
	}{
		{`[]`, 0, nil, []string{Page}},
		{`[[]]`, 0, nil, []string{Page}},
		{`{"eventType":"com.okta.event_hook","data":{"events":[]}}`, 0, nil, []string{Hook}},
		{`{"events":[]}`, 0, nil, []string{Batch}},
		{`{"records":[],"requestId":"x"}`, 0, nil, []string{Batch}},
		{`{"resourceLogs":[]}`, 0, nil, []string{OTLP}},
		{`{"hits":{"total":0,"hits":[]}}`, 0, nil, []string{Search}},
		{`{"messageType":"CONTROL_MESSAGE","logEvents":[{"message":"CWL CONTROL MESSAGE: Checking health of destination."}]}`, 0, nil, []string{CloudWatch}},
		{`{"streams":[]}`, 0, nil, []string{Loki}},
		{`[` + one + `,[]]`, 1, nil, []string{Page}},
		{`{"eventType":"user.session.start","actor":{"id":"1"},"log":"[]"}`, 1, nil, nil},
		{`{"eventtype":"user.session.start","actor":{"id":"1"},"message":"[]"}`, 1, nil, nil},
		{`{"eventType":"user.session.start","actor":{"id":"1"},"body":"[[]]"}`, 1, nil, nil},
		{`{"eventType":"user.session.start","actor":{"id":"1"},"message":"{\"note\":1}"}`, 1, nil, nil},
		{`{"eventType":"user.session.start","actor":{"id":"1"},"json":{},"events":[]}`, 1, nil, nil},
		{`{"eventType":"user.session.start","actor":{"id":"1"},"resourceLogs":[]}`, 1, nil, nil},
		{`{"eventType":"user.session.start","actor":{"id":"1"},"_source":{},"payload":null,"schema":1}`, 1, nil, nil},
		{`{"log":"[]"}`, 0, []string{NoEvents}, nil},
		{`{"message":"[]","host":"h"}`, 0, []string{NoEvents}, nil},
		{`{"detail-type":"SystemLog","detail":[]}`, 0, []string{NoEvents}, nil},
		{`{"schema":{},"payload":"[]"}`, 0, []string{NoEvents}, nil},
		{`["[]"]`, 0, nil, []string{Page}},
		{`{"time":1,"event":"[]"}`, 0, []string{NoEvents}, nil},
	} {
		r := Unwrap([]byte(c.value))
		if len(r.Events) != c.events || !slices.Equal(codes(r), c.rejected) || !slices.Equal(r.Empty, c.empty) {
			t.Errorf("%s: %d events, rejected %+v, empty %v", c.value, len(r.Events), r.Rejected, r.Empty)
		}
	}
}

// An event that does not say when it was published takes the time beside it, then that of the nearest wrapping.
func TestTimesOfWrappings(t *testing.T) {
	const row = `"eventtype":"user.session.start","actor":"{}","uuid":"u"`
	for value, want := range map[string]string{
		`{` + row + `,"event_time":"2026-08-14 09:26:53.124"}`:                                          "2026-08-14 09:26:53.124",
		`{` + row + `,"timestamp":1786699613124}`:                                                       "2026-08-14T09:26:53.124Z",
		`{` + row + `,"published":null,"ts":"1786699613"}`:                                              "2026-08-14T09:26:53Z",
		`{` + row + `,"published":"2026-08-14T09:26:53Z","time":1}`:                                     "2026-08-14T09:26:53Z",
		`{"time":1786699613.5,"event":{"eventType":"x","actor":{}}}`:                                    "2026-08-14T09:26:53.5Z",
		`{"detail-type":"S","time":"2026-08-14T09:26:53Z","detail":{"eventType":"x","actor":{}}}`:       "2026-08-14T09:26:53Z",
		`{"ts":1,"records":[{"time":"2026-08-14T09:26:53Z","properties":{"eventType":"x","actor":1}}]}`: "2026-08-14T09:26:53Z",
		`{` + row + `}`:               "",
		`{` + row + `,"time":"soon"}`: "",
		`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1786699613124000000","body":{"stringValue":` + quoted(`{"eventType":"x","actor":1}`) + `}}]}]}]}`: "2026-08-14T09:26:53.124Z",
	} {
		r := Unwrap([]byte(value))
		if len(r.Events) != 1 {
			t.Errorf("%s: %+v", value, r.Rejected)
			continue
		}
		var e struct{ Published string }
		if err := json.Unmarshal(r.Events[0].JSON, &e); err != nil || e.Published != want {
			t.Errorf("%s: published %q, want %q (%v)", value, e.Published, want, err)
		}
	}
}

// Frames of schema registries are recognised; without JSON in them they are refused by the registry's name.
func TestFrames(t *testing.T) {
	id := strings.Repeat("\x07", 16)
	for _, c := range []struct{ name, value, kind, code, reason string }{
		{"Confluent", "\x00\x00\x00\x00\x11" + one, Confluent, "", ""},
		{"Confluent, schema by its GUID", "\x01" + id + one, Confluent, "", ""},
		{"Confluent around lines", "\x00\x00\x00\x00\x11" + one + "\n" + one, Confluent, "", ""},
		{"Apicurio", "\x00\x00\x00\x00\x00\x00\x00\x00\x11" + one, Apicurio, "", ""},
		{"Glue", "\x03\x00" + id + one, Glue, "", ""},
		{"Glue, packed", "\x03\x05" + id + zlibbed(one), Glue, "", ""},
		{"Confluent Avro", "\x00\x00\x00\x00\x11\x48\x02user", "", Binary, "Confluent schema registry (schema 17)"},
		{"Confluent GUID Avro", "\x01" + id + "\x48\x02user", "", Binary, "Confluent schema registry (schema 0707"},
		{"Apicurio Avro", "\x00\x00\x00\x00\x00\x00\x00\x00\x11\x48\x02user", "", ApicurioBinary, "Apicurio schema registry (schema 17)"},
		{"Glue Avro", "\x03\x00" + id + "\x48\x02user", "", GlueBinary, "AWS Glue schema registry (schema 0707"},
		{"Glue Avro, packed", "\x03\x05" + id + "\x48\x02user", "", NotJSON, ""},
		{"Avro", "\xc3\x01\x01\x02\x03\x04\x05\x06\x07\x08\x48", "", AvroBinary, "0102030405060708"},
		{"Avro container", "Obj\x01\x04", "", Packed, "Avro container"},
	} {
		r := Unwrap([]byte(c.value))
		switch {
		case c.code == "" && (len(r.Events) == 0 || len(r.Rejected) > 0 || r.Events[0].Kind != c.kind):
			t.Errorf("%s: %+v", c.name, r)
		case c.code != "" && (len(r.Events) > 0 || len(r.Rejected) != 1 || r.Rejected[0].Code != c.code || !strings.Contains(r.Rejected[0].Reason, c.reason)):
			t.Errorf("%s: %+v", c.name, r)
		}
	}
}
