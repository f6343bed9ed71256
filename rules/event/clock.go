package event

import (
	"time"

	"github.com/google/uuid"
)

// eventTime decides when an event happened, in nanoseconds since 1970, and what it had to assume for that: published;
// else the record's timestamp; else the clock in a version 1 uuid, which Okta's uuids carry; else 0.
func eventTime(published, id string, m Meta) (int64, Flags) {
	t, ok := clockTime(published)
	if !ok {
		assumed := TimeMissing
		if published != "" {
			assumed |= TimeUnreadable
		}
		if m.Timestamp != 0 {
			return m.Timestamp, assumed
		}
		return uuidTime(id), assumed
	}
	if m.Timestamp != 0 && m.Skew > 0 && t > m.Timestamp && t-m.Timestamp > int64(m.Skew) {
		return m.Timestamp, TimeClamped
	}
	return t, 0
}

// clockTime is ParseTime for the clock. A time that nanoseconds in an int64 cannot hold is none.
func clockTime(text string) (int64, bool) {
	t, _, ok := ParseTime(text)
	if !ok || t.Year() < 1679 || t.Year() > 2261 {
		return 0, false
	}
	return t.UnixNano(), true
}

// uuidTime is the clock of a version 1 uuid, 0 for any other text. Clocks before Okta or far beyond it are not clocks.
func uuidTime(id string) int64 {
	u, err := uuid.Parse(id)
	if err != nil || u.Version() != 1 || u.Variant() != uuid.RFC4122 {
		return 0
	}
	sec, nsec := u.Time().UnixTime()
	if t := time.Unix(sec, nsec); t.Year() < 2009 || t.Year() > 2100 {
		return 0
	}
	return sec*int64(time.Second) + nsec
}
