package window

import "math/big"

// What follows is for explanations. It reads windows and changes nothing.

// Measure is what one interval of a window holds, beside what a Spec asks for.
type Measure struct {
	From, To int64         // the interval
	Rows     []Observation // in order of time
	Chain    []int         // sequences: the rows of the chain that has come furthest, complete or not
	Quantity *big.Rat      // as in Content
	Thinned  bool          // likewise
	Steps    []int         // rows by step
	Values   []int         // different values by column
	Held     bool          // the interval holds what is asked for
}

// Inspect measures the interval that ends at t or, if only a later one that t lies in holds what s asks for, that one.
// With AtClose it is the whole window that t lies in, with Every the interval of the first tick at or after t.
func (s *Spec) Inspect(w *Window, t int64) Measure {
	w.unfold()
	switch {
	case s.AtClose:
		return s.inspectClose(w, t)
	case s.Every > 0:
		return s.inspectTick(w, t)
	}
	at := t
	if n := len(w.rows); n > 0 {
		// The view that completions keeps must not move here.
		c := Window{dict: w.dict, contents: &contents{head: w.head, rows: w.rows}}
		if times := c.completions(s, t, max(t, min(addSaturated(t, int64(s.Length)), w.rows[n-1].time)), false); len(times) > 0 {
			at = times[0]
			return s.measure(&c, at, true)
		}
	}
	return s.measure(w, at, false)
}

func (s *Spec) measure(w *Window, t int64, held bool) Measure {
	lo, _ := w.firstAtOrAfter(subSaturated(t, s.Length))
	v := w.sliding(s)
	v.from, v.to = lo, lo
	v.move(w.rows, t, int64(s.Length))
	m := w.measured(s, v, subSaturated(t, s.Length))
	m.Held = held
	switch {
	case s.Kind == Sequence && held:
		m.Chain = w.places(w.chain(s, t), lo)
	case s.Kind == Sequence:
		m.Chain = w.furthest(s, lo, v.to)
	}
	return m
}

// measured tells of the rows that v counts.
func (w *Window) measured(s *Spec, v *sliding, from int64) Measure {
	m := Measure{From: from, To: v.at, Thinned: w.head.Thinned}
	for _, r := range w.rows[v.from:v.to] {
		m.Rows = append(m.Rows, w.dict.observation(r))
	}
	m.count(s, v)
	return m
}

func (m *Measure) count(s *Spec, v *sliding) {
	m.Steps, m.Quantity = v.steps, v.quantity(s)
	for _, c := range v.columns {
		m.Values = append(m.Values, len(c))
	}
}

func (s *Spec) inspectClose(w *Window, t int64) Measure {
	m := Measure{From: t, To: addSaturated(t, int64(s.Length))}
	v := newSliding(w.dict, s)
	for i := 0; i < len(w.rows); {
		hi := w.windowEnd(s, i)
		if end := addSaturated(w.rows[i].time, int64(s.Length)); t <= end && w.rows[i].time <= t {
			m.From, m.To = w.rows[i].time, end
			v.from, v.to = i, hi
			for _, r := range w.rows[i:hi] {
				v.add(r, 1)
				m.Rows = append(m.Rows, w.dict.observation(r))
			}
			m.Held = v.holds(s)
			break
		}
		i = hi
	}
	m.count(s, v)
	return m
}

func (s *Spec) inspectTick(w *Window, t int64) Measure {
	t = tickAt(t, s.Every)
	v := w.sliding(s)
	v.move(w.rows, t, int64(s.Length)-1)
	m := w.measured(s, v, subSaturated(t, s.Length))
	m.Held = v.holds(s)
	return m
}

// EpisodeView is an episode as an explanation shows it.
type EpisodeView struct {
	Start, End int64
	EventID    string // the event that first completed the condition
	Announced  bool   // its alert is out; otherwise it waits for the clock
}

// Episodes lists the episodes that are not over, in order of time.
func (w *Window) Episodes() []EpisodeView {
	w.unfold()
	var views []EpisodeView
	for i := range w.eps {
		e := &w.eps[i]
		views = append(views, EpisodeView{Start: e.start, End: e.end, EventID: e.eventID, Announced: !e.pending()})
	}
	return views
}
