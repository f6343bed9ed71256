package match

import (
	"strconv"

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

// of is the part of an RFC 3339 time, as it is written there: no time zone is converted. It does not allocate.
func (p Part) of(v event.Value) (event.Value, bool) {
	s := v.Text
	t, ok := parseTime(s)
	if !ok || v.Kind != event.String {
		return event.Value{}, false
	}
	switch p {
	case Minute:
		s = s[14:16]
	case Hour:
		s = s[11:13]
	case Day:
		s = s[8:10]
	case Week:
		_, week := t.ISOWeek()
		s = strconv.Itoa(week) // small numbers are not allocated
	case Month:
		s = s[5:7]
	case Year:
		s = s[:4]
	default:
		return event.Value{}, false
	}
	for len(s) > 1 && s[0] == '0' {
		s = s[1:] // no JSON number begins like that
	}
	return event.Value{Kind: event.Number, Text: s}, true
}
