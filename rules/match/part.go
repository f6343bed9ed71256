package match

import (
	"strconv"
	"time"

	"oktastream/rules/event"
)

// Part names a part of a time, which is compared as a number.
type Part uint8

const (
	Minute Part = iota + 1 // 0 to 59
	Hour                   // 0 to 23
	Day                    // of the month, 1 to 31
	Week                   // of the year by ISO 8601, 1 to 53
	Month                  // 1 to 12
	Year
)

// String is the part's name in canonical forms.
func (p Part) String() string {
	switch p {
	case Minute:
		return "minute"
	case Hour:
		return "hour"
	case Day:
		return "day"
	case Week:
		return "week"
	case Month:
		return "month"
	case Year:
		return "year"
	}
	return "part" + strconv.Itoa(int(p))
}

// of is the part of a time, as it is written there: no time zone is converted. It does not allocate where the year stands
// at the beginning.
func (p Part) of(v event.Value) (event.Value, bool) {
	t, offset, ok := event.ParseTime(v.Text)
	if !ok || v.Kind == event.Bool {
		return event.Value{}, false
	}
	t = t.Add(time.Duration(offset) * time.Second)
	n := 0
	switch p {
	case Minute:
		n = t.Minute()
	case Hour:
		n = t.Hour()
	case Day:
		n = t.Day()
	case Week:
		_, n = t.ISOWeek()
	case Month:
		n = int(t.Month())
	case Year:
		if n = t.Year(); n >= 1000 && isYear(v.Text, n) {
			return event.Value{Kind: event.Number, Text: v.Text[:4]}, true
		}
	default:
		return event.Value{}, false
	}
	return event.Value{Kind: event.Number, Text: strconv.Itoa(n)}, true // small numbers are not allocated
}

// isYear tells whether text begins with the year.
func isYear(text string, year int) bool {
	n, err := strconv.Atoi(text[:min(len(text), 4)])
	return err == nil && n == year
}
