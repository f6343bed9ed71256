package envelope

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"oktastream/rules/event"
)

// login is a synthetic LogEvent, poor on purpose: envelopes look at its top only.
func login(uuid string) string {
	return `{"actor":{"id":"00u1","type":"User","alternateId":"ada@corp.example"},"client":{"ipAddress":"198.51.100.23"},` +
		`"outcome":{"result":"SUCCESS"},"eventType":"user.session.start","published":"2026-08-14T09:26:53.124Z","uuid":"` + uuid + `"}`
}

var one, two = login("u-1"), login("u-2")

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func framed(body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{0}, 17)) + body
}

const otlp = `{"resourceLogs":[{"resource":{},"scopeLogs":[{"logRecords":[{"body":{"stringValue":%1}},{"body":{"intValue":1}}]}]},{"scopeLogs":[{"logRecords":[{"body":{"stringValue":%2}}]}]}]}`

// envelopes has a record for every way that events travel; each gives the events of ids.
var envelopes = []struct {
	name, value string
	ids         []string
	envelope    string
	kind        string
	rejected    []string
}{
	{"raw", one, []string{"u-1"}, "raw", Raw, nil},
	{"raw with blanks", " \n" + strings.ReplaceAll(one, ":", " : ") + " ", []string{"u-1"}, "raw", Raw, nil},
	{"raw after a byte order mark", "\xef\xbb\xbf" + one, []string{"u-1"}, "raw", Raw, nil},
	{"raw, eventType escaped", strings.ReplaceAll(one, "user.session", `user\u002esession`), []string{"u-1"}, "raw", Raw, nil},
	{"array", "[" + one + "," + two + "]", []string{"u-1", "u-2"}, "array > raw", Page, nil},
	{"empty array", "[]", nil, "", "", nil},
	{"event hook", `{"eventType":"com.okta.event_hook","eventId":"e","data":{"events":[` + one + "," + two + `]},"eventTime":"2026-08-14T09:26:58.806026Z"}`,
		[]string{"u-1", "u-2"}, "event-hook > raw", Hook, nil},
	{"EventBridge", `{"version":"0","detail-type":"SystemLog","source":"aws.partner/okta.com/x","time":"2026-08-14T09:26:54Z","detail":` + one + `}`,
		[]string{"u-1"}, "eventbridge > raw", EventBridge, nil},
	{"Splunk HEC", `{"time":1786699613.124,"host":"h","sourcetype":"OktaIM2:log","event":` + one + `}`, []string{"u-1"}, "splunk-hec > raw", Splunk, nil},
	{"Splunk HEC, text", `{"time":"1786699613.124","event":` + quoted(one) + `}`, []string{"u-1"}, "splunk-hec > raw", Splunk, nil},
	{"Elastic Agent", `{"@timestamp":"2026-08-14T09:27:30.002Z","data_stream":{"dataset":"okta.system"},"event":{"created":"x"},"input":{"type":"httpjson"},"message":` + quoted(one) + `}`,
		[]string{"u-1"}, "elastic-agent > raw", ElasticAgent, nil},
	{"Filebeat", `{"@timestamp":"2026-08-14T09:27:30.002Z","event":{"module":"okta"},"json":` + one + `}`, []string{"u-1"}, "filebeat > raw", Filebeat, nil},
	{"ECS with its original", `{"okta":{"event_type":"user.session.start"},"event":{"original":` + quoted(one) + `}}`, []string{"u-1"}, "ecs > raw", ECS, nil},
	{"ECS without", `{"@timestamp":"2026-08-14T09:26:53.124Z","okta":{"uuid":"u-1","event_type":"user.session.start"}}`, []string{"u-1"}, "ecs", ECS, nil},
	{"search hit", `{"_index":"logs","_source":{"okta":{"uuid":"u-1","event_type":"user.session.start"}}}`, []string{"u-1"}, "es-hit > ecs", Hit, nil},
	{"Connect, text", `{"schema":{"type":"string","optional":false},"payload":` + quoted(one) + `}`, []string{"u-1"}, "connect > raw", Connect, nil},
	{"Connect, struct", `{"payload":` + one + `,"schema":null}`, []string{"u-1"}, "connect > raw", Connect, nil},
	{"schema registry frame", framed(one), []string{"u-1"}, "confluent > raw", Confluent, nil},
	{"Fluent Bit", `{"@timestamp":1786699613.124,"log":` + quoted(one) + `}`, []string{"u-1"}, "text > raw", Text, nil},
	{"message", `{"message":` + quoted(one) + `,"host":"h"}`, []string{"u-1"}, "text > raw", Text, nil},
	{"msg", `{"msg":` + quoted(one) + `}`, []string{"u-1"}, "text > raw", Text, nil},
	{"body", `{"body":` + quoted(one) + `}`, []string{"u-1"}, "text > raw", Text, nil},
	{"raw member", `{"raw":` + quoted(one) + `}`, []string{"u-1"}, "text > raw", Text, nil},
	{"event.original", `{"event":{"original":` + quoted(one) + `},"message":"x"}`, []string{"u-1"}, "text > raw", Text, nil},
	{"flat event.original", `{"event.original":` + quoted(one) + `}`, []string{"u-1"}, "text > raw", Text, nil},
	{"text", quoted(one), []string{"u-1"}, "text > raw", Text, nil},
	{"Vector", strings.TrimSuffix(one, "}") + `,"source_type":"okta","timestamp":"2026-08-14T09:27:30.002Z"}`, []string{"u-1"}, "raw", Raw, nil},
	{"Airbyte", `{"_airbyte_ab_id":"x","_airbyte_data":` + one + `}`, []string{"u-1"}, "airbyte > raw", Airbyte, nil},
	{"Airbyte, text", `{"_airbyte_data":` + quoted(one) + `}`, []string{"u-1"}, "airbyte > raw", Airbyte, nil},
	{"Airbyte stream", `{"stream":"logs","data":` + one + `,"emitted_at":1}`, []string{"u-1"}, "airbyte > raw", Airbyte, nil},
	{"OTLP", strings.NewReplacer("%1", quoted(one), "%2", quoted(two)).Replace(otlp), []string{"u-1", "u-2"}, "otlp > raw", OTLP, []string{NotOkta}},
	{"warehouse row", strings.ToLower(one), []string{"u-1"}, "warehouse-row", Row, nil},
	{"trimmed", `{"eventType":"user.session.start","actor":{"id":"1"}}`, []string{""}, "raw", Raw, nil},
	{"legacy", `{"legacyEventType":"core.user_auth.login_success","uuid":"u-1"}`, []string{"u-1"}, "raw", Raw, nil},
	{"nested", `{"message":` + quoted(`{"detail-type":"SystemLog","detail":[`+one+`]}`) + `}`, []string{"u-1"}, "text > eventbridge > array > raw", Text, nil},
	{"a copy of itself", strings.TrimSuffix(one, "}") + `,"message":` + quoted(two) + `}`, []string{"u-1"}, "raw", Raw, nil},
	{"bad neighbours", `[` + one + `,null,{"a":1},"x",` + two + `]`, []string{"u-1", "u-2"}, "array > raw", Page, []string{NotOkta, NotOkta, NotJSON}},
	{"bad texts", `[` + quoted(one) + `,"{broken"]`, []string{"u-1"}, "array > raw", Page, []string{NotJSON}},
}

func ids(t *testing.T, r Result) (out []string) {
	t.Helper()
	d := event.NewDecoder(nil)
	for _, f := range r.Events {
		e, err := d.Decode(f.JSON, event.Meta{})
		if err != nil {
			t.Fatalf("%s: %v", f.JSON, err)
		}
		id := strings.Clone(e.ID())
		if e.Flags()&event.IDMissing != 0 {
			id = ""
		}
		out = append(out, id)
	}
	return out
}

func codes(r Result) (out []string) {
	for _, x := range r.Rejected {
		out = append(out, x.Code)
	}
	return out
}

func TestEnvelopes(t *testing.T) {
	var u Unwrapper
	for _, c := range envelopes {
		if bare([]byte(c.value)) && c.kind != Raw {
			t.Errorf("%s is taken for a bare event", c.name)
		}
		for name, r := range map[string]Result{"fresh": Unwrap([]byte(c.value)), "reused": u.Unwrap([]byte(c.value))} {
			if got := ids(t, r); !slices.Equal(got, c.ids) {
				t.Errorf("%s, %s: events %q, want %q; rejected %+v", c.name, name, got, c.ids, r.Rejected)
			}
			if got := codes(r); !slices.Equal(got, c.rejected) {
				t.Errorf("%s, %s: rejected %q, want %q", c.name, name, got, c.rejected)
			}
			for _, f := range r.Events {
				if f.Envelope != c.envelope || f.Kind != c.kind {
					t.Errorf("%s: envelope %q of kind %q, want %q, %q", c.name, f.Envelope, f.Kind, c.envelope, c.kind)
				}
			}
		}
	}
}

func TestRejections(t *testing.T) {
	deep := one
	for range MaxNesting {
		deep = "[" + deep + "]"
	}
	if r := Unwrap([]byte(deep)); len(r.Events) != 1 {
		t.Errorf("%d wrappings: %+v", MaxNesting, r.Rejected)
	}
	for _, c := range []struct{ name, value, code, reason string }{
		{"empty", "", Empty, ""},
		{"blank", " \n\t", Empty, ""},
		{"not JSON", "hello", NotJSON, "byte 0"},
		{"cut", one[:len(one)-10], NotJSON, "ends too early"},
		{"Avro", framed("\x48\x02user"), Binary, "Avro"},
		{"Protobuf", framed("\x00\x0a\x05hello"), Binary, "Protobuf"},
		{"frame without a body", "\x00\x00\x00\x00\x01", Binary, ""},
		{"null", "null", NotOkta, "null"},
		{"number", "42", NotOkta, ""},
		{"CloudTrail", `{"eventType":"AwsApiCall","eventID":"x","eventTime":"y","userIdentity":{}}`, NotOkta, "eventType"},
		{"another document", `{"user":"x"}`, NotOkta, ""},
		{"hook without events", `{"eventType":"com.okta.event_hook","data":{}}`, NotOkta, "data.events"},
		{"Connect tombstone", `{"schema":null,"payload":null}`, NotOkta, "connect"},
		{"too many wrappings", "[" + deep + "]", TooDeep, "array > array"},
		{"too many objects", strings.Repeat(`{"a":`, 100000), NotJSON, "nested"},
		{"too many brackets", strings.Repeat("[", 100000), NotJSON, "nested"},
		{"two values", `{"a":1}{"a":2}`, NotOkta, "none of 2 documents"},
		{"two values that are none", `{"a" 1} x`, NotJSON, "byte 5"},
		{"noise", strings.Repeat("noise\n", 20000), NotJSON, "byte 1"},
		{"ECS event object", `{"event":{"kind":"event"},"host":"x"}`, NotOkta, ""},
	} {
		r := Unwrap([]byte(c.value))
		if len(r.Events) != 0 || len(r.Rejected) != 1 || r.Rejected[0].Code != c.code || !strings.Contains(r.Rejected[0].Reason, c.reason) || r.Rejected[0].Reason == "" {
			t.Errorf("%s: %d events, rejected %+v, want %s", c.name, len(r.Events), r.Rejected, c.code)
		}
	}
	if r := Unwrap(nil); len(r.Rejected) != 1 || r.Rejected[0].Code != Tombstone {
		t.Errorf("no value: %+v", r)
	}
}

// The index of an element does not depend on whether its neighbours are events.
func TestIndex(t *testing.T) {
	r := Unwrap([]byte(`[{"a":1},` + one + `,[` + two + `,3],` + one + `]`))
	var found, rejected []int32
	for _, f := range r.Events {
		found = append(found, f.Index)
	}
	for _, x := range r.Rejected {
		rejected = append(rejected, x.Index)
	}
	if !slices.Equal(found, []int32{1, 2, 4}) || !slices.Equal(rejected, []int32{0, 3}) {
		t.Errorf("events at %v, rejections at %v", found, rejected)
	}
	if string(r.Rejected[0].JSON) != `{"a":1}` || string(r.Rejected[1].JSON) != `3` {
		t.Errorf("rejected %s and %s", r.Rejected[0].JSON, r.Rejected[1].JSON)
	}
}

func TestTooManyEvents(t *testing.T) {
	page := func(n int) []byte { return []byte("[" + strings.Repeat(one+",", n-1) + one + "]") }
	if r := Unwrap(page(MaxEvents)); len(r.Events) != MaxEvents || len(r.Rejected) != 0 {
		t.Errorf("%d events, rejected %q", len(r.Events), codes(r))
	}
	value := page(MaxEvents + 5)
	r := Unwrap(value)
	if len(r.Events) != MaxEvents || !slices.Equal(codes(r), []string{TooMany}) || !bytes.Equal(r.Rejected[0].JSON, value) {
		t.Errorf("%d events, rejected %q", len(r.Events), codes(r))
	}
}

func TestPin(t *testing.T) {
	for _, c := range envelopes {
		if len(c.ids) == 0 || len(c.rejected) > 0 {
			continue
		}
		for _, kind := range append(Kinds(), "auto", "") {
			u, err := New(kind, "")
			if err != nil {
				t.Fatal(err)
			}
			r := u.Unwrap([]byte(c.value))
			switch {
			case kind == c.kind || kind == "auto" || kind == "":
				if got := ids(t, r); !slices.Equal(got, c.ids) {
					t.Errorf("%s pinned to %q: %q, rejected %+v", c.name, kind, got, r.Rejected)
				}
			case len(r.Events) == 0:
				if got := codes(r); !slices.Equal(got, []string{NotExpected}) {
					t.Errorf("%s pinned to %q: rejected %q", c.name, kind, got)
				}
			default: // a document can be two things at once; then the pin decides
				for _, f := range r.Events {
					if f.Kind != kind {
						t.Errorf("%s pinned to %q gave %q", c.name, kind, f.Kind)
					}
				}
			}
		}
	}
	if _, err := New("avro", ""); err == nil || !strings.Contains(err.Error(), "event-hook") {
		t.Errorf("Pin of an unknown kind: %v", err)
	}
}

// A document of the Elastic integration, turned back, reads the same through ECS names as it did as a document.
func TestECSDocument(t *testing.T) {
	const doc = `{"@timestamp":"2026-08-14T09:26:53.124Z","event":{"action":"user.session.start","outcome":"success","id":"u-1"},
"client":{"ip":"198.51.100.23","geo":{"city_name":"Lyon","region_name":"Rhône","country_name":"France","location":{"lat":45.7,"lon":4.8}}},
"okta":{"uuid":"u-1","event_type":"user.session.start","display_message":"User login","actor":{"id":"00u1","type":"User","alternate_id":"ada@corp.example","display_name":"Ada"},
"client":{"ip":"198.51.100.23","device":"Computer","zone":"null","user_agent":{"raw_user_agent":"Mozilla/5.0","os":"Linux","browser":"FIREFOX"}},
"device":{"os_platform":"OSX","managed":true},"outcome":{"result":"SUCCESS"},
"target":[{"id":"0oa1","type":"AppInstance","alternate_id":"app","display_name":"App","detailEntry":{"methodTypeUsed":"X"},"changeDetails":{"some_key":{"from":1}}}],
"transaction":{"id":"t1","type":"WEB","detail":{"request_api_token_id":"00T1"}},
"authentication_context":{"external_session_id":"idx1","authentication_step":0,"issuer":{"id":"i1"}},
"security_context":{"as":{"number":64500,"organization":{"name":"example"}},"isp":"isp","domain":".","is_proxy":false},
"request":{"ip_chain":[{"ip":"198.51.100.23","version":"V4","geographical_context":{"postal_code":"69001"}}]},
"debug_context":{"debug_data":{"dt_hash":"h1","threat_suspected":"false","risk_level":"HIGH","risk_reasons":["Anomalous Location"],"risk_behaviors":["New Device"],
"flattened":{"dtHash":"h1","behaviors":{"New Device":"POSITIVE","Velocity":"NEGATIVE"},"risk":{"level":"LOW"},"logOnlySecurityData":{"risk":{"level":"HIGH","reasons":"Anomalous Location"}},
"tunnels":[{"operator":"A"}],"originalPrincipal":{"id":"00u7"},"requestedScopes":"openid"}}}}}`
	r := Unwrap([]byte(doc))
	if len(r.Events) != 1 {
		t.Fatalf("rejected %+v", r.Rejected)
	}
	e, err := event.NewDecoder(nil).Decode(r.Events[0].JSON, event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	if e.Flags() != 0 || e.Type() != "user.session.start" || e.ID() != "u-1" {
		t.Errorf("type %q, id %q, flags %b", e.Type(), e.ID(), e.Flags())
	}
	for path, want := range map[string]string{
		"okta.display_message": "User login", "okta.actor.alternate_id": "ada@corp.example", "user.name": "ada@corp.example", "source.ip": "198.51.100.23",
		"client.geo.city_name": "Lyon", "client.geographicalContext.geolocation.lat": "45.7", "okta.client.user_agent.raw_user_agent": "Mozilla/5.0",
		"okta.device.os_platform": "OSX", "device.managed": "true", "event.outcome": "success", "target[type=AppInstance].alternateId": "app",
		"okta.target.detailEntry.methodTypeUsed": "X", "target.changeDetails.some_key.from": "1", "transaction.detail.requestApiTokenId": "00T1",
		"okta.authentication_context.external_session_id": "idx1", "okta.security_context.as.number": "64500", "source.as.organization.name": "example",
		"securityContext.isProxy": "false", "okta.request.ip_chain.ip": "198.51.100.23", "request.ipChain.geographicalContext.postalCode": "69001",
		"okta.debug_context.debug_data.dt_hash": "h1", "okta.debug_context.debug_data.risk_level": "HIGH", "okta.debug_context.debug_data.risk_reasons": "Anomalous Location",
		"okta.debug_context.debug_data.risk_behaviors": "New Device", "debugContext.debugData.behaviors": "{New Device=POSITIVE, Velocity=NEGATIVE}",
		"debugContext.debugData.risk": "{level=LOW}", "debugContext.debugData.tunnels.operator": "A", "debugContext.debugData.originalPrincipal.id": "00u7",
		"okta.debug_context.debug_data.flattened.requestedScopes": "openid",
	} {
		if got := e.Lookup(event.MustPath(path)); len(got) != 1 || got[0].Text != want {
			t.Errorf("%s = %v, want %q", path, got, want)
		}
	}
	derived := Unwrap([]byte(`{"okta":{"event_type":"x","debug_context":{"debug_data":{"risk_level":"LOW","risk_reasons":["A","B"],"risk_behaviors":"New IP"}}}}`))
	e, err = event.NewDecoder(nil).Decode(derived.Events[0].JSON, event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"okta.debug_context.debug_data.risk_level": "LOW", "debugContext.debugData.risk": "{reasons=A, B, level=LOW}", "debugContext.debugData.behaviors.New IP": "POSITIVE"} {
		if got := e.Lookup(event.MustPath(path)); len(got) != 1 || got[0].Text != want {
			t.Errorf("%s = %v, want %q", path, got, want)
		}
	}
}

func TestBareEventDoesNotAllocate(t *testing.T) {
	var u Unwrapper
	value := []byte(one)
	if n := testing.AllocsPerRun(100, func() { u.Unwrap(value) }); n != 0 {
		t.Errorf("%v allocations for a bare event", n)
	}
	r := u.Unwrap(value)
	if &r.Events[0].JSON[0] != &value[0] {
		t.Error("the event's bytes were copied")
	}
}

// Whatever the bytes: no panic, every element counted once, and what comes out of a wrapping is JSON.
func FuzzUnwrap(f *testing.F) {
	for _, c := range envelopes {
		f.Add([]byte(c.value))
	}
	f.Add([]byte(framed("\x48\x02user")))
	f.Fuzz(func(t *testing.T, value []byte) {
		var u Unwrapper
		for range 2 {
			r := u.Unwrap(value)
			next := map[int32]bool{}
			for _, x := range r.Events {
				next[x.Index] = true
				if !slices.Contains(Kinds(), x.Kind) || x.Envelope == "" {
					t.Fatalf("kind %q, envelope %q", x.Kind, x.Envelope)
				}
				if x.Envelope != Raw && !json.Valid(x.JSON) {
					t.Fatalf("%q is no JSON", x.JSON)
				}
			}
			for _, x := range r.Rejected {
				next[x.Index] = true
				if x.Code == "" || x.Reason == "" {
					t.Fatalf("rejection without code or reason: %+v", x)
				}
			}
			if len(next) != len(r.Events)+len(r.Rejected) {
				t.Fatalf("%d indexes for %d events and %d rejections", len(next), len(r.Events), len(r.Rejected))
			}
			for i := range len(next) {
				if !next[int32(i)] {
					t.Fatalf("no element %d", i)
				}
			}
		}
	})
}

// Every envelope and every event of OKTASTREAM_CORPUS can be read; all of its files are meant to be.
func TestCorpus(t *testing.T) {
	dir := os.Getenv("OKTASTREAM_CORPUS")
	if dir == "" {
		t.Skip("OKTASTREAM_CORPUS does not name a directory of public rules and events")
	}
	files, err := filepath.Glob(filepath.Join(dir, "envelopes", "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no envelopes under %s: %v", dir, err)
	}
	for _, file := range files {
		value, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := Unwrap(value)
		if len(r.Events) == 0 || len(r.Rejected) > 0 {
			t.Errorf("%s: %d events, rejected %+v", filepath.Base(file), len(r.Events), r.Rejected)
			continue
		}
		t.Logf("%-28s %d × %s", filepath.Base(file), len(r.Events), r.Events[0].Envelope)
		for i, id := range ids(t, r) {
			if id == "" {
				t.Errorf("%s: event %d has no uuid", filepath.Base(file), i)
			}
		}
	}
	lines, _ := filepath.Glob(filepath.Join(dir, "events", "*.ndjson"))
	for _, file := range lines {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for line := range bytes.Lines(data) {
			if r := Unwrap(bytes.TrimSpace(line)); len(r.Events) == 0 || len(r.Rejected) > 0 {
				t.Errorf("%s line %d: rejected %+v", filepath.Base(file), n+1, r.Rejected)
			}
			n++
		}
		t.Log(filepath.Base(file) + ": " + strconv.Itoa(n) + " lines")
	}
}

// A document whose debug data the integration has not flattened: behaviours have their names in Sigma's spelling and in its own.
func TestECSDocumentNotFlattened(t *testing.T) {
	r := Unwrap([]byte(`{"okta":{"uuid":"u","event_type":"x","debug_context":{"debug_data":{"dt_hash":"h","behaviors":{"New_Device":"POSITIVE","New_Geo_Location":"NEGATIVE"},
		"risk_behaviors":["New Device"],"risk_level":"HIGH","risk_reasons":["A","B"],"risk":{"level":"LOW"},"logOnlySecurityData":{"behaviors":{"New_City":"UNKNOWN"}}}}}}`))
	e, err := event.NewDecoder(nil).Decode(r.Events[0].JSON, event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"okta.debug_context.debug_data.behaviors.New_Device": "POSITIVE", "debugContext.debugData.behaviors.New Device": "POSITIVE",
		"debugContext.debugData.behaviors.New Geo-Location": "NEGATIVE", "okta.debug_context.debug_data.risk_behaviors": "New Device",
		"debugContext.debugData.behaviors": "{New Device=POSITIVE, New_Geo_Location=NEGATIVE}", "okta.debug_context.debug_data.risk_level": "HIGH",
		"debugContext.debugData.risk.level": "LOW", "debugContext.debugData.logOnlySecurityData.behaviors.New City": "UNKNOWN",
		"okta.debug_context.debug_data.dt_hash": "h",
	} {
		if got := e.Lookup(event.MustPath(path)); len(got) != 1 || got[0].Text != want {
			t.Errorf("%s = %v, want %q", path, got, want)
		}
	}
}

// What a document says beside its event is kept, whether it has kept the event as it was or not.
func TestDocumentSpeaksForItself(t *testing.T) {
	const says = `"source":{"ip":"203.0.113.7","geo":{"country_iso_code":"RU","city_name":"Tver"},"as":{"number":64501,"organization":{"name":"theirs"}}},
		"tags":["a","b"],"labels":{"org":"north"},"organization":{"id":"o1","name":"North"},"user_agent":{"os":{"name":"Plan 9"}},"host":{"name":"h1"},
		"client":{"ip":"203.0.113.7","as":{"number":5},"bytes":7},"uuid":"not this","alert":{"rule_id":"nor this"},"event":{"action":"user.session.start","ingested":"2026-01-10T09:00:05Z","original":ORIGINAL}`
	paths := map[string]string{"source.geo.country_iso_code": "RU", "source.geo.city_name": "Tver", "source.as.number": "64501", "source.as.organization.name": "theirs",
		"tags": "a|b", "labels.org": "north", "organization.name": "North", "organization.id": "o1", "user_agent.os.name": "Plan 9", "host.name": "h1",
		"event.ingested": "2026-01-10T09:00:05Z", "event.original": "", "source.ip": "203.0.113.7", "actor.alternateId": "ada", "event.action": "user.session.start",
		"kibana.alert.rule.rule_id": "", "event.id": "u1", "okta.client.device": "Computer"}
	for name, doc := range map[string]string{
		"rewritten": `{"@timestamp":"2026-01-10T09:00:00Z",` + strings.Replace(says, "ORIGINAL", `"x"`, 1) + `,"okta":{"uuid":"u1","event_type":"user.session.start","actor":{"alternate_id":"ada"},"client":{"device":"Computer","ip":"203.0.113.7"}}}`,
		"original": `{"@timestamp":"2026-01-10T09:00:00Z",` + strings.Replace(says, "ORIGINAL", `"{\"uuid\":\"u1\",\"published\":\"2026-01-10T09:00:00Z\",\"eventType\":\"user.session.start\",\"actor\":{\"alternateId\":\"ada\"},\"client\":{\"device\":\"Computer\",\"ipAddress\":\"203.0.113.7\"}}"`, 1) +
			`,"okta":{"event_type":"user.session.start"}}`,
	} {
		r := Unwrap([]byte(doc))
		if len(r.Events) != 1 {
			t.Fatalf("%s: %+v", name, r)
		}
		fields := event.NewFields()
		for path := range paths {
			fields.Add(event.MustPath(path))
		}
		e, err := event.NewDecoder(fields).Decode(r.Events[0].JSON, event.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range paths {
			var got []string
			for _, v := range e.Lookup(event.MustPath(path)) {
				got = append(got, v.Text)
			}
			if strings.Join(got, "|") != want {
				t.Errorf("%s: %s is %q, want %q", name, path, got, want)
			}
		}
	}
}
