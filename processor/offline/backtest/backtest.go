package backtest

import (
	"context"
	"io"
	"time"

	"oktastream/processor/offline"
	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
)

// Options say what is compared and how.
type Options struct {
	// Rules are the rules under test.
	Rules *rules.Set
	// Baseline, if set, are the rules that their alerts are compared with.
	Baseline *rules.Set
	Engine   engine.Options
	// Top is how many groups are listed; 0 lists none.
	Top   int
	Gates Gates
	// Progress, if set, hears how the run is getting on.
	Progress Progress
	// Now measures what rules cost. It must not be nil.
	Now func() time.Time
}

// Progress is told about stages, one after the other. Total is 0 if it is not known.
type Progress interface {
	Begin(stage string, total int64, bytes bool)
	Add(n int)
}

type noProgress struct{}

func (noProgress) Begin(string, int64, bool) {}
func (noProgress) Add(int)                   {}

// Run evaluates the rules over inputs. The error is about the engine, or that of ctx; what is wrong with inputs stands
// in the report.
func Run(ctx context.Context, o Options, inputs []offline.Input) (*Report, error) {
	if o.Progress == nil {
		o.Progress = noProgress{}
	}
	sets := []*rules.Set{o.Rules}
	if o.Baseline != nil {
		sets = append(sets, o.Baseline)
	}
	began := o.Now()
	rec, files, err := offline.Record(ctx, sets, watched(inputs, o.Progress))
	if err != nil {
		return nil, err
	}
	rep := newReport(&files, rec.Len())
	rep.Seconds.Reading = o.Now().Sub(began).Seconds()

	began = o.Now()
	found, err := play(ctx, "evaluating", o, rec, o.Rules)
	if err != nil {
		return nil, err
	}
	rep.Seconds.Evaluating = o.Now().Sub(began).Seconds()
	rep.count(o.Rules, rec.Hits(0, o.Rules), found, o.Top)
	if err := rep.measure(ctx, o, rec); err != nil {
		return nil, err
	}
	if o.Baseline != nil {
		if rep.Compare, err = compare(ctx, o, rec, found); err != nil {
			return nil, err
		}
	}
	rep.Broken = o.Gates.check(rep)
	return rep, nil
}

// play evaluates set over rec and returns what it found, each alert once.
func play(ctx context.Context, stage string, o Options, rec *offline.Recording, set *rules.Set) ([]finding, error) {
	o.Progress.Begin(stage, int64(rec.Len()), false)
	const batch = 256 // a bar that moves for every event costs more than the event
	pending := 0
	l := newLedger(set)
	listener := offline.Listener{
		Alerts: func(alerts []alert.Alert) {
			for i := range alerts {
				l.enter(&alerts[i])
			}
		},
		Done: func() {
			if pending++; pending == batch {
				o.Progress.Add(batch)
				pending = 0
			}
		},
	}
	if o.Baseline != nil {
		listener.Held = l.extend
	}
	_, err := rec.Play(ctx, set, o.Engine, listener)
	o.Progress.Add(pending)
	return l.findings, err
}

// watched tells p how much of the inputs has been read.
func watched(inputs []offline.Input, p Progress) []offline.Input {
	var total int64
	out := make([]offline.Input, len(inputs))
	for i, in := range inputs {
		if in.Size == 0 {
			total = -1
		}
		if total >= 0 {
			total += in.Size
		}
		out[i] = in
		out[i].Open = func() (io.ReadCloser, error) {
			r, err := in.Open()
			if err != nil {
				return nil, err
			}
			return meter{r, p}, nil
		}
	}
	p.Begin("reading", max(total, 0), true)
	return out
}

type meter struct {
	io.ReadCloser
	p Progress
}

func (m meter) Read(b []byte) (int, error) {
	n, err := m.ReadCloser.Read(b)
	m.p.Add(n)
	return n, err
}
