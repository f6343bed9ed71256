package notation

import (
	"time"

	"oktastream/rules/event"
)

// dates are the forms of a date that leave out its end, with what they leave out.
var dates = []struct {
	form string
	unit time.Duration
}{
	{"2006-01-02T15:04:05", time.Second}, {"2006-01-02T15:04Z07:00", time.Minute}, {"2006-01-02T15:04", time.Minute},
	{"2006-01-02T15", time.Hour}, {time.DateOnly, 24 * time.Hour}, {"2006-01", 24 * time.Hour}, {"2006", 24 * time.Hour},
}

// Date reads a date in a query on Elasticsearch, and returns its first and last instant. Elasticsearch takes the first for a
// month or day that is left out, and rounds up the hour and what is below it. A date that leaves out nothing is what
// event.ParseTime reads.
func Date(text string) (from, to time.Time, ok bool) {
	if len(text) >= len("2006") {
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			return t.UTC(), t.UTC(), true
		}
		for _, d := range dates {
			if t, err := time.Parse(d.form, text); err == nil {
				t = t.UTC()
				return t, t.Add(d.unit - time.Nanosecond), true
			}
		}
	}
	t, _, ok := event.ParseTime(text)
	return t, t, ok
}
