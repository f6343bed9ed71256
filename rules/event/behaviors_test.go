package event

import "testing"

// What Okta and Elastic's integration say about risk and behaviours, in each of the notations and names.
func TestBehaviors(t *testing.T) {
	const texts3 = `{"debugContext":{"debugData":{"behaviors":"{New Geo-Location=NEGATIVE, New Device=POSITIVE}","risk":"reasons=Anomalous Location, Anomalous Device, level=HIGH","requestUri":"/idp?a=b","logOnlySecurityData":"{\"risk\":{},\"behaviors\":{\"New IP\":\"UNKNOWN\"}}"}}}`
	const object = `{"debugContext":{"debugData":{"behaviors":{"New_Geo_Location":"NEGATIVE","New_Device":"POSITIVE"}}}}`
	const newest = `{"securityContext":{"userBehaviors":[{"name":"New City","result":"POSITIVE"},{"name":"New IP","result":"NEGATIVE"}],"risk":{"level":"LOW"}}}`
	for _, c := range []struct{ event, path, want string }{
		{texts3, "okta.debug_context.debug_data.behaviors.New_Device", "POSITIVE"},
		{texts3, "okta.debug_context.debug_data.behaviors.New_Geo_Location", "NEGATIVE"},
		{texts3, "okta.debug_context.debug_data.behaviors.new_geo_location", "NEGATIVE"},
		{texts3, "okta.debug_context.debug_data.behaviors.New_State", ""},
		{texts3, "debugContext.debugData.behaviors.New Geo-Location", "NEGATIVE"},
		{texts3, "okta.debug_context.debug_data.logOnlySecurityData.behaviors.New_IP", "UNKNOWN"},
		{texts3, "okta.debug_context.debug_data.log_only_security_data.behaviors.New_IP", "UNKNOWN"},
		{texts3, "okta.debug_context.debug_data.flattened.behaviors.New Device", "POSITIVE"},
		{texts3, "okta.debug_context.debug_data.risk_behaviors", "New Device"},
		{texts3, "okta.debug_context.debug_data.risk_level", "HIGH"},
		{texts3, "okta.debug_context.debug_data.risk_reasons", "Anomalous Location|Anomalous Device"},
		{texts3, "debugContext.debugData.risk.level", "HIGH"},
		{texts3, "debugContext.debugData.risk.reasons", "Anomalous Location, Anomalous Device"},
		{texts3, "debugContext.debugData.requestUri.a", ""},
		{texts3, "okta.debug_context.debug_data.flattened", "NEGATIVE|POSITIVE|Anomalous Location, Anomalous Device|HIGH|/idp?a=b|UNKNOWN"},
		{object, "okta.debug_context.debug_data.behaviors.New_Device", "POSITIVE"},
		{object, "debugContext.debugData.behaviors.New Geo-Location", "NEGATIVE"},
		{object, "okta.debug_context.debug_data.risk_behaviors", "New_Device"},
		{newest, "okta.debug_context.debug_data.risk_behaviors", "New City"},
		{newest, "okta.debug_context.debug_data.risk_level", "LOW"},
		{`{"debugContext":{"debugData":{"behaviors":"New Device=POSITIVE"}}}`, "okta.debug_context.debug_data.risk_behaviors", "New Device"},
		{`{"debugContext":{"debugData":{"risk":"level=LOW"}}}`, "okta.debug_context.debug_data.risk_level", "LOW"},
		{`{"debugContext":{"debugData":{"risk":" {level=LOW} "}}}`, "okta.debug_context.debug_data.risk_level", "LOW"},
		{`{"debugContext":{"debugData":{"a":"","b":[1,"x",{"c":true}]}}}`, "okta.debug_context.debug_data.flattened", "1|x|true"},
		{`{"debugContext":null}`, "okta.debug_context.debug_data.flattened", ""},
		{`{"target":[{"id":"1","displayName":"Staff"},{"id":"2"}]}`, "okta.target", "1|Staff|2"},
		{`{"request":{"ipChain":[{"ip":"192.0.2.1","geographicalContext":{"city":"Oslo"}}]}}`, "okta.request.ip_chain", "192.0.2.1|Oslo"},
		{`{"client":{"ipChain":[{"ip":"192.0.2.1"}]}}`, "okta.request.ip_chain", "192.0.2.1"},
		{`{"device":{"device_integrator":"{\"vendor\":{\"score\":7}}"}}`, "okta.device.device_integrator", "7"},
	} {
		p := MustPath(c.path)
		f := NewFields()
		id := f.Add(p)
		ev, err := NewDecoder(f).Decode([]byte(c.event), Meta{})
		if err != nil {
			t.Fatal(err)
		}
		if got := texts(ev.Field(id)); got != c.want {
			t.Errorf("%s: %s is %q, want %q", c.event, c.path, got, c.want)
		}
		projected := ev.Project(NewProjection(p))
		if again, err := NewDecoder(f).Decode(projected, Meta{}); err != nil || texts(again.Field(id)) != c.want {
			t.Errorf("%s: %s of the projection %s is another: %v", c.event, c.path, projected, err)
		}
		other, err := NewDecoder(nil).Decode([]byte(c.event), Meta{})
		if err != nil || texts(other.Lookup(p)) != c.want {
			t.Errorf("%s: %s looked up is %q, want %q", c.event, c.path, texts(other.Lookup(p)), c.want)
		}
	}
}

// Okta's own word for a system stands in only where there is no agent at all.
func TestAgentThatNobodyKnows(t *testing.T) {
	for _, c := range []struct{ event, system, name string }{
		{`{"client":{"userAgent":{"rawUserAgent":"Okta-Integrations/1.0 (made up)","os":"Windows 10","browser":"UNKNOWN"}}}`, "", ""},
		{`{"client":{"userAgent":{"rawUserAgent":"","os":"Windows 10","browser":"CHROME"}}}`, "Windows 10", "CHROME"},
		{`{"client":{"userAgent":{"rawUserAgent":null,"os":"Windows 10"}}}`, "Windows 10", ""},
		{`{"client":{"userAgent":{"os":"Windows 10"}}}`, "Windows 10", ""},
		{`{"client":{"userAgent":{"rawUserAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36","os":"Windows 10","browser":"CHROME"}}}`, "Windows", "Chrome"},
		{`{"client":{"userAgent":{"rawUserAgent":"-","os":"Windows 10","browser":"UNKNOWN"}}}`, "", ""},
	} {
		f := NewFields()
		system, name := f.Add(MustPath("user_agent.os.name")), f.Add(MustPath("user_agent.name"))
		ev, err := NewDecoder(f).Decode([]byte(c.event), Meta{})
		if err != nil {
			t.Fatal(err)
		}
		if got := texts(ev.Field(system)); got != c.system {
			t.Errorf("%s: system %q, want %q", c.event, got, c.system)
		}
		if got := texts(ev.Field(name)); got != c.name && !(c.name == "" && got == "Other") {
			t.Errorf("%s: name %q, want %q", c.event, got, c.name)
		}
	}
}

// A condition on each element of a flattened field sees the elements.
func TestElementsOfFlattenedFields(t *testing.T) {
	for path, want := range map[string]string{"okta.target": "target", "okta.request.ip_chain": "request.ipChain", "okta.target.id": "okta.target.id",
		"okta.debug_context.debug_data.flattened": "debugContext.debugData"} {
		if got := MustPath(path).Elements().String(); got != want {
			t.Errorf("the elements of %s are %s, want %s", path, got, want)
		}
	}
}
