package processor

import (
	"fmt"
	"strconv"
	"time"

	"oktastream/rules/alert"
)

// loss is a position of an input partition that its log no longer holds: retention was faster than we, or the topic was
// recreated. Reading goes on at start.
type loss struct {
	topic          string
	partition      int32
	at, start, end int64
}

// records is how many offsets were never read; 0 if the log ends before the position, where that is unknown.
func (l loss) records() int64 { return max(0, l.start-l.at) }

// operatorRule is the rule id of operator alerts about input that was lost.
const operatorRule = "oktastream.input-lost"

// alert tells whoever watches the alerts that detections are missing. The same loss has the same id, should it be found
// again before anything behind it has been committed.
func (l loss) alert(org, version, ruleSet string, now time.Time) alert.Alert {
	where := fmt.Sprintf("%s/%d", l.topic, l.partition)
	return alert.Alert{
		Schema: alert.Schema, ID: alert.StatelessID(org, operatorRule, where+"@"+strconv.FormatInt(l.at, 10)), Revision: 1, Status: alert.Create,
		Kind: "operator", Time: now.UTC(), Org: org, FirstSeen: now.UTC(), LastSeen: now.UTC(), Count: 1,
		Rule:     alert.Rule{ID: operatorRule, Name: "input_lost", Title: "Input lost", Kind: "single", Language: "none"},
		Severity: alert.High, RiskScore: 73,
		Title: "Input lost: " + where,
		Reason: fmt.Sprintf("the group stood at offset %d of %s, and the log holds %d to %d: what lay between was not evaluated",
			l.at, where, l.start, l.end),
		Triage: "Lengthen the retention of the topic, or find out why it was recreated. Evaluate the time in question from another source.",
		Engine: alert.Engine{Version: version, RuleSet: ruleSet},
	}
}
