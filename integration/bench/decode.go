package main

import (
	stdjson "encoding/json"
	"fmt"

	"github.com/goccy/go-json"

	"oktastream/rules/event"
)

// read are the paths that public rule packs read most: what fixed has too.
var read = []string{"eventType", "uuid", "published", "displayMessage", "legacyEventType", "severity", "actor.id", "actor.type", "actor.alternateId", "actor.displayName",
	"client.ipAddress", "client.zone", "client.device", "client.userAgent.rawUserAgent", "client.userAgent.os", "client.geographicalContext.country",
	"client.geographicalContext.city", "outcome.result", "outcome.reason", "target.id", "target.type", "target.alternateId", "target.displayName",
	"authenticationContext.externalSessionId", "authenticationContext.rootSessionId", "transaction.id", "securityContext.asNumber", "securityContext.asOrg",
	"securityContext.isProxy", "debugContext.debugData.requestUri", "debugContext.debugData.dtHash", "debugContext.debugData.threatSuspected"}

type fixed struct {
	EventType       string `json:"eventType"`
	UUID            string `json:"uuid"`
	Published       string `json:"published"`
	DisplayMessage  string `json:"displayMessage"`
	LegacyEventType string `json:"legacyEventType"`
	Severity        string `json:"severity"`
	Actor           struct {
		ID          string `json:"id"`
		Type        string `json:"type"`
		AlternateID string `json:"alternateId"`
		DisplayName string `json:"displayName"`
	} `json:"actor"`
	Client struct {
		IPAddress string `json:"ipAddress"`
		Zone      string `json:"zone"`
		Device    string `json:"device"`
		UserAgent struct {
			RawUserAgent string `json:"rawUserAgent"`
			OS           string `json:"os"`
		} `json:"userAgent"`
		GeographicalContext struct {
			Country string `json:"country"`
			City    string `json:"city"`
		} `json:"geographicalContext"`
	} `json:"client"`
	Outcome struct {
		Result string `json:"result"`
		Reason string `json:"reason"`
	} `json:"outcome"`
	Target []struct {
		ID          string `json:"id"`
		Type        string `json:"type"`
		AlternateID string `json:"alternateId"`
		DisplayName string `json:"displayName"`
	} `json:"target"`
	AuthenticationContext struct {
		ExternalSessionID string `json:"externalSessionId"`
		RootSessionID     string `json:"rootSessionId"`
	} `json:"authenticationContext"`
	Transaction struct {
		ID string `json:"id"`
	} `json:"transaction"`
	SecurityContext struct {
		AsNumber int64  `json:"asNumber"`
		AsOrg    string `json:"asOrg"`
		IsProxy  bool   `json:"isProxy"`
	} `json:"securityContext"`
	DebugContext struct {
		DebugData struct {
			RequestURI      string `json:"requestUri"`
			DtHash          string `json:"dtHash"`
			ThreatSuspected string `json:"threatSuspected"`
		} `json:"debugData"`
	} `json:"debugContext"`
}

// decoding compares ways to get at 32 fields of an event.
func decoding(t *table, events [][]byte, rounds int) error {
	fields := event.NewFields()
	for _, p := range read {
		fields.Add(event.MustPath(p))
	}
	d, e := event.NewDecoder(fields), event.NewDecoder(nil)
	var reused fixed
	ts, err := rotate(rounds,
		standardDecoder(events[:len(events)/8]),
		each("event", events, func(raw []byte) error { _, err := d.Decode(raw, event.Meta{}); return err }),
		each("event and 32 fields", events, func(raw []byte) error { return readAll(d, fields, raw) }),
		each("goccy", events, func(raw []byte) error {
			target := reused.Target[:0]
			reused = fixed{}
			reused.Target = target
			return json.UnmarshalWithOption(raw, &reused, json.DecodeNoCopyString())
		}),
		each("validation", events, func(raw []byte) error { _, err := e.Decode(raw, event.Meta{}); return err }),
	)
	if err != nil {
		return err
	}
	note := func(i int) string {
		return fmt.Sprintf("%.2f µs an event, encoding/json %.1f", micros(median(ts[i].cpu)), micros(median(ts[0].cpu)))
	}
	t.add(
		atLeast("decode into the engine's event, over encoding/json into a struct of 32 members", ratio(ts[0], ts[1]), 9, rounds, note(1)),
		atLeast("the same, and every one of the 32 fields read", ratio(ts[0], ts[2]), 9, rounds, note(2)),
		row{What: "goccy/go-json into a reused struct without copies, over encoding/json", Value: ratio(ts[0], ts[3]), Rounds: rounds, Note: note(3) + "; rejected, see rules/event"},
		row{What: "an event of which nothing is read, over encoding/json", Value: ratio(ts[0], ts[4]), Rounds: rounds, Note: note(4)},
	)
	return nil
}

func each(name string, events [][]byte, fn func([]byte) error) contender {
	return contender{name: name, run: func(int) (int, error) {
		for _, raw := range events {
			if err := fn(raw); err != nil {
				return 0, err
			}
		}
		return len(events), nil
	}}
}

// standardDecoder is what everything else is compared with.
func standardDecoder(events [][]byte) contender {
	var reused fixed
	return each("encoding/json", events, func(raw []byte) error {
		reused = fixed{}
		return stdjson.Unmarshal(raw, &reused)
	})
}
