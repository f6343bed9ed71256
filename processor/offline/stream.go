package offline

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"strconv"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
)

// Line is an alert as it is written, with what it is sorted by.
type Line struct {
	Time     time.Time
	Rule, ID string
	Revision int
	Text     []byte
}

func lineOf(a *alert.Alert, text []byte) Line {
	return Line{Time: a.Time, Rule: a.Rule.Name, ID: a.ID, Revision: a.Revision, Text: text}
}

// compareLines is the order in which alerts are told: by event time, then so that there is one order.
func compareLines(a, b *Line) int {
	return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Revision, b.Revision))
}

// Stream is Run for inputs of any size: it holds SortMemory bytes of events and as much of alerts, and 16 bytes for each
// alert so that none is written twice. write gets the texts that encode makes of alerts, in order. The error is about the
// engine, the temporary files, encode or write.
func Stream(set *rules.Set, opts engine.Options, inputs []Input, encode func(*alert.Alert) ([]byte, error), write func([]byte) error) (Report, error) {
	return stream(set, opts, inputs, SortMemory, encode, write)
}

func stream(set *rules.Set, opts engine.Options, inputs []Input, memory int, encode func(*alert.Alert) ([]byte, error), write func([]byte) error) (rep Report, err error) {
	events := &sorter[Event]{limit: memory, compare: compareEvents, size: func(e *Event) int { return len(e.JSON) + 160 }}
	lines := &sorter[Line]{limit: memory, compare: compareLines, size: func(l *Line) int { return len(l.Text) + 160 }}
	defer func() { err = errors.Join(err, events.close(), lines.close()) }()

	sel := newSelector([]*rules.Set{set})
	var failed error
	rep = scan(inputs, func(ev *event.Event, json []byte, meta event.Meta) error {
		found, err := sel.rules(ev, json, meta)
		switch {
		case err != nil:
			failed = err
		case found != nil:
			failed = events.add(Event{Time: ev.Time(), JSON: bytes.Clone(json), Meta: meta})
		case ev.Flags()&event.TimeMissing == 0:
			failed = events.add(Event{Time: ev.Time()})
		}
		return failed
	})
	if failed != nil {
		return rep, failed
	}
	p := newPlayer(context.Background(), set, opts, Listener{Alerts: func(as []alert.Alert) {
		for i := range as {
			if failed != nil {
				return
			}
			var text []byte
			if text, failed = encode(&as[i]); failed == nil {
				failed = lines.add(lineOf(&as[i], text))
			}
		}
	}})
	err = events.each(func(e *Event) error {
		if err := p.take(e); err != nil {
			return err
		}
		return failed
	})
	if err != nil {
		return rep, err
	}
	if rep.Stats, err = p.close(); err != nil {
		return rep, err
	}
	if failed != nil {
		return rep, failed
	}
	seen := map[[16]byte]bool{}
	return rep, lines.each(func(l *Line) error {
		sum := sha256.Sum256(strconv.AppendInt([]byte(l.ID+"\x00"), int64(l.Revision), 10))
		key := [16]byte(sum[:])
		if seen[key] {
			rep.Repeated++
			return nil
		}
		seen[key] = true
		rep.Raised++
		return write(l.Text)
	})
}

// compareEvents is inTime, with a time that only moves the clock before the events of that time.
func compareEvents(a, b *Event) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(min(1, len(a.JSON)), min(1, len(b.JSON))), inTime(*a, *b))
}
