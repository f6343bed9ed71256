package window

import "math/big"

// Content is what the interval of a completion held, for the alert.
type Content struct {
	From, To int64         // the interval
	Rows     []Observation // in order of time
	Chain    []int         // sequences: the row of each step
	Quantity *big.Rat      // what Spec.Condition is about; nil if nothing was measured, or there is no Condition
	Thinned  bool          // repeated values were dropped from a busy window: Rows is a lower bound
	Outputs  []Output      // Kind Pipeline: what the Program yields
}

func (w *Window) content(s *Spec, t int64) Content {
	c := Content{From: t - int64(s.Length), To: t}
	lo, _ := w.firstAtOrAfter(c.From)
	if s.Every > 0 { // the interval of a tick begins behind From
		lo, _ = w.firstAtOrAfter(c.From + 1)
	}
	hi, _ := w.firstAtOrAfter(t + 1)
	c.Rows = make([]Observation, 0, hi-lo)
	for _, r := range w.rows[lo:hi] {
		c.Rows = append(c.Rows, w.dict.observation(r))
	}
	if s.Kind == Sequence {
		for _, i := range w.chain(s, t) {
			c.Chain = append(c.Chain, i-lo)
		}
	}
	if len(s.Condition) > 0 {
		v := newSliding(s)
		v.from, v.to = lo, lo
		v.move(w.rows, t, int64(s.Length))
		c.Quantity = v.quantity(s)
	}
	c.Thinned = w.head.Thinned
	c.Outputs = w.outputs(s, lo, hi)
	return c
}
