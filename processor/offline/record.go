package offline

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// Recording is what evaluating rule sets over files needs of them, in memory: the events that meet a condition of some
// rule, and the times of the others, which move the clock. The others are the most, as a rule, and cost eight bytes each
// instead of their JSON.
type Recording struct {
	events []hit
	ticks  []int64 // times of the other events, ascending, each once
}

// hit is an event with the rules, by set, whose conditions it meets.
type hit struct {
	Event
	rules [][]int32
}

// Record reads all inputs for Play with any of the sets. The report accounts for every record, and knows nothing of
// alerts. The only error is that of ctx.
func Record(ctx context.Context, sets []*rules.Set, inputs []Input) (*Recording, Report, error) {
	rec := &Recording{}
	sel := newSelector(sets)
	rep := scan(inputs, func(ev *event.Event, json []byte, meta event.Meta) error {
		found, err := sel.rules(ev, json, meta)
		switch {
		case err != nil:
			return err
		case found != nil:
			rec.events = append(rec.events, hit{Event{Time: ev.Time(), JSON: slices.Clone(json), Meta: meta}, found})
		case ev.Flags()&event.TimeMissing == 0:
			rec.ticks = append(rec.ticks, ev.Time())
		}
		return ctx.Err()
	})
	if err := ctx.Err(); err != nil {
		return nil, rep, err
	}
	slices.SortStableFunc(rec.events, func(a, b hit) int { return inTime(a.Event, b.Event) })
	slices.Sort(rec.ticks)
	rec.ticks = slices.Compact(rec.ticks)
	return rec, rep, nil
}

// Len is the number of events that meet a condition of some rule.
func (r *Recording) Len() int { return len(r.events) }

// Hits is, for each rule of the set that was given to Record as number n, how many events meet one of its conditions.
func (r *Recording) Hits(n int, set *rules.Set) []int {
	counts := make([]int, len(set.Rules()))
	for i := range r.events {
		for _, rule := range r.events[i].rules[n] {
			counts[rule]++
		}
	}
	return counts
}

// Only returns the part of r that some of the rules, of the set with number n, read, at most the first limit events; the
// clock moves with them alone.
func (r *Recording) Only(n int, rules []int, limit int) *Recording {
	part := &Recording{}
	for i := range r.events {
		if slices.ContainsFunc(r.events[i].rules[n], func(rule int32) bool { return slices.Contains(rules, int(rule)) }) {
			if part.events = append(part.events, r.events[i]); len(part.events) == limit {
				break
			}
		}
	}
	return part
}

// Listener hears what happens while a recording is played. Only Alerts must be set.
type Listener struct {
	// Alerts gets the alerts as they come.
	Alerts func([]alert.Alert)
	// Done is called for every event that was evaluated.
	Done func()
	// Held is told that ev completed the condition of rule once more, inside an episode that has been announced.
	Held func(rule int, ev *event.Event)
}

// Play evaluates set over the events in order of event time and closes every window at the end.
func (r *Recording) Play(ctx context.Context, set *rules.Set, opts engine.Options, to Listener) (engine.Stats, error) {
	local := engine.NewLocal(set, opts)
	decoder := local.NewDecoder()
	total := make(engine.Stats, len(set.Rules()))
	ticks := r.ticks
	var out engine.Output
	for i := range r.events {
		e := &r.events[i]
		for len(ticks) > 0 && ticks[0] <= e.Time {
			if err := local.Advance(ticks[0], &out); err != nil {
				return nil, err
			}
			ticks = ticks[1:]
		}
		ev, err := decoder.Decode(e.JSON, e.Meta)
		if err != nil {
			return nil, fmt.Errorf("event at %s:%d cannot be decoded a second time: %w", e.Meta.Origin.Topic, e.Meta.Origin.Offset, err)
		}
		if err := local.Process(ev, &out); err != nil {
			return nil, err
		}
		if len(out.Alerts) > 0 {
			to.Alerts(out.Alerts)
			out = engine.Output{}
		}
		if to.Held != nil {
			stats := local.Stats()
			for rule := range stats {
				if stats[rule].Held > 0 {
					to.Held(rule, ev)
				}
			}
			total.Add(stats)
		}
		if to.Done != nil {
			to.Done()
		}
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	for _, t := range ticks {
		if err := local.Advance(t, &out); err != nil {
			return nil, err
		}
	}
	if err := local.Close(&out); err != nil {
		return nil, err
	}
	to.Alerts(out.Alerts)
	total.Add(local.Stats())
	return total, nil
}

// selector finds the rules of several sets that an event concerns.
type selector struct {
	sets  []selection
	known map[string][][]int32 // few combinations occur, so events share them
	key   []byte
}

type selection struct {
	set     *rules.Set
	decoder *event.Decoder
	matcher *match.Matcher
	hits    []int
}

func newSelector(sets []*rules.Set) *selector {
	s := &selector{known: map[string][][]int32{}}
	for _, set := range sets {
		s.sets = append(s.sets, selection{set: set, decoder: event.NewDecoder(set.Fields()), matcher: set.Index().NewMatcher()})
	}
	return s
}

// rules lists, by set, the rules that have a condition which the event meets; nil if there is none in any set.
func (s *selector) rules(ev *event.Event, json []byte, meta event.Meta) ([][]int32, error) {
	s.key = s.key[:0]
	any := false
	for i := range s.sets {
		x := &s.sets[i]
		ev, err := x.decoder.Decode(json, meta)
		if err != nil {
			return nil, err
		}
		x.hits = x.matcher.Match(ev, x.hits[:0])
		any = any || len(x.hits) > 0
		s.key = fmt.Append(s.key, x.hits)
	}
	if !any {
		return nil, nil
	}
	if found, ok := s.known[string(s.key)]; ok {
		return found, nil
	}
	found := make([][]int32, len(s.sets))
	for i, x := range s.sets {
		for _, n := range x.hits {
			if r := int32(x.set.Entry(n).Rule); !slices.Contains(found[i], r) {
				found[i] = append(found[i], r)
			}
		}
	}
	s.known[string(s.key)] = found
	return found, nil
}

// inTime is the order in which events are evaluated: by time, then by place.
func inTime(a, b Event) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), a.Meta.Origin.Compare(b.Meta.Origin))
}
