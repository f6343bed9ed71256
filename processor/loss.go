package processor

import (
	"fmt"
	"strconv"
	"time"

	"oktastream/rules/alert"
)

// loss is a position of an input partition that its log does not hold: retention was faster than we, or the topic was
// recreated, by now perhaps with something else at that offset. Reading goes on at start.
type loss struct {
	topic          string
	partition      int32
	at, start, end int64
	recreated      bool // known from the topic's id; a position behind the end tells it too
}

// records is how many offsets were never read; 0 where that is unknown, because the log is another one.
func (l loss) records() int64 {
	if l.recreated {
		return 0
	}
	return max(0, l.start-l.at)
}

func (l loss) String() string {
	at := fmt.Sprintf("stood at offset %d of %s/%d", l.at, l.topic, l.partition)
	if l.recreated {
		return fmt.Sprintf("%s before the topic was deleted; the one that has its name now holds %d to %d", at, l.start, l.end)
	}
	return fmt.Sprintf("%s, and the log holds %d to %d", at, l.start, l.end)
}

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
		Title:  "Input lost: " + where,
		Reason: fmt.Sprintf("the group %v: what it had not read by then was not evaluated", l),
		Triage: "Lengthen the retention of the topic, or find out why it was recreated. Evaluate the time in question from another source.",
		Engine: alert.Engine{Version: version, RuleSet: ruleSet},
	}
}
