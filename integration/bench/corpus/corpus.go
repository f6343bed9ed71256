package corpus

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"time"

	"oktastream/processor/feed"
)

// New invents n events of about 3 KB: a working day as the feed has it, whose debug data also holds what test data
// usually leaves out and live events have, URLs of authorisation requests, behaviours, and a document inside a text. The
// same seed gives the same events.
func New(n int, seed uint64) [][]byte {
	r := rand.New(rand.NewPCG(seed, 1))
	events := make([][]byte, 0, n)
	for item := range feed.New(feed.Options{Seed: seed, Events: n, Campaigns: max(n/1000, 1), Duration: 24 * time.Hour}) {
		events = append(events, enlarge(r, item.JSON))
	}
	return events
}

var debugData = []byte(`"debugData":{`)

// enlarge adds members to the debug data of an event, but none that it has.
func enlarge(r *rand.Rand, event []byte) []byte {
	at := bytes.Index(event, debugData)
	if at < 0 {
		return event
	}
	at += len(debugData)
	hex := func(n int) string {
		const digits = "0123456789abcdef"
		b := make([]byte, n)
		for i := range b {
			b[i] = digits[r.IntN(16)]
		}
		return string(b)
	}
	level := []string{"LOW", "LOW", "LOW", "MEDIUM", "HIGH"}[r.IntN(5)]
	var extra []byte
	member := func(name, format string, args ...any) {
		if !bytes.Contains(event, fmt.Appendf(nil, "%q:", name)) {
			extra = fmt.Appendf(extra, "%q:%s,", name, fmt.Sprintf(format, args...))
		}
	}
	member("authnRequestId", `"%s"`, hex(32))
	member("deviceFingerprint", `"%s"`, hex(32))
	member("oktaUserAgentExtended", `"okta-auth-js/7.%d.0 okta-signin-widget-7.%d.1"`, r.IntN(10), r.IntN(30))
	member("behaviors", `"{New Geo-Location=NEGATIVE, New Device=%s, New IP=NEGATIVE, New State=NEGATIVE, New Country=NEGATIVE, Velocity=NEGATIVE, New City=NEGATIVE}"`,
		[]string{"NEGATIVE", "NEGATIVE", "POSITIVE"}[r.IntN(3)])
	member("risk", `"{reasons=Anomalous Location, level=%s}"`, level)
	member("logOnlySecurityData", `"{\"risk\":{\"reasons\":\"Anomalous Location\",\"level\":\"%s\"},\"behaviors\":{\"New Geo-Location\":\"NEGATIVE\",\"New Device\":\"NEGATIVE\",\"New IP\":\"NEGATIVE\",\"Velocity\":\"NEGATIVE\"}}"`, level)
	member("audience", "null")
	if r.IntN(2) == 0 {
		member("url", `"/oauth2/v1/authorize?client_id=0oa%s&scope=openid+email+profile&response_type=code&redirect_uri=https://app.example.com/login/callback&state=%s&code_challenge=%s&code_challenge_method=S256"`,
			hex(17), hex(64), hex(43))
	}
	if r.IntN(3) == 0 {
		member("promptingPolicyTypes", `"[APP_SIGN_ON]"`)
		member("traceId", `"%s"`, hex(36))
		member("initiationType", `"SP_INITIATED"`)
		member("requestedScopes", `"openid, email, profile, offline_access, okta.users.read, okta.groups.read, okta.logs.read"`)
	}
	if event[at] == '}' && len(extra) > 0 {
		extra = extra[:len(extra)-1]
	}
	out := make([]byte, 0, len(event)+len(extra))
	out = append(out, event[:at]...)
	out = append(out, extra...)
	return append(out, event[at:]...)
}

// Size is how many bytes the events have on average.
func Size(events [][]byte) int {
	n := 0
	for _, e := range events {
		n += len(e)
	}
	return n / max(len(events), 1)
}
