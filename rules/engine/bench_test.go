//go:build unix

package engine

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/window"
	"oktastream/state"
)

func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkUpdate is one observation of a window that has been committed, in transactions of 2000, with decoding, its
// changes and its share of the commit; under one rule, and under several over the same grouping.
func BenchmarkUpdate(b *testing.B) {
	const windows, batch = 20_000, 2000
	at := func(n int) int64 { return start.Add(time.Duration(n) * 30 * time.Millisecond).UnixNano() } // six rows of a window in an hour
	for _, count := range []int{1, 2, 5} {
		b.Run(fmt.Sprint(count, " rules"), func(b *testing.B) {
			var list []rules.Rule
			for n := range count {
				list = append(list, rules.Rule{ID: fmt.Sprint(n), Name: fmt.Sprint("devices", n), Title: "Devices", Meta: rules.Meta{Severity: alert.High},
					Stateful: &rules.Stateful{GroupBy: []string{"actor", "session"},
						Window: window.Spec{Kind: window.Distinct, Length: time.Hour, Lateness: 5 * time.Minute, Quiet: time.Hour, Episode: 24 * time.Hour,
							Distinct: []window.Column{{Name: "dtHash", Threshold: 100}}},
						Inputs: []rules.Input{{Name: "any", Where: is("eventType", "policy.evaluate_sign_on", fmt.Sprint("other", n)),
							Group:   []event.Path{event.MustPath("actor.alternateId"), event.MustPath("authenticationContext.externalSessionId")},
							Columns: []event.Path{event.MustPath("debugContext.debugData.dtHash")}}}}})
			}
			set, diags := rules.NewSet(list)
			if len(diags) > 0 {
				b.Fatal(diags)
			}
			task := NewTask(set, Options{})
			// An observation of a window every so many, so that windows are not updated in the order in which they lie.
			observation := func(n int) Message {
				session := n * 7919 % windows
				actor := fmt.Sprintf("first.last%06d@example.com", session/2)
				return Message{Observation: &Observation{Class: set.Classes()[0].Name, Key: actor, ID: fmt.Sprintf("0f6a2f0e-3a52-4a7e-9a57-%012x", n),
					Time: at(n), Origin: event.Origin{Topic: "okta.system-log", Partition: int32(n % 4), Offset: int64(n)},
					Event: fmt.Appendf(nil, `{"eventType":"policy.evaluate_sign_on","actor":{"alternateId":%q},"authenticationContext":{"externalSessionId":"102%022d"},`+
						`"client":{"ipAddress":"203.0.%d.%d"},"outcome":{"result":"ALLOW"},"debugContext":{"debugData":{"dtHash":"%064x"}}}`,
						actor, session, session>>8&0xff, session&0xff, n/windows+1)}}
			}
			next, out := 0, Output{}
			messages := make([]Message, batch)
			commit := func() {
				task.Begin()
				for _, m := range messages {
					if err := task.Handle(m, &out); err != nil {
						b.Fatal(err)
					}
				}
				task.Changes(state.Checkpoint{})
				if err := task.Commit(); err != nil {
					b.Fatal(err)
				}
			}
			prepare := func() {
				for i := range messages {
					messages[i] = observation(next)
					next++
				}
			}
			for next < 2*windows {
				prepare()
				commit()
			}
			b.ReportAllocs()
			b.ResetTimer()
			var used time.Duration // of the processor: other processes cannot stretch it as they stretch ns/op
			for done := 0; done < b.N; done += batch {
				b.StopTimer()
				if prepare(); next%windows == 0 {
					task.Begin()
					clocks := Clocks{Sources: []SourceClock{{Topic: "t", Max: at(next)}}, Partitions: map[string]int32{"t": 1}}
					if err := task.Handle(Message{Clocks: &clocks}, &out); err != nil {
						b.Fatal(err)
					}
					task.Changes(state.Checkpoint{})
					if err := task.Commit(); err != nil {
						b.Fatal(err)
					}
				}
				b.StartTimer()
				before := cpu()
				commit()
				used += cpu() - before
			}
			b.ReportMetric(float64(used.Nanoseconds())/float64(b.N), "cpu-ns/op")
		})
	}
}
