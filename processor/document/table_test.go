package document

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"export": {"timestamp,event_type,actor.alternate_id,target0.id,target1.id,security_context.is_proxy,client.geographical_context.geolocation.lat,debug_context.debug_data.log_only_security_data,debug_context.debug_data.request_uri\n" +
			"2026-01-10T09:00:00.000Z,user.session.start,ada@example.com,a,b,false,1.5,\"{\"\"a\"\":1}\",/x\n",
			[]string{`2 {"actor":{"alternateId":"ada@example.com"},"client":{"geographicalContext":{"geolocation":{"lat":1.5}}},"debugContext":{"debugData":{"logOnlySecurityData":"{\"a\":1}","requestUri":"/x"}},"eventType":"user.session.start","published":"2026-01-10T09:00:00.000Z","securityContext":{"isProxy":false},"target":[{"id":"a"},{"id":"b"}]}`}},
		"quoted header, empty cells": {"\"event_type\",\"uuid\",\"target0.id\"\r\n\"x\",,\r\ny,u,\"two\nlines\"\r\nz\r\n",
			[]string{`2 {"eventType":"x"}`, `3 {"eventType":"y","target":[{"id":"two\nlines"}],"uuid":"u"}`, `5 {"eventType":"z"}`}},
		"semicolons":     {"uuid;event_type\nu;x\n", []string{`2 {"eventType":"x","uuid":"u"}`}},
		"bad rows":       {"uuid,event_type\nu,x,y\na\"b,c\nu,x\n", []string{`2 ! u,x,y`, `3 ! `, `4 {"eventType":"x","uuid":"u"}`}},
		"raw texts":      {"_time,_raw\n1,\"{\"\"a\"\":1}\"\n", []string{`2 {"raw":"{\"a\":1}","time":"1"}`}},
		"object in cell": {"event_type,client\nx,\"{\"\"ipAddress\"\":\"\"1.2.3.4\"\"}\"\n", []string{`2 {"client":{"ipAddress":"1.2.3.4"},"eventType":"x"}`}},
		"only a header":  {"uuid,event_type\n", nil},
		"another table":  {"a,b\n1,2\n", []string{`1 ? a,b`, `2 ? 1,2`}},
		"conflict":       {"actor,actor.id,event_type\nx,y,z\n", []string{`2 {"actor":{"id":"y"},"eventType":"z"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, all(t, NewReader(strings.NewReader(c.in)))); diff != "" {
				t.Error("file", diff)
			}
			if diff := cmp.Diff(c.want, all(t, value(c.in))); diff != "" {
				t.Error("record", diff)
			}
			if diff := cmp.Diff(c.want, all(t, value(gzipped(c.in)))); diff != "" {
				t.Error("packed", diff)
			}
		})
	}
}
