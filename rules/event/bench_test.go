package event

import (
	"encoding/json"
	"testing"

	gojson "github.com/goccy/go-json"
)

// hot are the paths that public rule packs read most.
var hot = []string{"eventType", "uuid", "published", "displayMessage", "legacyEventType", "severity", "actor.id", "actor.type", "actor.alternateId", "actor.displayName",
	"client.ipAddress", "client.zone", "client.device", "client.userAgent.rawUserAgent", "client.userAgent.os", "client.geographicalContext.country",
	"client.geographicalContext.city", "outcome.result", "outcome.reason", "target.id", "target.type", "target.alternateId", "target.displayName",
	"authenticationContext.externalSessionId", "authenticationContext.rootSessionId", "transaction.id", "securityContext.asNumber", "securityContext.asOrg",
	"securityContext.isProxy", "debugContext.debugData.requestUri", "debugContext.debugData.dtHash", "debugContext.debugData.threatSuspected"}

type fixed struct {
	EventType, UUID, Published, DisplayMessage, LegacyEventType, Severity string
	Actor                                                                 struct{ ID, Type, AlternateID, DisplayName string }
	Client                                                                struct {
		IPAddress, Zone, Device string
		UserAgent               struct{ RawUserAgent, OS string }
		GeographicalContext     struct{ Country, City string }
	}
	Outcome               struct{ Result, Reason string }
	Target                []struct{ ID, Type, AlternateID, DisplayName string }
	AuthenticationContext struct{ ExternalSessionID, RootSessionID string }
	Transaction           struct{ ID string }
	SecurityContext       struct {
		AsNumber any
		AsOrg    string
		IsProxy  any
	}
	DebugContext struct {
		DebugData struct{ RequestURI, DtHash, ThreatSuspected string }
	}
}

func BenchmarkDecode(b *testing.B) {
	var buf, raw = []byte(nil), []byte(nil)
	{
		var m any
		if err := json.Unmarshal([]byte(signIn), &m); err != nil {
			b.Fatal(err)
		}
		buf, _ = json.Marshal(m)
		raw = buf
	}
	run := func(name string, fn func() error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if err := fn(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	fields := NewFields()
	for _, p := range hot {
		fields.Add(MustPath(p))
	}
	d := NewDecoder(fields)
	run("event", func() error { _, err := d.Decode(raw, Meta{}); return err })
	run("event with 32 fields", func() error {
		e, err := d.Decode(raw, Meta{})
		if err == nil {
			for id := range fields.Len() {
				e.Field(FieldID(id))
			}
		}
		return err
	})
	run("encoding json map", func() error { var m map[string]any; return json.Unmarshal(raw, &m) })
	run("encoding json struct", func() error { var s fixed; return json.Unmarshal(raw, &s) })
	var reused fixed
	run("goccy struct no copy reused", func() error {
		return gojson.UnmarshalWithOption(raw, &reused, gojson.DecodeNoCopyString())
	})
	run("goccy valid", func() error { gojson.Valid(raw); return nil })
}
