package engine

import (
	"oktastream/rules/alert"
)

// Options are the settings that both halves share. They must be equal on all processes of a group.
type Options struct {
	Org         string // organisation name for alerts and their ids; may be empty
	Version     string // of this build, for Alert.Engine
	StateBudget int    // bytes of windows per task; 0 is without limit
	// AssumeHistory takes the history of first-seen rules to be complete from the first event on, as where the events of a
	// test are all that ever happened; see rules.Stateful.AssumeHistory.
	AssumeHistory bool
}

// Output collects what processing yields. The caller empties it; the engine appends.
type Output struct {
	Alerts       []alert.Alert
	Observations []Observation
	// Forwarded are the alerts that became observations of other rules, as those rules see them, see rules.Input.From. They
	// are for explanations: the observations themselves are among Observations.
	Forwarded []alert.Alert
}

// MaxKeys is the number of values of one routing member that one event is routed by. An event with more (an array of
// targets, say) is routed by the first MaxKeys, and counted, see RuleStats.Overflow.
const MaxKeys = 64

// RuleStats counts what happened to a rule's events. The numbers are of this process, not of the state.
type RuleStats struct {
	Matched   int // events that met a condition of the rule
	Alerts    int // alert records, updates included
	Late      int // observations behind the watermark
	Unusable  int // of these, those that only windows which are closed could have used
	Duplicate int // observations that the window had already
	Missing   int // observations without a group key member or without the counted value
	Overflow  int // group keys beyond MaxKeys
	Held      int // completions that belong to an episode which has been announced, and fired no alert
	Evicted   int // windows given up for lack of memory
}

func (s *RuleStats) add(o RuleStats) {
	s.Matched += o.Matched
	s.Alerts += o.Alerts
	s.Late += o.Late
	s.Unusable += o.Unusable
	s.Duplicate += o.Duplicate
	s.Missing += o.Missing
	s.Overflow += o.Overflow
	s.Held += o.Held
	s.Evicted += o.Evicted
}

// Stats are the counts since the last TakeStats, by rule in the order of the set.
type Stats []RuleStats

// Add adds o to s; both must be of the same set.
func (s Stats) Add(o Stats) {
	for i := range o {
		s[i].add(o[i])
	}
}
