package offline

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"oktastream/processor/envelope"
	"oktastream/rules/event"
)

// Event is one event of a file, ready to be decoded.
type Event struct {
	Time int64 // as the decoder read it; 0 for none
	JSON []byte
	Meta event.Meta // where it stood, and in what
}

// Read reads all inputs and returns their events in order of time, then of place; those without a readable time come
// first. The report accounts for every record, and knows nothing of alerts.
func Read(inputs []Input) ([]Event, Report) {
	var rep Report
	var events []Event
	decoder := event.NewDecoder(event.NewFields())
	for _, in := range inputs {
		f := FileReport{Name: in.Name, Envelopes: map[string]int{}}
		f.Err = read(in, &f, decoder, &events)
		if f.Err != nil {
			rep.Unreadable++
		}
		rep.Events += f.Events
		rep.Files = append(rep.Files, f)
	}
	slices.SortStableFunc(events, func(a, b Event) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), a.Meta.Origin.Compare(b.Meta.Origin))
	})
	for i := range events {
		if events[i].Time == 0 {
			rep.Timeless++
			continue
		}
		rep.First, rep.Last = time.Unix(0, events[i].Time).UTC(), time.Unix(0, events[len(events)-1].Time).UTC()
		break
	}
	return events, rep
}

// read appends the events of one file.
func read(in Input, f *FileReport, decoder *event.Decoder, events *[]Event) error {
	r, err := in.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	s := newSplitter(r)
	for {
		rec, err := s.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", s.line, err)
		}
		number := int64(f.Records)
		f.Records++
		reject := func(index int, code, reason string) {
			f.Rejected++
			if len(f.Problems) < maxProblems {
				f.Problems = append(f.Problems, Problem{File: f.Name, Line: rec.line, Index: index, Code: code, Reason: reason})
			}
		}
		if rec.err != nil {
			reject(0, "not-json", rec.err.Error())
			continue
		}
		res := envelope.Unwrap(rec.data)
		for _, x := range res.Rejected {
			reject(int(x.Index), string(x.Code), x.Reason)
		}
		for _, found := range res.Events {
			meta := event.Meta{Origin: event.Origin{Topic: f.Name, Offset: number, Index: int32(found.Index)}, Envelope: found.Envelope}
			ev, err := decoder.Decode(found.JSON, meta)
			if err != nil {
				reject(int(found.Index), "undecodable", err.Error())
				continue
			}
			f.Events++
			f.Envelopes[found.Envelope]++
			*events = append(*events, Event{Time: ev.Time(), JSON: found.JSON, Meta: meta})
		}
	}
}
