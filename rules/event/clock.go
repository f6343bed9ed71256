package event

import (
	"time"

	"github.com/google/uuid"
)

// eventTime decides when an event happened, in nanoseconds since 1970, and what it had to assume for that: published;
// else the record's timestamp; else the clock in a version 1 uuid, which Okta's uuids carry; else 0.
func eventTime(published, id string, m Meta) (int64, Flags) {
	t, ok := parseTime(published)
	switch {
	case !ok && m.Timestamp != 0:
		return m.Timestamp, TimeMissing
	case !ok:
		return uuidTime(id), TimeMissing
	case m.Timestamp != 0 && m.Skew > 0 && t > m.Timestamp && t-m.Timestamp > int64(m.Skew):
		return m.Timestamp, TimeClamped
	}
	return t, 0
}

// parseTime reads RFC 3339 and, as UTC, the same with a blank for the T and without a zone, as warehouses write it. A
// time that nanoseconds in an int64 cannot hold is no time.
func parseTime(s string) (int64, bool) {
	if len(s) < len(time.DateTime) || len(s) > 64 {
		return 0, false
	}
	layout := time.RFC3339Nano
	if s[10] == ' ' {
		layout = "2006-01-02 15:04:05Z07:00"
		if c := s[len(s)-1]; '0' <= c && c <= '9' && !hasOffset(s) {
			layout = time.DateTime
		}
	}
	t, err := time.Parse(layout, s)
	if err != nil || t.Year() < 1679 || t.Year() > 2261 {
		return 0, false
	}
	return t.UnixNano(), true
}

func hasOffset(s string) bool {
	c := s[len(s)-len("+00:00")]
	return c == '+' || c == '-'
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
