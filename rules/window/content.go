package window

import (
	"math/big"
	"slices"

	"oktastream/rules/alert"
)

// Content is what the interval of a completion held, as far as an alert tells it: a window may hold any number of rows,
// and an alert is bounded.
type Content struct {
	From, To    int64         // the interval
	Count       int           // rows in it
	First, Last []Observation // of the rows, in order of time; Last has none that First has
	Events      int           // different events among the rows
	EventIDs    []string      // of the first of them
	Values      []Values      // by column
	Steps       []Observation // Unordered: the first row of each step that has come, in order of time
	Chain       []Observation // sequences: the row of each step, in order
	Quantity    *big.Rat      // what Spec.Condition is about; nil if nothing was measured, or there is no Condition
	Thinned     bool          // repeated values were dropped from a busy window: what is counted is a lower bound
	Outputs     []Output      // Kind Pipeline: what the Program yields
	Late        int           // so many of the rows came late; for sequences, of the Chain
}

// Values are the different values of a column.
type Values struct {
	Count int
	First []string // in order of first sight
}

// content tells of [t-Length, t], and of (t-Length, t] where a tick judges.
func (w *Window) content(s *Spec, t int64) Content {
	from := subSaturated(t, s.Length)
	begin := from
	if s.Every > 0 {
		begin++
	}
	lo, _ := w.firstAtOrAfter(begin)
	hi, _ := w.firstAtOrAfter(addSaturated(t, 1))
	if v := w.view; v != nil && v.digest != nil && v.at == t && v.from == lo && v.to == hi {
		return w.tell(s, v, from)
	}
	return w.contentOf(s, lo, hi, from, t)
}

// contentOf tells of rows[lo:hi].
func (w *Window) contentOf(s *Spec, lo, hi int, from, to int64) Content {
	v := newSliding(w.dict, s)
	v.digest = newDigest(s, w.head.Group, false)
	v.from, v.to, v.at = lo, lo, to
	for ; v.to < hi; v.to++ {
		v.add(w.rows[v.to], 1)
	}
	return w.tell(s, v, from)
}

// tell tells of the rows that v counts. It looks at no more of them than it tells.
func (w *Window) tell(s *Spec, v *sliding, from int64) Content {
	rows := w.rows[v.from:v.to]
	c := Content{From: from, To: v.at, Count: len(rows), Thinned: w.head.Thinned, Events: len(v.digest.events), Late: v.digest.late}
	for _, r := range rows[:min(len(rows), alert.EvidenceFirst)] {
		c.First = append(c.First, w.dict.observation(r))
	}
	for _, r := range rows[max(len(c.First), len(rows)-alert.EvidenceLast):] {
		c.Last = append(c.Last, w.dict.observation(r))
	}
	seen := map[rowID]bool{}
	for _, r := range rows[:min(len(rows), alert.MaxIDs*max(s.Steps, 1))] { // an event is at most one row of a step
		if id := r.id(); !seen[id] && len(seen) < alert.MaxIDs {
			seen[id] = true
			c.EventIDs = append(c.EventIDs, id.String())
		}
	}
	for i := range v.digest.columns {
		c.Values = append(c.Values, v.digest.columns[i].values())
	}
	for _, at := range v.digest.steps.first(s.Steps) {
		i, _ := w.place(at.key)
		c.Steps = append(c.Steps, w.dict.observation(w.rows[i]))
	}
	if s.Kind == Sequence {
		c.Late = 0
		for _, r := range w.chain(s, v.at) {
			c.Chain = append(c.Chain, w.dict.observation(r))
			if r.late() {
				c.Late++
			}
		}
	}
	if len(s.Condition) > 0 {
		c.Quantity = v.quantity(s)
		if c.Quantity != nil { // the view goes on counting
			c.Quantity = new(big.Rat).Set(c.Quantity)
		}
	}
	if v.digest.tally != nil && len(rows) > 0 {
		c.Outputs = v.digest.tally.Outputs()
	}
	return c
}

// digest is what tell cannot read off the ends of the rows. It follows the rows of a sliding, so that an episode which is
// told anew with each event costs each time what the alert holds, not what the window holds.
type digest struct {
	spec    *Spec
	events  map[rowID]int
	late    int      // rows that came late
	columns []sights // by column
	steps   sights   // Unordered: by step
	tally   Tally    // Kind Pipeline: of all that the Program yields
}

// newDigest returns an empty digest. Only one that lasts can take rows back.
func newDigest(s *Spec, group []string, lasts bool) *digest {
	d := &digest{spec: s, events: map[rowID]int{}, columns: make([]sights, len(s.Distinct))}
	for i := range d.columns {
		d.columns[i] = newSights(lasts)
	}
	d.steps = newSights(lasts)
	if s.Program != nil {
		d.tally = s.Program.Begin(slices.Clone(group), true)
	}
	return d
}

func (d *digest) add(r row, by int) {
	k := r.key()
	if r.late() {
		d.late += by
	}
	if d.events[k.id] += by; d.events[k.id] == 0 {
		delete(d.events, k.id)
	}
	for i := range d.columns {
		n := 0
		for v := range r.column(i) {
			d.columns[i].see(v, sight{k, n}, by)
			n++
		}
	}
	if d.spec.Kind == Unordered {
		d.steps.see(string([]byte{k.step}), sight{key: k}, by)
	}
	switch {
	case d.tally == nil:
	case by > 0:
		d.tally.Add(r.text())
	default:
		d.tally.Remove(r.text())
	}
}

// sights are values in the order of their first sight, kept up to date in O(log n) as rows come and go.
type sights struct {
	lasts bool
	of    map[string]*Ranked[sight] // packed value → where it was seen; only the first place, if the sights do not last
	order *Ranked[seen]             // the first sight of each value
}

// sight is a place: a row, and the number of the value in it.
type sight struct {
	key rowKey
	n   int
}

type seen struct {
	sight
	value string
}

func newSights(lasts bool) sights {
	return sights{lasts: lasts, of: map[string]*Ranked[sight]{}, order: NewRanked(func(a, b seen) int { return a.compare(b.sight) })}
}

func (a sight) compare(b sight) int {
	if c := a.key.compare(b.key); c != 0 {
		return c
	}
	return a.n - b.n
}

// see adds a sight of a value, or takes it back. Sights that do not last are added in order.
func (s *sights) see(value string, at sight, by int) {
	of := s.of[value]
	switch {
	case of != nil && !s.lasts:
		return
	case of == nil:
		of = NewRanked(sight.compare)
		s.of[value] = of
	default:
		s.order.Remove(seen{of.At(0), value})
	}
	if by > 0 {
		of.Add(at)
	} else {
		of.Remove(at)
	}
	if of.Len() == 0 {
		delete(s.of, value)
		return
	}
	s.order.Add(seen{of.At(0), value})
}

// first is where the first values were first seen, at most n of them.
func (s *sights) first(n int) []seen {
	var list []seen
	for i := range min(n, s.order.Len()) {
		list = append(list, s.order.At(i))
	}
	return list
}

func (s *sights) values() Values {
	v := Values{Count: len(s.of)}
	for _, x := range s.first(alert.MaxValues) {
		v.First = append(v.First, unpackText(x.value))
	}
	return v
}
