package alert

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules/event"
)

func decode(t *testing.T, raw []byte) *event.Event {
	t.Helper()
	ev, err := event.NewDecoder(nil).Decode(raw, event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

const rich = `{"uuid":"e1","published":"2026-08-14T09:26:53.124Z","eventType":"user.session.start","displayMessage":"User login to Okta",
 "actor":{"id":"00u1","type":"User","alternateId":"ada@example.com","displayName":"Ada \u00c9xample","detailEntry":null},
 "client":{"userAgent":{"rawUserAgent":"Mozilla/5.0","os":"Linux","browser":"FIREFOX"},"zone":"null","device":"Computer","ipAddress":"203.0.113.7",
  "geographicalContext":{"city":"Toronto","state":null,"country":"Canada","geolocation":{"lat":43.66,"lon":-79.34}}},
 "device":{"id":"guo1","name":"laptop","os_platform":"OSX","managed":false,"device_integrator":"{}"},
 "authenticationContext":{"externalSessionId":"idx1","rootSessionId":"unknown"},
 "outcome":{"result":"SUCCESS","reason":null},
 "target":[{"id":"0oa1","type":"AppInstance","alternateId":"unknown","displayName":"Okta Admin Console","detailEntry":{"x":"y"}},null,{"id":null},
  {"id":7,"type":"User","alternateId":"bob@example.com","displayName":["odd"]}],
 "transaction":{"type":"WEB","id":"t1","detail":{}},
 "debugContext":{"debugData":{"dtHash":"abc","threatSuspected":"false","behaviors":"{New IP=POSITIVE}","logOnlySecurityData":"{\"risk\":{}}","requestUri":"/x","other":"no"}},
 "securityContext":{"asNumber":64500,"asOrg":"example","isp":"isp","domain":".","isProxy":true,"risk":{"level":"HIGH"}},
 "request":{"ipChain":[{"ip":"203.0.113.7","version":"V4"},{"ip":"null"},{"ip":"198.51.100.2"}]}}`

// described is what Describe says of an event, decoded for no field or for those that it reads.
func described(t *testing.T, raw []byte) (a Alert) {
	t.Helper()
	Describe(decode(t, raw), &a)
	ev, err := event.NewDecoder(DescribeFields()).Decode(raw, event.Meta{ID: "x", Time: 1})
	if err != nil {
		t.Fatal(err)
	}
	var same Alert
	Describe(ev, &same)
	if d := cmp.Diff(a, same); d != "" {
		t.Errorf("decoded for what is described: %s", d)
	}
	return a
}

func TestDescribe(t *testing.T) {
	lat, lon, proxy, managed := 43.66, -79.34, true, false
	want := Alert{
		Actor: &Entity{ID: "00u1", Type: "User", AlternateID: "ada@example.com", DisplayName: "Ada Éxample"},
		Targets: []Entity{
			{ID: "0oa1", Type: "AppInstance", DisplayName: "Okta Admin Console"},
			{ID: "7", Type: "User", AlternateID: "bob@example.com"},
		},
		Session: &Session{External: "idx1", Transaction: "t1", DTHash: "abc"},
		Source: &Source{
			IP: "203.0.113.7", Chain: []string{"203.0.113.7", "198.51.100.2"}, City: "Toronto", Country: "Canada", Lat: &lat, Lon: &lon,
			ASN: 64500, ASOrg: "example", ISP: "isp", IsProxy: &proxy,
		},
		Client:  &Client{UserAgent: "Mozilla/5.0", OS: "Linux", Browser: "FIREFOX", Device: "Computer"},
		Device:  &Device{ID: "guo1", Name: "laptop", OS: "OSX", Managed: &managed},
		Outcome: &Outcome{Result: "SUCCESS"},
		Okta: &Okta{
			EventType: "user.session.start", DisplayMessage: "User login to Okta", ThreatSuspected: "false", Risk: "HIGH",
			Behaviors: "{New IP=POSITIVE}", RequestURI: "/x", LogOnlySecurity: `{"risk":{}}`,
		},
	}
	got := described(t, []byte(rich))
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}

	// A projection tells the same, and holds no more.
	projected := decode(t, []byte(rich)).Project(event.NewProjection(DescribePaths()...))
	again := described(t, projected)
	if d := cmp.Diff(want, again); d != "" {
		t.Errorf("of the projection %s: %s", projected, d)
	}
	for _, other := range []string{`"other"`, `"detailEntry"`, `"published"`, `"version"`} {
		if bytes.Contains(projected, []byte(other)) {
			t.Errorf("%s is in the projection %s", other, projected)
		}
	}
}

func TestDescribeEventHook(t *testing.T) {
	hook := strings.Replace(rich, `"client":{`, `"client":{"ipChain":[{"ip":"203.0.113.7"},{"ip":"198.51.100.2"}],`, 1)
	hook = hook[:strings.Index(hook, `,
 "request"`)] + "}"
	a := described(t, []byte(hook))
	if got := strings.Join(a.Source.Chain, " "); got != "203.0.113.7 198.51.100.2" {
		t.Errorf("chain %q", got)
	}
}

func TestDescribePoorAndOddEvents(t *testing.T) {
	for name, c := range map[string]struct {
		raw  string
		want Alert
	}{
		"empty":        {`{}`, Alert{}},
		"nulls":        {`{"actor":null,"client":null,"device":null,"target":null,"outcome":null,"securityContext":null,"request":null}`, Alert{}},
		"placeholders": {`{"actor":{"id":"unknown","alternateId":"unknown"},"client":{"ipAddress":"null","zone":"null"},"securityContext":{"domain":"."},"request":{"ipChain":[]}}`, Alert{}},
		"a client's":   {`{"actor":{"alternateId":"null"},"client":{"userAgent":{"rawUserAgent":"-"}}}`, Alert{Actor: &Entity{AlternateID: "null"}, Client: &Client{UserAgent: "-"}}},
		"odd types":    {`{"actor":"x","client":[1],"device":{"managed":"perhaps"},"target":["x",[],{}],"securityContext":{"asNumber":"many","isProxy":"TRUE"}}`, Alert{Source: &Source{IsProxy: new(true)}}},
		"twice":        {`{"actor":{"id":"a","ID":"b"},"actor":{"id":"c"},"target":[{"Id":"d","id":"e"},{"TYPE":"f"}]}`, Alert{Actor: &Entity{ID: "c"}, Targets: []Entity{{ID: "e"}, {Type: "f"}}}},
		"numbers":      {`{"client":{"geographicalContext":{"geolocation":{"lat":"1.5","lon":"inf"}}},"securityContext":{"asNumber":"64500"}}`, Alert{Source: &Source{Lat: new(1.5), ASN: 64500}}},
	} {
		got := described(t, []byte(c.raw))
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

// An alert outlives the record.
func TestDescribeCopies(t *testing.T) {
	raw := []byte(rich)
	var a Alert
	Describe(decode(t, raw), &a)
	before, err := Marshal(&a)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		raw[i] = 'x'
	}
	if after, err := Marshal(&a); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the alert changed with the record: %v", err)
	}
}
