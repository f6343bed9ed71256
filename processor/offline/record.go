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
	p := newPlayer(ctx, set, opts, to)
	ticks := r.ticks
	for i := range r.events {
		e := &r.events[i]
		for len(ticks) > 0 && ticks[0] <= e.Time {
			if err := p.take(&Event{Time: ticks[0]}); err != nil {
				return nil, err
			}
			ticks = ticks[1:]
		}
		if err := p.take(&e.Event); err != nil {
			return nil, err
		}
	}
	for _, t := range ticks {
		if err := p.take(&Event{Time: t}); err != nil {
			return nil, err
		}
	}
	return p.close()
}

// player evaluates rules over events that come in order of event time. An event without JSON only moves the clock.
type player struct {
	ctx     context.Context
	local   *engine.Local
	decoder *event.Decoder
	to      Listener
	total   engine.Stats
	out     engine.Output
	n       int
}

func newPlayer(ctx context.Context, set *rules.Set, opts engine.Options, to Listener) *player {
	local := engine.NewLocal(set, opts)
	return &player{ctx: ctx, local: local, decoder: local.NewDecoder(), to: to, total: make(engine.Stats, len(set.Rules()))}
}

func (p *player) take(e *Event) error {
	if p.n++; p.n%1024 == 0 && p.ctx.Err() != nil {
		return p.ctx.Err()
	}
	if len(e.JSON) == 0 {
		return p.local.Advance(e.Time, &p.out)
	}
	ev, err := p.decoder.Decode(e.JSON, e.Meta)
	if err != nil {
		return fmt.Errorf("event at %s:%d cannot be decoded a second time: %w", e.Meta.Origin.Topic, e.Meta.Origin.Offset, err)
	}
	if err := p.local.Process(ev, &p.out); err != nil {
		return err
	}
	if len(p.out.Alerts) > 0 {
		p.to.Alerts(p.out.Alerts)
		p.out = engine.Output{}
	}
	if p.to.Held != nil {
		stats := p.local.Stats()
		for rule := range stats {
			if stats[rule].Held > 0 {
				p.to.Held(rule, ev)
			}
		}
		p.total.Add(stats)
	}
	if p.to.Done != nil {
		p.to.Done()
	}
	return nil
}

// close closes every window.
func (p *player) close() (engine.Stats, error) {
	if err := p.ctx.Err(); err != nil {
		return nil, err
	}
	if err := p.local.Close(&p.out); err != nil {
		return nil, err
	}
	p.to.Alerts(p.out.Alerts)
	p.total.Add(p.local.Stats())
	return p.total, nil
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
