package lint

import (
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang/esql"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// silent finds rules that can never alert as far as is known: by a field that no event has, or because they wait for the
// alerts of rules that cannot come. These are warnings, because a forwarder may add fields of its own.
func (c *checker) silent() {
	all := c.set.Rules()
	dead := make([]bool, len(all))
	for changed := true; changed; {
		changed = false
		for i := range all {
			if dead[i] || all[i].Stateful == nil {
				continue
			}
			field, why := absent(&all[i])
			hint := "ask for a field that events have"
			if why == "" {
				why = c.unfed(i, dead)
				hint = "mend those rules first, or wait for others"
			}
			if why == "" {
				continue
			}
			dead[i], changed = true, true
			s := c.subject(&all[i])
			at := s.whole()
			if field != "" {
				at = s.places(field, match.Pos{})[0]
			}
			c.report(&all[i], at, rules.Warning, Silent, hint, "as far as we know the rule can never alert: %s", why)
		}
	}
}

// absent finds a field that no event is known to have and without which the rule observes nothing.
func absent(r *rules.Rule) (field, why string) {
	st := r.Stateful
	blind := 0 // inputs that observe nothing
	for i := range st.Inputs {
		in := &st.Inputs[i]
		name, reason := "", ""
		if p, ok := unknown(in.Group); ok && !st.NullGroup {
			name, reason = p.String(), "no event has "+p.String()+", and events without a member of the group key are not counted"
		} else if p, ok := unknown(match.Paths(in.Where)); ok && asksFor(in.Where, p, true) {
			name, reason = p.String(), "no event has "+p.String()+", which the condition asks for"
		}
		if name == "" || in.From != "" {
			continue
		}
		if needed(r, i) {
			return name, reason
		}
		if blind++; field == "" {
			field, why = name, reason
		}
	}
	if blind == len(st.Inputs) {
		return field, why
	}
	return "", ""
}

// needed reports whether input i has to be observed for the rule to alert.
func needed(r *rules.Rule, i int) bool {
	w := &r.Stateful.Window
	if w.Kind == window.Sequence && i < len(w.Plan) {
		return w.Plan[i].Role == window.Occurs
	}
	return needsAll(r)
}

// unknown returns the first path that is not one of the System Log's. Of what is computed from several fields nothing is
// known: one of them may be enough.
func unknown(paths []event.Path) (event.Path, bool) {
	for _, p := range paths {
		if known, _ := event.KnownPath(p); !known && !p.IsZero() && p.Reads() == nil {
			return p, true
		}
	}
	return event.Path{}, false
}

// unfed says of which rules, all dead, rule i waits for alerts; "" if others may come.
func (c *checker) unfed(i int, dead []bool) string {
	r := &c.set.Rules()[i]
	blind, enough := 0, false
	var names []string
	for j := range r.Stateful.Inputs {
		if r.Stateful.Inputs[j].ObservesEvents() {
			continue
		}
		feeders := slices.DeleteFunc(slices.Clone(c.set.Feeders(i)), func(k int) bool {
			return !slices.ContainsFunc(c.set.Dependents(k), func(e rules.Entry) bool { return e.Rule == i && e.Input == j })
		})
		if len(feeders) == 0 || slices.ContainsFunc(feeders, func(k int) bool { return !dead[k] }) {
			continue
		}
		blind++
		for _, k := range feeders {
			names = append(names, c.set.Rules()[k].Name)
		}
		enough = enough || needed(r, j)
	}
	if !enough && (blind == 0 || blind < len(r.Stateful.Inputs)) {
		return ""
	}
	slices.Sort(names)
	return "it waits for alerts of " + strings.Join(slices.Compact(names), ", ") + ", which can never alert"
}

// determined lists fields that have one value for each value of another. A few more may come about when accounts are
// renamed or made anew, so only counts above fewValues are taken for a mistake.
var determined = map[string][]string{
	"actor.id":          {"actor.alternateId", "actor.type", "actor.displayName"},
	"actor.alternateId": {"actor.id", "actor.type", "actor.displayName"},
}

const fewValues = 5

// counting is implemented by programs that tell what they count.
type counting interface{ Counted() []esql.Counted }

// alike finds windows that ask a group for many values of a field that its key all but decides.
func (c *checker) alike(s *subject) {
	st := s.rule.Stateful
	if st == nil || len(st.Inputs) == 0 {
		return
	}
	counted := []esql.Counted{}
	if p, ok := st.Window.Program.(counting); ok && st.Window.Kind == window.Pipeline {
		counted = p.Counted()
	}
	for i, col := range st.Window.Distinct {
		if i < len(st.Inputs[0].Columns) && st.Window.Kind != window.Pipeline {
			counted = append(counted, esql.Counted{Path: st.Inputs[0].Columns[i], Least: col.Threshold})
		}
	}
	for _, n := range counted {
		if n.Least <= fewValues {
			continue
		}
		for _, key := range st.Inputs[0].Group {
			if slices.Contains(determined[plainName(key.String())], plainName(n.Path.String())) {
				c.report(s.rule, s.places(n.Path.String(), match.Pos{})[0], rules.Warning, Unreachable, "leave one of them out of the group",
					"in practice the rule never alerts: it needs %d different values of %s, and events with the same %s have one", n.Least, n.Path, key)
				return
			}
		}
	}
}
