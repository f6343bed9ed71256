package rules

import (
	"net/netip"
	"time"

	"oktastream/rules/event"
)

// Indicators is a list of addresses with the time over which each was seen in use. A rule with a list fires for an event
// with an address on it; outside an indicator's validity the finding is informational and says that it is stale.
type Indicators struct {
	Fields []event.Path // where addresses are looked for
	List   []Indicator
}

// Indicator is one address or network. Both ends of the validity are inclusive days; a zero time is open.
type Indicator struct {
	Net       netip.Prefix
	FirstSeen time.Time // the day's midnight in UTC
	LastSeen  time.Time // the day's midnight in UTC: the day itself still counts
	Source    string
}

// Valid reports whether the indicator was in use on the day of t.
func (i Indicator) Valid(t time.Time) bool {
	if !i.FirstSeen.IsZero() && t.Before(i.FirstSeen) {
		return false
	}
	return i.LastSeen.IsZero() || t.Before(i.LastSeen.AddDate(0, 0, 1))
}
