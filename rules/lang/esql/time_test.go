package esql

import (
	"encoding/json"
	"fmt"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"oktastream/rules/event"
	"oktastream/rules/match"
)

// The clock of an event, the parts and the order of its time, and ES|QL's datetime are at one instant, whatever the form of
// published; what one cannot read, the others cannot.
func TestReadersOfTimeAgree(t *testing.T) {
	forms := []string{"2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05.000+0000", "2006-01-02 15:04:05.000 UTC", "2006-01-02T15:04:05.000", "2006-01-02T15:04:05.000Z ",
		"2006/01/02 15:04:05.000", "20060102T150405.000Z", "Mon Jan 02 15:04:05 UTC 2006", "2006-01-02T15:04Z", "millis", "seconds", "mongo", "garbage", "2006-01-02 03:04 PM", "02.01.2006 15:04:05"}
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(1e12, 4e12).Draw(t, "at")).UTC()
		form := rapid.SampledFrom(forms).Draw(t, "form")
		published := any(at.Format(form))
		switch form {
		case "millis":
			published = rapid.SampledFrom([]any{at.UnixMilli(), strconv.FormatInt(at.UnixMilli(), 10)}).Draw(t, "number")
		case "seconds":
			published = rapid.SampledFrom([]any{at.Unix(), float64(at.UnixMilli()) / 1000}).Draw(t, "number")
		case "mongo":
			published = map[string]any{"$date": rapid.SampledFrom([]any{at.UnixMilli(), at.Format(time.RFC3339), map[string]any{"$numberLong": strconv.FormatInt(at.UnixMilli(), 10)}}).Draw(t, "inner")}
		}
		raw, err := json.Marshal(map[string]any{"uuid": "u", "eventType": "x", "published": published})
		if err != nil {
			t.Fatal(err)
		}
		ev, err := event.NewDecoder(nil).Decode(raw, event.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		readable := ev.Flags()&event.TimeMissing == 0
		if unreadable := ev.Flags()&event.TimeUnreadable != 0; unreadable == readable {
			t.Fatalf("%s: flags %b", raw, ev.Flags())
		}
		clock := time.Unix(0, ev.Time()).UTC()
		path := event.MustPath("published")
		holds := func(op match.Op, part match.Part, literal string) bool {
			return match.Eval(&match.Pred{Path: path, Op: op, Part: part, Literals: []string{literal}}, ev)
		}
		exact := clock.Format(time.RFC3339Nano)
		for what, got := range map[string]bool{
			"at least":   holds(match.GreaterEqual, 0, exact),
			"at most":    holds(match.LessEqual, 0, exact),
			"the hour":   holds(match.Equal, match.Hour, strconv.Itoa(clock.Hour())),
			"the minute": holds(match.Equal, match.Minute, strconv.Itoa(clock.Minute())),
			"the year":   holds(match.Equal, match.Year, strconv.Itoa(clock.Year())),
		} {
			if got != readable {
				t.Fatalf("%s at %v: %s holds: %v", raw, clock, what, got)
			}
		}
		if holds(match.Greater, 0, exact) || holds(match.Less, 0, exact) {
			t.Fatalf("%s at %v is not at %s", raw, clock, exact)
		}
		// Fields whose texts Elastic's pipeline makes dates of; what the language reads beyond is a date without a time.
		if got := fmt.Sprint(fromEvent(ev.Lookup(path), tTime)); readable != (got != "[]") || readable && got != fmt.Sprint(one(datum{n: clock.UnixMilli()})) {
			t.Fatalf("%s at %v: %s to ES|QL", raw, clock, got)
		}
	})
}
