package offline

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"oktastream/processor/document"
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
	var events []Event
	rep := scan(inputs, func(ev *event.Event, json []byte, meta event.Meta) error {
		events = append(events, Event{Time: ev.Time(), JSON: bytes.Clone(json), Meta: meta})
		return nil
	})
	slices.SortStableFunc(events, inTime)
	return events, rep
}

// taker gets one event at a time, in the order of the files; ev and json are valid until it returns. After an
// error nothing more is read.
type taker func(ev *event.Event, json []byte, meta event.Meta) error

// scan reads all inputs and accounts for every record.
func scan(inputs []Input, take taker) Report {
	var rep Report
	decoder := event.NewDecoder(event.NewFields())
	first, last := int64(math.MaxInt64), int64(math.MinInt64)
	for _, in := range inputs {
		f := FileReport{Name: in.Name, Envelopes: map[string]int{}}
		f.Err = read(in, &f, decoder, func(ev *event.Event, json []byte, meta event.Meta) error {
			if ev.Flags()&event.TimeUnreadable != 0 {
				if f.Unread++; f.Unread == 1 {
					f.FirstUnread = meta.Origin.Offset + 1
				}
			}
			if t := ev.Time(); t == 0 {
				rep.Timeless++
			} else {
				first, last = min(first, t), max(last, t)
			}
			return take(ev, json, meta)
		})
		if f.Err != nil {
			rep.Unreadable++
		}
		rep.Events += f.Events
		rep.Files = append(rep.Files, f)
	}
	if first <= last {
		rep.First, rep.Last = time.Unix(0, first).UTC(), time.Unix(0, last).UTC()
	}
	return rep
}

// read reads one file.
func read(in Input, f *FileReport, decoder *event.Decoder, take taker) error {
	r, err := in.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	docs := document.NewReader(r)
	var u envelope.Unwrapper
	for {
		doc, err := docs.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", docs.Line(), err)
		}
		f.Records = doc.Record + 1
		reject := func(index int32, code, reason string) {
			f.Rejected++
			if len(f.Problems) < maxProblems {
				f.Problems = append(f.Problems, Problem{File: f.Name, Line: doc.Line, Index: int(index), Code: code, Reason: reason})
			}
		}
		res := u.Document(doc)
		f.Empty += len(res.Empty)
		for _, x := range res.Rejected {
			reject(x.Index, x.Code, x.Reason)
		}
		for _, found := range res.Events {
			meta := event.Meta{Origin: event.Origin{Topic: f.Name, Offset: int64(doc.Record), Index: found.Index}, Envelope: found.Envelope, Carrier: bytes.Clone(found.Carrier)}
			ev, err := decoder.Decode(found.JSON, meta)
			if err != nil {
				reject(found.Index, "undecodable", err.Error())
				continue
			}
			f.Events++
			f.Envelopes[found.Envelope]++
			if err := take(ev, found.JSON, meta); err != nil {
				return err
			}
		}
	}
}
