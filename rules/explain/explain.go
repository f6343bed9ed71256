package explain

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// Input is one event to feed.
type Input struct {
	JSON []byte
	Meta event.Meta
}

// ErrNoEvent is wrapped by the error for an event that is not in the input, or is not named unmistakably.
var ErrNoEvent = errors.New("no such event")

// ErrNoRule is wrapped by the error for a rule that the set does not have.
var ErrNoRule = errors.New("no such rule")

// Run feeds the events, in their order, to the rules of set that the rule called name is made of, and explains the verdict
// about one event: by its uuid, the beginning of it, or its number in the input, from 1. Without pick it explains every
// firing (the first MaxVerdicts) or, if nothing fired, the event that came closest. The end of the input closes every
// window. The input is fed up to three times, and the same input gives the same report.
func Run(set *rules.Set, name string, given []Input, pick string) (Report, error) {
	set, rule, err := only(set, name)
	if err != nil {
		return Report{}, err
	}
	rep := Report{Rule: describe(&set.Rules()[rule]), Events: len(given), Verdicts: []Verdict{}}
	s, err := survey(set, rule, given)
	if err != nil {
		return rep, err
	}
	rep.Matched, rep.Alerts, rep.Notes = s.matched, len(s.fired), s.notes
	var targets []int
	switch {
	case pick != "":
		i, err := s.find(pick)
		if err != nil {
			return rep, err
		}
		rep.Chosen, targets = Asked, []int{i}
	case len(s.firings) > 0:
		rep.Chosen, targets = Firings, s.firings
		if rep.More = len(targets) - MaxVerdicts; rep.More > 0 {
			targets = targets[:MaxVerdicts]
		} else {
			rep.More = 0
		}
	default:
		rep.Chosen = Closest
		near, err := closest(set, rule, given, s.fired)
		if err != nil || near.at < 0 {
			return rep, err
		}
		rep.Verdicts, err = verdicts(set, rule, given, s, []int{near.at})
		if len(rep.Verdicts) == 1 && near.next != "" {
			rep.Verdicts[0].Notes = append(rep.Verdicts[0].Notes, near.next)
		}
		return rep, err
	}
	rep.Verdicts, err = verdicts(set, rule, given, s, targets)
	return rep, err
}

// only is the part of set that the rule is made of, and the rule's place in it. Rules in it publish their alerts also if
// they are silent, because the explanation needs to see them.
func only(set *rules.Set, name string) (*rules.Set, int, error) {
	byName := map[string]*rules.Rule{}
	for i := range set.Rules() {
		r := &set.Rules()[i]
		byName[r.Name] = r
		if r.ID == name && byName[name] == nil {
			name = r.Name
		}
	}
	if byName[name] == nil {
		return nil, 0, fmt.Errorf("%w: %q", ErrNoRule, name)
	}
	want := []string{name}
	for i := 0; i < len(want); i++ {
		if st := byName[want[i]].Stateful; st != nil {
			for _, in := range st.Inputs {
				if in.From != "" && !slices.Contains(want, in.From) && byName[in.From] != nil {
					want = append(want, in.From)
				}
				for n := range byName {
					if in.Alerts != rules.NoAlerts && !slices.Contains(want, n) {
						want = append(want, n)
					}
				}
			}
		}
	}
	var rs []rules.Rule
	for _, n := range want {
		r := *byName[n]
		r.Silent = false
		rs = append(rs, r)
	}
	part, diags := rules.NewSet(rs)
	for _, d := range diags {
		if d.Level == rules.Error {
			return nil, 0, d
		}
	}
	part = part.Like(set)
	return part, slices.IndexFunc(part.Rules(), func(r rules.Rule) bool { return r.Name == name }), nil
}

// overview is what the first pass over the input tells.
type overview struct {
	ids     []string // event ids, by place
	matched int
	fired   map[string]bool // ids of the rule's alerts
	firings []int           // places of the events that they are about, in order
	notes   []string
}

func survey(set *rules.Set, rule int, given []Input) (*overview, error) {
	p := newReplay(set, rule, given, nil)
	s := &overview{}
	about := map[string]int{} // alert id → the event that it would be about
	r := p.about()
	for i := range given {
		ev, got, err := p.step(i)
		if err != nil {
			return nil, err
		}
		s.ids = append(s.ids, strings.Clone(ev.ID()))
		if r.Stateful == nil && match.Eval(r.Where, ev) {
			s.matched++
			id := alert.StatelessID("", r.ID, ev.ID())
			if _, known := about[id]; !known {
				about[id] = i
			}
		}
		if len(got) > 0 {
			s.matched++
		}
		for _, t := range got {
			if id := p.alertID(t.group, t.o.ID); t.outcome == Short {
				if _, known := about[id]; !known {
					about[id] = i
				}
			}
		}
	}
	var err error
	if s.fired, err = p.end(); err != nil {
		return nil, err
	}
	places := map[int]bool{}
	lost := 0
	for id := range s.fired {
		if i, ok := about[id]; ok {
			places[i] = true
		} else {
			lost++
		}
	}
	s.firings = slices.Sorted(maps.Keys(places))
	if lost > 0 {
		s.notes = append(s.notes, "at the end of the input, about no single event: "+rules.Counted(lost, "alert"))
	}
	if r.Stateful != nil && !maps.Equal(p.own, s.fired) {
		s.notes = append(s.notes, fmt.Sprintf("the windows shown here would give %s, the engine gave %d: what follows may be wrong; please report this", rules.Counted(len(p.own), "alert"), len(s.fired)))
	}
	return s, nil
}

// find returns the place of the event that pick names.
func (s *overview) find(pick string) (int, error) {
	if i := slices.Index(s.ids, pick); i >= 0 {
		return i, nil
	}
	if n, err := strconv.Atoi(pick); err == nil && n >= 1 && n <= len(s.ids) {
		return n - 1, nil
	}
	found := -1
	for i, id := range s.ids {
		if !strings.HasPrefix(id, pick) || found >= 0 && s.ids[found] == id {
			continue
		}
		if found >= 0 {
			return 0, fmt.Errorf("%w: %q may be %s or %s; write more of the uuid", ErrNoEvent, pick, s.ids[found], id)
		}
		found = i
	}
	if found < 0 {
		return 0, fmt.Errorf("%w: %q among %d events; give a uuid, the beginning of one, or a number from 1", ErrNoEvent, pick, len(s.ids))
	}
	return found, nil
}

// verdicts explains the events at the targets, which ascend. A window that is judged when it closes is followed until then.
func verdicts(set *rules.Set, rule int, given []Input, s *overview, targets []int) ([]Verdict, error) {
	type waiting struct {
		verdict, group int
		t              taken
	}
	p := newReplay(set, rule, given, s.fired)
	var out []Verdict
	var open []waiting
	for i := range given {
		if len(targets) == 0 && len(open) == 0 {
			break
		}
		ev, got, err := p.step(i)
		if err != nil {
			return nil, err
		}
		open = slices.DeleteFunc(open, func(w waiting) bool {
			g := &out[w.verdict].Groups[w.group]
			if p.clock-int64(p.about().Stateful.Window.Lateness) > g.Window.To.UnixNano() {
				return true // closed
			}
			*g = p.group(w.t)
			out[w.verdict].conclude()
			return false
		})
		if len(targets) == 0 || i != targets[0] {
			continue
		}
		targets = targets[1:]
		v := p.verdict(i, ev, got)
		if n := copies(s.ids, i); n > 1 {
			v.Notes = append(v.Notes, fmt.Sprintf("the input has %d copies of this event; this is the one at %d", n, i+1))
		}
		out = append(out, v)
		for k, t := range got {
			if st := p.about().Stateful; st.Window.AtClose && t.outcome == Short {
				open = append(open, waiting{len(out) - 1, k, t})
			}
		}
	}
	return out, nil
}

func copies(ids []string, i int) int {
	n := 0
	for _, id := range ids {
		if id == ids[i] {
			n++
		}
	}
	return n
}

// Window explains, for a rule test that has failed, what the rule made of the test's events: the text of at most three
// verdicts, or the reason why there is none.
func Window(set *rules.Set, name string, given []Input) string {
	rep, err := Run(set, name, given, "")
	if err != nil {
		return "cannot be explained: " + err.Error() + "\n"
	}
	if n := len(rep.Verdicts) - 3; n > 0 {
		rep.Verdicts, rep.More = rep.Verdicts[:3], rep.More+n
	}
	var b strings.Builder
	if err := rep.WriteText(&b, false); err != nil {
		return err.Error() + "\n"
	}
	return b.String()
}

func instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }
