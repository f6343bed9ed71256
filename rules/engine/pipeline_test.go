package engine

import (
	"fmt"
	"strings"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/window"
)

// balance is a program over the sum of two kinds of rows: it holds when there are as many of one as of the other or,
// with atLeast, that many of the first.
type balance struct{ atLeast int }

func (b balance) String() string { return fmt.Sprint("balance ", b.atLeast) }

func (b balance) Begin(group []string, _ bool) window.Tally {
	return &balanceTally{balance: b, group: group}
}

func (t *balanceTally) Outputs() []window.Output {
	return []window.Output{{Name: "rows", Values: []any{int64(t.odd + t.even)}}, {Name: "of", Values: []any{strings.Join(t.group, ",")}}}
}

type balanceTally struct {
	balance
	group     []string
	odd, even int
}

func (t *balanceTally) count(row string, by int) {
	if row != "" && row[len(row)-1]%2 == 1 {
		t.odd += by
	} else {
		t.even += by
	}
}

func (t *balanceTally) Add(row string)    { t.count(row, 1) }
func (t *balanceTally) Remove(row string) { t.count(row, -1) }

func (t *balanceTally) Holds() bool {
	if t.atLeast > 0 {
		return t.odd >= t.atLeast
	}
	return t.odd == t.even
}

// pipeline is a rule that runs a program over events of failure, by address; events without one are a group too.
func pipeline(id, name string, b balance, every time.Duration) rules.Rule {
	return rules.Rule{ID: id, Name: name, Title: name, Meta: rules.Meta{Severity: alert.Low, Risk: 21},
		Stateful: &rules.Stateful{GroupBy: []string{"ip"}, Verbatim: true, NullGroup: true,
			Window: window.Spec{Kind: window.Pipeline, Program: b, Every: every, Length: 10 * time.Minute, Lateness: 5 * time.Minute, Quiet: 10 * time.Minute, Episode: 24 * time.Hour},
			Inputs: []rules.Input{{Name: "fail", Where: is("eventType", "fail"), Group: []event.Path{event.MustPath("client.ipAddress")},
				Columns: []event.Path{event.MustPath("securityContext.asNumber")}}}}}
}
