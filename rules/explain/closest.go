package explain

import (
	"fmt"
	"slices"
	"strings"

	"oktastream/rules"
)

// near is the last event that came as close to firing as any.
type near struct {
	at   int    // its place in the input; -1 if there is none
	next string // why the next observation of its group does not help; empty if there is none, or nothing to say
}

// closest finds the event to explain where nothing fired.
func closest(set *rules.Set, rule int, given []Input, fired map[string]bool) (near, error) {
	p := newReplay(set, rule, given, fired)
	r := p.about()
	best, found := -1.0, near{at: -1}
	var in *nearest
	seen := crowds{}
	for i := range given {
		ev, got, err := p.step(i)
		if err != nil {
			return near{at: -1}, err
		}
		score := 0.0
		switch {
		case r.Stateful == nil:
			score = nearness(r.Where, ev)
		case len(got) == 0:
			for _, in := range r.Stateful.Inputs {
				if in.ObservesEvents() {
					score = max(score, nearness(in.Where, ev))
				}
			}
		}
		var of *taken
		for k, t := range got {
			if !seen.measures(t.group) {
				continue
			}
			if progress := p.progress(t); progress > score {
				score, of = progress, &got[k]
			}
		}
		if score >= best {
			best, found, in = score, near{at: i}, p.nearest(of)
			continue
		}
		for _, t := range got {
			if in != nil && found.next == "" && t.outcome == Short && slices.Equal(t.group, in.group) {
				found.next = p.tooFar(t, in)
				in = nil // what comes still later helps less
			}
		}
	}
	return found, nil
}

// crowds count the observations of each group, and remember how many there were when its window was last measured.
type crowds map[string]*struct{ n, measured int }

// measures counts one more, and reports whether the window is to be measured. That takes a look at all of it, so that a
// large one is measured for one in so many observations: among those that are nearly alike any will do.
func (c crowds) measures(group []string) bool {
	const small, share = 1024, 64
	key := strings.Join(group, "\x00")
	g := c[key]
	if g == nil {
		g = &struct{ n, measured int }{}
		c[key] = g
	}
	if g.n++; g.n > small && g.n-g.measured < g.n/share {
		return false
	}
	g.measured = g.n
	return true
}

// nearest is the window of the event that came closest so far.
type nearest struct {
	group []string
	first int64 // time of its first row
}

// nearest is nil for what has no interval that another event could lie outside of.
func (p *replay) nearest(t *taken) *nearest {
	if t == nil || t.outcome != Short {
		return nil
	}
	spec := &p.about().Stateful.Window
	if m := spec.Inspect(p.window(t.group), t.o.Time); len(m.Rows) > 0 && spec.Every == 0 && spec.Length > 0 {
		return &nearest{t.group, m.Rows[0].Time}
	}
	return nil
}

// tooFar is why an observation does not complete a window: it lies after every interval that holds the first row.
func (p *replay) tooFar(t taken, in *nearest) string {
	ends := in.first + int64(p.about().Stateful.Window.Length)
	if t.o.Time <= ends {
		return ""
	}
	return fmt.Sprintf("event %d (%s), the next of this group, comes %s too late: an interval that begins with the first of these observations ends at %s",
		t.n+1, stamp(instant(t.o.Time)), short(t.o.Time-ends), stamp(instant(ends)))
}
