package processor

import (
	"log/slog"
	"slices"
	"strings"
	"time"

	"oktastream/rules/engine"
)

// lateSources watches for sources all of whose events come later than any rule allows for: a forwarder that was down, or
// one with a backlog. Single late events are counted by rule; a source as a whole is something to mend. What is counted of
// an aborted transaction counts twice here, which changes no warning.
type lateSources struct {
	lateness time.Duration
	since    time.Time
	of       map[lateSource]*lateCount
}

type lateSource struct {
	topic     string
	partition int32
}

type lateCount struct {
	timely, late int
	behind       time.Duration // at most
}

// lateSourcesEvery is how often a source is called late.
const lateSourcesEvery = time.Minute

// see takes note of an observation that was handled at a clock.
func (l *lateSources) see(o *engine.Observation, clock int64) {
	if o.From != "" {
		return // an alert: it comes when it can
	}
	k := lateSource{o.Origin.Topic, o.Origin.Partition}
	n := l.of[k]
	if n == nil {
		if l.of == nil {
			l.of = map[lateSource]*lateCount{}
		}
		n = &lateCount{}
		l.of[lateSource{strings.Clone(k.topic), k.partition}] = n
	}
	if behind := time.Duration(clock - o.Time); o.Time < clock && behind > l.lateness {
		n.late++
		n.behind = max(n.behind, behind)
	} else {
		n.timely++
	}
}

// tell warns of the sources of which everything was late since it told the last time.
func (l *lateSources) tell(log *slog.Logger, now time.Time) {
	if l.since.IsZero() {
		l.since = now
	}
	if now.Sub(l.since) < lateSourcesEvery {
		return
	}
	var late []lateSource
	for k, n := range l.of {
		if n.late > 0 && n.timely == 0 {
			late = append(late, k)
		}
	}
	slices.SortFunc(late, func(a, b lateSource) int {
		if a.topic != b.topic {
			return strings.Compare(a.topic, b.topic)
		}
		return int(a.partition - b.partition)
	})
	for _, k := range late {
		n := l.of[k]
		log.Warn("a source is late as a whole: all of its events came later than the rules' lateness allows for; they may still complete detections, but windows that have closed miss them",
			"topic", k.topic, "partition", k.partition, "events", n.late, "behind", n.behind.Round(time.Second), "lateness", l.lateness)
	}
	l.since, l.of = now, nil
}
