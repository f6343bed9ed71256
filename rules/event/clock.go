package event

import (
	"time"

	"github.com/google/uuid"
)

// eventTime decides when an event happened, in nanoseconds since 1970, and what it had to assume for that.
//
// It is published, unless that lies in the future: of the wall clock, or of the broker's, which has stamped the record when
// it took it. Then it is when the broker took it, or else when it is read. A stamp that the sender has set says nothing of
// the future: it may be copied from the event, be 0 or -1, count seconds, or come of a clock that is slow.
//
// Without a readable published it is the record's timestamp; else the clock in a version 1 uuid, which Okta's uuids carry;
// else the time of the reading, or 0 where that is unknown.
func eventTime(published, id string, m Meta) (int64, Flags) {
	t, ok := clockTime(published)
	assumed := TimeMissing
	if !ok && published != "" {
		assumed |= TimeUnreadable
	}
	stamp := m.Timestamp
	if !Plausible(stamp, m.Now, m.Skew) {
		stamp = 0
	}
	switch broker := m.Appended && stamp != 0; {
	case ok && (ahead(t, m.Now, m.Skew) || broker && ahead(t, stamp, m.Skew)):
		if broker {
			return stamp, TimeClamped
		}
		return m.Now, TimeClamped
	case ok:
		return t, 0
	case stamp != 0:
		return stamp, assumed
	}
	if t = uuidTime(id); t != 0 && !ahead(t, m.Now, m.Skew) {
		return t, assumed
	}
	return m.Now, assumed
}

// progress is what an event's time says about how far its source has come. In a backlog an event may lie far ahead of its
// neighbours and yet in the past, where the wall clock tells nothing; but the record was stamped when it was written, and no
// event is written before it happens. A stamp that is behind its event by more than a day is of no clock that anybody has
// set: following it would hold the clock.
func progress(t int64, assumed Flags, m Meta) int64 {
	if assumed&(TimeMissing|TimeClamped) != 0 {
		return 0
	}
	if Plausible(m.Timestamp, m.Now, m.Skew) && ahead(t, m.Timestamp, 1) && !ahead(t, m.Timestamp, day) {
		return m.Timestamp
	}
	return t
}

const day = 24 * time.Hour

// Okta was founded in 2009. What claims to be older, or to be of the next century, is no clock that anybody has set.
const (
	earliest = 1_230_768_000 * int64(time.Second) // 2009-01-01
	latest   = 4_133_980_800 * int64(time.Second) // 2101-01-01
)

// Plausible reports whether at may be the time of something that has happened, as a clock of today would tell it: not
// before there were any events, and not further in the future of now than skew. A now of 0 is unknown, and a skew of 0 is
// without limit. Times are in nanoseconds since 1970.
func Plausible(at, now int64, skew time.Duration) bool {
	return earliest <= at && at < latest && !ahead(at, now, skew)
}

// ahead reports whether at lies further in the future of now than skew. A clock that is not plausible itself measures
// nothing.
func ahead(at, now int64, skew time.Duration) bool {
	return skew > 0 && earliest <= now && now < latest && at > now && at-now > int64(skew)
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
	if sec < earliest/int64(time.Second) || sec >= latest/int64(time.Second) {
		return 0
	}
	return sec*int64(time.Second) + nsec
}
