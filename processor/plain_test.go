package processor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"oktastream/processor/envelope"
	"oktastream/rules/event"
)

// What plain takes for an event without wrapping, Unwrap finds to be just that, whole.
func TestPlainAgreesWithUnwrap(t *testing.T) {
	d := event.NewDecoder(nil)
	taken := 0
	check := func(t interface{ Fatalf(string, ...any) }, value string) {
		ev, err := d.Decode([]byte(value), event.Meta{})
		if err != nil || !ev.Complete() || strings.EqualFold(ev.Type(), envelope.HookType) {
			return
		}
		taken++
		found := envelope.Unwrap([]byte(value))
		if len(found.Rejected) > 0 || len(found.Events) != 1 || string(found.Events[0].JSON) != value || found.Events[0].Envelope != envelope.Raw || found.Events[0].Kind != envelope.Raw {
			t.Fatalf("%s is taken for a bare event, Unwrap finds %+v", value, found)
		}
	}
	names := rapid.SampledFrom([]string{"eventType", "uuid", "published", "eventType", "uuid", "published", "EventType", `event\u0054ype`, "message", "data", "events", "detail",
		"event", "payload", "schema", "_source", "log"})
	values := rapid.SampledFrom([]string{`"x"`, `"com.okta.event_hook"`, `"com.okta.event_h\u006fok"`, `""`, `null`, `1`, `{"eventType":"y","uuid":"v","published":"z"}`,
		`[{"eventType":"y","uuid":"v","published":"z"}]`, `"{\"eventType\":\"y\",\"uuid\":\"v\",\"published\":\"z\"}"`, `{"events":[{"eventType":"y","uuid":"v"}]}`, `"a\u0062"`})
	rapid.Check(t, func(t *rapid.T) {
		var members []string
		for range rapid.IntRange(0, 7).Draw(t, "members") {
			members = append(members, `"`+names.Draw(t, "name")+`":`+values.Draw(t, "value"))
		}
		if rapid.Bool().Draw(t, "complete") {
			members = append(members, `"eventType":"user.session.start"`, `"uuid":"u"`, `"published":"2024-05-01T12:00:00Z"`)
		}
		order := members
		if len(members) > 1 {
			order = rapid.Permutation(members).Draw(t, "order")
		}
		check(t, rapid.SampledFrom([]string{"", " ", "\ufeff", "["}).Draw(t, "before")+"{"+strings.Join(order, ",")+"}"+rapid.SampledFrom([]string{"", "", "]"}).Draw(t, "after"))
	})
	if taken == 0 {
		t.Error("no value was taken: the test tests something else")
	}
	files, _ := filepath.Glob(filepath.Join(os.Getenv("OKTASTREAM_CORPUS"), "envelopes", "*"))
	for _, file := range files {
		value, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		check(t, string(value))
	}
}
