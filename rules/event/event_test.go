package event

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules/event/jsontree"
)

// signIn is a synthetic event with every notation that Okta uses.
const signIn = `{"uuid":"5d0b7c40-9a1e-11f1-8c55-0242ac120002","published":"2026-08-14T09:26:53.124Z","eventType":"user.session.start",
"version":"0","severity":"INFO","displayMessage":"User login to Okta","legacyEventType":null,
"actor":{"id":"00u1","type":"User","alternateId":"ada+okta@corp.example","displayName":"Ada \"Example\" \u00e9","detailEntry":null},
"client":{"userAgent":{"rawUserAgent":"Mozilla/5.0","os":"Linux","browser":"FIREFOX"},"zone":"null","device":"Computer","id":null,"ipAddress":"198.51.100.23",
"geographicalContext":{"city":"Lyon","state":"","country":"France","postalCode":10013,"geolocation":{"lat":45.767, "lon":4.834}}},
"device":{"id":null,"device_integrator":"{\"vendor\":{\"score\":7}}"},
"authenticationContext":{"authenticationProvider":null,"authenticationStep":0,"externalSessionId":"idx1","interface":"IF"},
"outcome":{"result":"SUCCESS","reason":null},
"target":[{"id":"0oa9","type":"AppInstance","alternateId":"Admin","displayName":"Console","detailEntry":{"signOnModeType":"SAML_2_0"}},null,
{"id":"00u2","type":"user","displayName":"Bob","alternateId":"bob@corp.example"},{"id":"00u3","type":"User","displayName":"Cy"},
{"id":"00g1","type":"UserGroup","displayName":"Admins","changeDetails":{"from":null,"to":{"status":"ACTIVE"}}}],
"transaction":{"type":"WEB","id":"t1","detail":{"requestApiTokenId":"00T1"}},
"debugContext":{"debugData":{"requestUri":"/idp","dtHash":"-","threatSuspected":"false","a.b":"dotted",
"behaviors":"{New Geo-Location=POSITIVE, Anomalous Location: Country=POSITIVE, New Device=NEGATIVE, 5d0b7c40-9a1e=UNKNOWN}",
"risk":"{reasons=Anomalous Location, Anomalous Device, level=HIGH}","partnerRisk":"[{level=LOW, issuer=x}, Risk{level=MEDIUM}]",
"logOnlySecurityData":"{\"risk\":{\"reasons\":\"Anomalous Location, New IP\",\"level\":\"MEDIUM\"},\"behaviors\":{\"New Device\":\"POSITIVE\"}}",
"tunnels":"[{\"operator\":\"A\"},{\"operator\":\"B\"}]","originalPrincipal":{"id":"00u7"},"requestedScopes":"openid"}},
"securityContext":{"asNumber":64500,"asOrg":"example transit","isp":"example isp","domain":".","isProxy":false,
"risk":{"level":"LOW","reasons":["One","Two"]},"userBehaviors":[{"id":"b1","name":"New Device","result":"NEGATIVE"}]},
"request":{"ipChain":[{"ip":"198.51.100.23","version":"V4"},{"ip":"2001:db8::1","version":"V6"}]}}`

func decode(t testing.TB, raw string, m Meta) *Event {
	t.Helper()
	e, err := NewDecoder(nil).Decode([]byte(raw), m)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func texts(vals []Value) string {
	var out []string
	for _, v := range vals {
		out = append(out, v.Text)
	}
	return strings.Join(out, "|")
}

var lookups = []struct{ path, want string }{
	{"actor.alternateId", "ada+okta@corp.example"},
	{"ACTOR.ALTERNATEID", "ada+okta@corp.example"},
	{"actor.displayName", `Ada "Example" é`},
	{"actor.detailEntry", ""},
	{"actor.nothing", ""},
	{"actor.id.deeper", ""},
	{"legacyEventType", ""},
	{"authenticationContext.authenticationStep", "0"},
	{"securityContext.isProxy", "false"},
	{"client.geographicalContext.postalCode", "10013"},
	{"client.geographicalContext.state", ""},
	{"client.geographicalContext.geolocation", `{"lat":45.767,"lon":4.834}`},
	// Arrays: any element, a position, a filter, both.
	{"target.displayName", "Console|Bob|Cy|Admins"},
	{"target[].displayName", "Console|Bob|Cy|Admins"},
	{"target.0.displayName", "Console"},
	{"target.1.displayName", ""},
	{"target[2].displayName", "Bob"},
	{"target.9.displayName", ""},
	{"target[type=User].displayName", "Bob|Cy"},
	{`target[ type = "User" ].displayName`, "Bob|Cy"},
	{"target[type='User'][0].displayName", "Bob"},
	{"target[type=User][1].id", "00u3"},
	{"target[type=Nobody].id", ""},
	{"target.detailEntry.signOnModeType", "SAML_2_0"},
	{"target.changeDetails.to.status", "ACTIVE"},
	{"target.changeDetails.from", ""},
	{"securityContext.risk.reasons", "One|Two"},
	{"securityContext.userBehaviors[name=New Device].result", "NEGATIVE"},
	{"request.ipChain.ip", "198.51.100.23|2001:db8::1"},
	{"request.ipChain[version=V6].ip", "2001:db8::1"},
	// Names that need quoting.
	{`debugContext.debugData."a.b"`, "dotted"},
	{`debugContext.debugData["a.b"]`, "dotted"},
	{`debugContext.debugData.a\.b`, "dotted"},
	// Texts, raw and read.
	{"debugContext.debugData.behaviors", "{New Geo-Location=POSITIVE, Anomalous Location: Country=POSITIVE, New Device=NEGATIVE, 5d0b7c40-9a1e=UNKNOWN}"},
	{"debugContext.debugData.behaviors.New Geo-Location", "POSITIVE"},
	{"debugContext.debugData.behaviors.Anomalous Location: Country", "POSITIVE"},
	{"debugContext.debugData.behaviors.new device", "NEGATIVE"},
	{"debugContext.debugData.behaviors.5d0b7c40-9a1e", "UNKNOWN"},
	{"debugContext.debugData.risk.level", "HIGH"},
	{"debugContext.debugData.risk.reasons", "Anomalous Location, Anomalous Device"},
	{"debugContext.debugData.partnerRisk.level", "LOW|MEDIUM"},
	{"debugContext.debugData.partnerRisk[level=LOW].issuer", "x"},
	{"debugContext.debugData.logOnlySecurityData.risk.level", "MEDIUM"},
	{"debugContext.debugData.logOnlySecurityData.behaviors.New Device", "POSITIVE"},
	{"debugContext.debugData.tunnels.operator", "A|B"},
	{"debugContext.debugData.tunnels.1.operator", "B"},
	{"debugContext.debugData.tunnels[operator=B].operator", "B"},
	{"debugContext.debugData.originalPrincipal.id", "00u7"},
	{"debugContext.debugData.requestUri.x", ""},
	{"device.device_integrator.vendor.score", "7"},
	// ECS names.
	{"okta.actor.alternate_id", "ada+okta@corp.example"},
	{"okta.actor.display_name", `Ada "Example" é`},
	{"user.name", "ada+okta@corp.example"},
	{"User.Name", "ada+okta@corp.example"},
	{"source.user.full_name", `Ada "Example" é`},
	{"related.user", `ada+okta@corp.example|Ada "Example" é|Bob`},
	{"okta.client.ip", "198.51.100.23"},
	{"source.ip", "198.51.100.23"},
	{"event.action", "user.session.start"},
	{"okta.event_type", "user.session.start"},
	{"event.outcome", "success"},
	{"event.kind", "event"},
	{"data_stream.dataset", "okta.system"},
	{"event.dataset", "okta.system"},
	{"@timestamp", "2026-08-14T09:26:53.124Z"},
	{"event.id", "5d0b7c40-9a1e-11f1-8c55-0242ac120002"},
	{"okta.target.alternate_id", "Admin|bob@corp.example"},
	{"okta.target[type=User].display_name", "Bob|Cy"},
	{"okta.target.detailEntry.signOnModeType", "SAML_2_0"},
	{"okta.target.changeDetails.to.status", "ACTIVE"},
	{"user.target.id", "00u2"},
	{"user.target.full_name", "Bob"},
	{"user.target.group.name", "Admins"},
	{"okta.client.user_agent.raw_user_agent", "Mozilla/5.0"},
	{"user_agent.original", "Mozilla/5.0"},
	{"okta.client.zone", "null"},
	{"client.geo.city_name", "Lyon"},
	{"client.geo.region_name", ""},
	{"source.geo.country_name", "France"},
	{"source.as.number", "64500"},
	{"okta.security_context.as.organization.name", "example transit"},
	{"okta.security_context.is_proxy", "false"},
	{"client.domain", "."},
	{"okta.request.ip_chain.ip", "198.51.100.23|2001:db8::1"},
	{"okta.transaction.detail.request_api_token_id", "00T1"},
	{"okta.authentication_context.external_session_id", "idx1"},
	{"okta.authentication_context.authentication_provider", "IF"},
	{"okta.device.device_integrator.vendor.score", "7"},
	{"okta.debug_context.debug_data.dt_hash", "-"},
	{"okta.debug_context.debug_data.threat_suspected", "false"},
	{"okta.debug_context.debug_data.flattened.requestedScopes", "openid"},
	{"okta.debug_context.debug_data.flattened.behaviors.New Device", "NEGATIVE"},
	{"okta.debug_context.debug_data.requestedScopes", "openid"},
	{"okta.debug_context.debug_data.risk_level", "MEDIUM"},
	{"okta.debug_context.debug_data.risk_reasons", "Anomalous Location|New IP"},
	{"okta.debug_context.debug_data.risk_behaviors", "New Geo-Location|Anomalous Location: Country"},
	{"user.email", "ada+okta@corp.example"},
	{"okta.nonsense", ""},
}

// Lookup, the numbered field and the value after a projection are three ways to the same answer.
func TestLookup(t *testing.T) {
	fields := NewFields()
	for _, c := range lookups {
		fields.Add(MustPath(c.path))
	}
	e, err := NewDecoder(fields).Decode([]byte(signIn), Meta{})
	if err != nil {
		t.Fatal(err)
	}
	plain := decode(t, signIn, Meta{})
	for _, c := range lookups {
		p := MustPath(c.path)
		if got := texts(plain.Lookup(p)); got != c.want {
			t.Errorf("%s = %q, want %q", c.path, got, c.want)
		}
		if diff := cmp.Diff(plain.Lookup(p), e.Field(fields.Add(p)), equateEmpty); diff != "" {
			t.Errorf("%s: field differs from look-up: %s", c.path, diff)
		}
		projected := decode(t, string(plain.Project(NewProjection(p))), Meta{})
		if diff := cmp.Diff(plain.Lookup(p), projected.Lookup(p), equateEmpty); diff != "" {
			t.Errorf("%s: projection %s differs: %s", c.path, projected.Raw(), diff)
		}
	}
}

var equateEmpty = cmp.FilterValues(func(a, b []Value) bool { return len(a) == 0 && len(b) == 0 }, cmp.Ignore())

func TestKinds(t *testing.T) {
	e := decode(t, `{"a":"x","b":1.50,"c":true,"d":{ "k" : [1, null] },"e":[{"f":1}],"g":1e400}`, Meta{})
	for path, want := range map[string]Value{
		"a": {String, "x"}, "b": {Number, "1.50"}, "c": {Bool, "true"}, "d": {Object, `{"k":[1,null]}`},
		"e": {Object, `{"f":1}`}, "g": {Number, "1e400"},
	} {
		if got := e.Lookup(MustPath(path)); len(got) != 1 || got[0] != want {
			t.Errorf("%s = %v, want %v", path, got, want)
		}
	}
	if got := e.Lookup(Path{}); len(got) != 0 {
		t.Errorf("the zero path found %v", got)
	}
}

func TestHookShape(t *testing.T) {
	const hook = `{"client":{"ipChain":[{"ip":"192.0.2.1","version":"V4"}]}}`
	for _, path := range []string{"request.ipChain.ip", "okta.request.ip_chain.ip", "client.ipChain.ip", "request.ipChain[version=V4].ip"} {
		if got := texts(decode(t, hook, Meta{}).Lookup(MustPath(path))); got != "192.0.2.1" {
			t.Errorf("%s = %q", path, got)
		}
	}
	const both = `{"client":{"ipChain":[{"ip":"192.0.2.1"}]},"request":{"ipChain":[{"ip":"192.0.2.2"}]}}`
	if got := texts(decode(t, both, Meta{}).Lookup(MustPath("request.ipChain.ip"))); got != "192.0.2.2" {
		t.Errorf("request.ipChain is there, but the path found %q", got)
	}
}

func TestAliasesOfPoorEvents(t *testing.T) {
	for _, c := range []struct{ raw, path, want string }{
		{`{}`, "event.outcome", "unknown"},
		{`{"outcome":null}`, "event.outcome", "unknown"},
		{`{"outcome":{"result":"CHALLENGE"}}`, "event.outcome", "unknown"},
		{`{"outcome":{"result":"allow"}}`, "event.outcome", "success"},
		{`{"outcome":{"result":"DENY"}}`, "event.outcome", "failure"},
		{`{"client":{"ipAddress":"null"}}`, "source.ip", ""},
		{`{"client":{"ipAddress":"555.333.22.33"}}`, "source.ip", ""},
		{`{"client":{"ipAddress":"2001:DB8::1"}}`, "source.ip", "2001:db8::1"},
		{`{"actor":{"alternateId":"@@"}}`, "user.name", "@@"},
		{`{"actor":{"alternateId":"@@"}}`, "user.email", ""},
		{`{"actor":{"alternateId":"system@okta.com"}}`, "user.email", "system@okta.com"},
		{`{"actor":{"alternateId":"CORP\\\\ada"}}`, "user.email", ""},
		{`{"actor":{"alternateId":""}}`, "user.name", ""},
		{`{"debugContext":{"debugData":{"risk":"Risk{level=LOW}"}}}`, "okta.debug_context.debug_data.risk_level", "LOW"},
		{`{"debugContext":{"debugData":{"risk":"{level=LOW}","logOnlySecurityData":"{\"risk\":{}}"}}}`, "okta.debug_context.debug_data.risk_level", "LOW"},
		{`{"securityContext":{"risk":{"level":"HIGH"}}}`, "okta.debug_context.debug_data.risk_level", "HIGH"},
		{`{"debugContext":{"debugData":{"my_key":"v"}}}`, "okta.debug_context.debug_data.my_key", "v"},
	} {
		if got := texts(decode(t, c.raw, Meta{}).Lookup(MustPath(c.path))); got != c.want {
			t.Errorf("%s: %s = %q, want %q", c.raw, c.path, got, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ raw, path, want string }{
		{`{"eventType":"a","eventType":"b"}`, "eventType", "b"},
		{`{"eventType":"a","EVENTTYPE":"b"}`, "eventType", "a"},
		{`{"EVENTTYPE":"b","eventType":"a"}`, "eventType", "a"},
		{`{"EventType":"a","EVENTTYPE":"b"}`, "eventType", "b"},
		{`{"eventType":"a","eventType":null}`, "eventType", ""},
		{`{"actor":{"id":"1"},"actor":{"type":"User"}}`, "actor.id", ""},
		{`{"event\u0054ype":"a"}`, "eventType", "a"},
		{`{"debugcontext":{"debugdata":{"DTHASH":"x"}}}`, "debugContext.debugData.dtHash", "x"},
		{"{\"eventType\":\"a\xff\"}", "eventType", "a\ufffd"},
		{`{"eventType":"\ud800"}`, "eventType", "\ufffd"},
		{`{"target":[["x",{"id":"1"}],{"id":"2"}]}`, "target.id", "1|2"},
		{`{"actor":"{\"id\":\"1\"}"}`, "actor.id", "1"}, // a warehouse keeps nested objects as text
	} {
		e := decode(t, c.raw, Meta{})
		if got := texts(e.Lookup(MustPath(c.path))); got != c.want {
			t.Errorf("%s: %s = %q, want %q", c.raw, c.path, got, c.want)
		}
		if c.path == "eventType" && e.Type() != c.want {
			t.Errorf("%s: Type %q, want %q", c.raw, e.Type(), c.want)
		}
	}
}

func TestIdentity(t *testing.T) {
	origin := Origin{Topic: "in", Partition: 2, Offset: 7, Index: 1}
	for raw, want := range map[string]string{
		`{"uuid":"u1"}`: "u1", `{"UUID":"u1"}`: "u1", `{"uuid":12}`: "12", `{"uuid":""}`: "in/2/7/1", `{"uuid":null}`: "in/2/7/1", `{"uuid":{}}`: "in/2/7/1",
	} {
		e := decode(t, raw, Meta{Origin: origin})
		if e.ID() != want || (e.Flags()&IDMissing != 0) != (want == "in/2/7/1") {
			t.Errorf("%s: %q, flags %b", raw, e.ID(), e.Flags())
		}
		if e.Origin() != origin || string(e.Raw()) != raw {
			t.Errorf("%s: origin or raw lost", raw)
		}
	}
	e := decode(t, `{"uuid":"u1","published":"2026-08-14T09:26:53Z"}`, Meta{ID: "given", Time: 42, Flags: TimeClamped, Envelope: "array"})
	if e.ID() != "given" || e.Time() != 42 || e.Flags() != TimeClamped || e.Envelope() != "array" {
		t.Errorf("given identity not kept: %q %d %b", e.ID(), e.Time(), e.Flags())
	}
}

func TestTime(t *testing.T) {
	at := func(s string) int64 {
		x, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return x.UnixNano()
	}
	record := at("2026-01-02T03:04:05Z")
	const v1 = "5d0b7c40-9a1e-11f1-8c55-0242ac120002"
	clock := uuidTime(v1)
	if got := time.Unix(0, clock).UTC().Format(time.DateOnly); got != "2026-08-15" && got != "2026-08-17" && !strings.HasPrefix(got, "2026-") {
		t.Fatalf("uuid clock reads %s", got)
	}
	for _, c := range []struct {
		published string
		meta      Meta
		want      int64
		flags     Flags
	}{
		{`"2026-08-14T09:26:53.124Z"`, Meta{}, at("2026-08-14T09:26:53.124Z"), 0},
		{`"2026-08-14T09:26:53Z"`, Meta{}, at("2026-08-14T09:26:53Z"), 0},
		{`"2026-08-14T09:26:53.12Z"`, Meta{}, at("2026-08-14T09:26:53.12Z"), 0},
		{`"2026-08-14T09:26:53.123456789+02:00"`, Meta{}, at("2026-08-14T07:26:53.123456789Z"), 0},
		{`"2026-08-14 09:26:53.124"`, Meta{}, at("2026-08-14T09:26:53.124Z"), 0},
		{`"2026-08-14 09:26:53"`, Meta{}, at("2026-08-14T09:26:53Z"), 0},
		{`"2026-08-14 09:26:53.123456789"`, Meta{}, at("2026-08-14T09:26:53.123456789Z"), 0},
		{`"2026-08-14 09:26:53Z"`, Meta{}, at("2026-08-14T09:26:53Z"), 0},
		{`"2026-08-14 09:26:53+02:00"`, Meta{}, at("2026-08-14T07:26:53Z"), 0},
		{`1786699613124`, Meta{Timestamp: record}, at("2026-08-14T09:26:53.124Z"), 0},
		{`"1786699613.124"`, Meta{Timestamp: record}, at("2026-08-14T09:26:53.124Z"), 0},
		{`{"$date":{"$numberLong":"1786699613124"}}`, Meta{Timestamp: record}, at("2026-08-14T09:26:53.124Z"), 0},
		{`[ {"$date":"2026-08-14T09:26:53.124+0000"} ]`, Meta{Timestamp: record}, at("2026-08-14T09:26:53.124Z"), 0},
		{`"2017-09-31T22:23:07.777Z"`, Meta{Timestamp: record}, record, TimeMissing | TimeUnreadable},
		{`"redacted"`, Meta{Timestamp: record}, record, TimeMissing | TimeUnreadable},
		{`{"year":2026}`, Meta{Timestamp: record}, record, TimeMissing | TimeUnreadable},
		{`1`, Meta{Timestamp: record}, record, TimeMissing | TimeUnreadable},
		{`""`, Meta{Timestamp: record}, record, TimeMissing},
		{`null`, Meta{Timestamp: record}, record, TimeMissing},
		{`"9999-01-01T00:00:00Z"`, Meta{Timestamp: record}, record, TimeMissing | TimeUnreadable},
		{`"1500-01-01T00:00:00Z"`, Meta{Timestamp: record}, record, TimeMissing | TimeUnreadable},
		{`null`, Meta{}, clock, TimeMissing},
		{`null`, Meta{ID: "not a uuid"}, 0, TimeMissing},
		{`"2026-01-02T03:05:05Z"`, Meta{Timestamp: record, Skew: time.Minute}, at("2026-01-02T03:05:05Z"), 0},
		{`"2026-01-02T03:05:05.001Z"`, Meta{Timestamp: record, Appended: true, Skew: time.Minute}, record, TimeClamped},
		{`"2026-01-02T03:05:05.001Z"`, Meta{Timestamp: record}, at("2026-01-02T03:05:05.001Z"), 0},
		{`"2026-01-02T03:05:05.001Z"`, Meta{Skew: time.Minute}, at("2026-01-02T03:05:05.001Z"), 0},
	} {
		e := decode(t, `{"uuid":"`+v1+`","published":`+c.published+`}`, c.meta)
		if e.Time() != c.want || e.Flags() != c.flags {
			t.Errorf("%s with %+v: %d, flags %b, want %d, %b", c.published, c.meta, e.Time(), e.Flags(), c.want, c.flags)
		}
	}
	if got := uuidTime("5d0b7c40-9a1e-41f1-8c55-0242ac120002"); got != 0 {
		t.Errorf("a random uuid has the time %d", got)
	}
}

func TestDecodeErrors(t *testing.T) {
	d := NewDecoder(nil)
	for _, raw := range []string{`[]`, `null`, `"x"`, `1`} {
		if e, err := d.Decode([]byte(raw), Meta{}); !errors.Is(err, ErrNotObject) || e != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
	var syntax *jsontree.Error
	if e, err := d.Decode([]byte(`{"a":1} x`), Meta{}); !errors.As(err, &syntax) || syntax.Offset != 8 || e != nil {
		t.Errorf("trailing text: %v", err)
	}
	if _, err := d.Decode([]byte(strings.Repeat(`{"a":`, 600)+"1"+strings.Repeat(`}`, 600)), Meta{}); err == nil {
		t.Error("600 levels accepted")
	}
}

// A reused decoder must not show values of the event before, nor keep its record alive.
func TestReuse(t *testing.T) {
	fields := NewFields()
	for _, c := range lookups {
		fields.Add(MustPath(c.path))
	}
	d := NewDecoder(fields)
	first := []byte(signIn)
	e, err := d.Decode(first, Meta{})
	if err != nil {
		t.Fatal(err)
	}
	for id := range fields.Len() {
		e.Field(FieldID(id))
	}
	if e, err = d.Decode([]byte(`{"eventType":"x"}`), Meta{}); err != nil {
		t.Fatal(err)
	}
	for id := range fields.Len() {
		p := fields.Path(FieldID(id))
		for _, v := range e.Field(FieldID(id)) {
			if v.Text != "x" && v.Text != p.c.constant {
				t.Errorf("%s still has %q", p, v.Text)
			}
		}
	}
	// Wherever a slice still has room, nothing of the first record may stand in it.
	low := uintptr(unsafe.Pointer(&first[0]))
	high := low + uintptr(len(first))
	for i := range e.memo {
		vals := e.memo[i].values
		for _, v := range vals[:cap(vals)] {
			if p := uintptr(unsafe.Pointer(unsafe.StringData(v.Text))); v.Text != "" && low <= p && p < high {
				t.Errorf("%s keeps the record before alive", fields.Path(FieldID(i)))
			}
		}
	}
}

// Strings alias the record: whoever keeps one must clone it. This is the contract, not an accident.
func TestValuesAliasTheRecord(t *testing.T) {
	raw := []byte(`{"eventType":"abc"}`)
	e, err := NewDecoder(nil).Decode(raw, Meta{})
	if err != nil {
		t.Fatal(err)
	}
	kept, cloned := e.Type(), strings.Clone(e.Type())
	copy(raw[len(`{"eventType":"`):], "xyz")
	if kept != "xyz" || cloned != "abc" {
		t.Errorf("kept %q, cloned %q", kept, cloned)
	}
	projected := e.Project(NewProjection(MustPath("eventType")))
	copy(raw[len(`{"eventType":"`):], "abc")
	if string(projected) != `{"eventType":"xyz"}` {
		t.Errorf("a projection shares memory with the record: %s", projected)
	}
}

func TestOriginOrder(t *testing.T) {
	a := Origin{"a", 1, 1, 1}
	for _, b := range []Origin{{"b", 0, 0, 0}, {"a", 2, 0, 0}, {"a", 1, 2, 0}, {"a", 1, 1, 2}} {
		if a.Compare(b) != -1 || b.Compare(a) != 1 || a.Compare(a) != 0 {
			t.Errorf("order of %v and %v", a, b)
		}
	}
}

// Events whose strings need no decoding are decoded and read without allocating.
func TestDecodeDoesNotAllocate(t *testing.T) {
	raw := []byte(strings.ReplaceAll(undotted, `\"Example\" \u00e9`, "Example"))
	fields := NewFields()
	for _, p := range append(hot, "user.name", "source.ip", "event.outcome", "target[type=User].id", "request.ipChain.ip") {
		fields.Add(MustPath(p))
	}
	d := NewDecoder(fields)
	n := testing.AllocsPerRun(100, func() {
		e, err := d.Decode(raw, Meta{})
		if err != nil {
			t.Fatal(err)
		}
		for id := range fields.Len() {
			e.Field(FieldID(id))
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for an event and %d fields", n, fields.Len())
	}
}

func TestUnion(t *testing.T) {
	d := NewDecoder(nil)
	for raw, want := range map[string]string{
		`{"actor":{"type":"User","alternateId":"a@x"},"target":[{"type":"User","alternateId":"b@x"},{"type":"App","alternateId":"app"}]}`: "a@x b@x",
		`{"actor":{"type":"SystemPrincipal","alternateId":"system@okta.com"},"target":[{"type":"User","alternateId":"b@x"}]}`:             "b@x",
		`{"actor":{"alternateId":"a@x"},"target":null}`:                                                "a@x",
		`{"actor":{"type":"User","alternateId":"a@x"},"target":[{"type":"User","alternateId":"a@x"}]}`: "a@x",
	} {
		path := MustPath("actor[type!=SystemPrincipal].alternateId or target[type=User].alternateId")
		ev, err := d.Decode([]byte(raw), Meta{})
		if err != nil {
			t.Fatal(err)
		}
		text := func(ev *Event) string {
			var got []string
			for _, v := range ev.Lookup(path) {
				got = append(got, strings.Clone(v.Text))
			}
			return strings.Join(got, " ")
		}
		if got := text(ev); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
		projected, err := NewDecoder(nil).Decode(ev.Project(NewProjection(path)), Meta{})
		if err != nil {
			t.Fatal(err)
		}
		if got := text(projected); got != want {
			t.Errorf("%s projected: %q, want %q", raw, got, want)
		}
	}
	if known, suggestion := KnownPath(MustPath("actor.id or target.ids")); known || suggestion == "" {
		t.Errorf("a union with an unknown path: %v %q", known, suggestion)
	}
}
