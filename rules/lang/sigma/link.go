package sigma

import (
	"math/big"
	"slices"
	"strconv"
	"strings"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// Base is a rule that a correlation refers to.
type Base struct {
	Name  string   // of the step, in alerts
	Names []string // all names and ids by which aliases may name it
	Where match.Expr
	// From is the name of a rule with windows, whose alerts are correlated; empty for a rule on events. Group is its group
	// key then.
	From  string
	Group []string
}

// Link makes the window of a correlation whose rules are known, one Base for each of c.Rules. It returns nil if r has
// an error in it.
func (c *Correlation) Link(bases []Base, r *source.Report) *rules.Stateful {
	aliases := c.resolveAliases(bases, r)
	st := &rules.Stateful{Window: window.Spec{Kind: c.kind, Length: c.length}}
	for _, b := range bases {
		st.Inputs = append(st.Inputs, rules.Input{Name: b.Name, From: b.From, Where: b.Where})
	}
	seen := map[string]bool{}
	for _, g := range c.groupBy {
		if seen[g.Text] {
			r.Error(g.Pos, BadAlias, "", "group-by lists %s twice", g.Text)
			continue
		}
		seen[g.Text] = true
		paths, ok := c.paths(g, aliases, bases, r)
		if !ok {
			continue
		}
		st.GroupBy = append(st.GroupBy, g.Text)
		for i := range st.Inputs {
			st.Inputs[i].Group = append(st.Inputs[i].Group, paths[i])
		}
	}
	if len(c.fields) > 0 {
		c.count(st, aliases, bases, r)
	}
	if c.steps() {
		st.Window.Steps = len(bases)
	}
	if !r.OK() {
		return nil
	}
	c.shape(&st.Window)
	return st
}

// count makes the values of the fields, or their combinations, the column that the window counts.
func (c *Correlation) count(st *rules.Stateful, aliases map[string][]event.Path, bases []Base, r *source.Report) {
	members := make([][]event.Path, len(st.Inputs))
	var texts []string
	for _, f := range c.fields {
		paths, ok := c.paths(f, aliases, bases, r)
		if !ok {
			return
		}
		if slices.Contains(texts, f.Text) {
			r.Error(f.Pos, BadThreshold, "", "field lists %s twice", f.Text)
			return
		}
		texts = append(texts, f.Text)
		for i := range members {
			members[i] = append(members[i], paths[i])
		}
	}
	st.Window.Distinct = []window.Column{{Name: strings.Join(texts, ", ")}}
	for i := range st.Inputs {
		st.Inputs[i].Columns = []event.Path{combination(members[i])}
	}
}

// paths returns where each rule carries a field: by its alias, or else the field itself.
func (c *Correlation) paths(field *source.Node, aliases map[string][]event.Path, bases []Base, r *source.Report) ([]event.Path, bool) {
	if paths, ok := aliases[field.Text]; ok {
		return paths, true
	}
	var paths []event.Path
	for i, b := range bases {
		if i > 0 && b.From == "" && bases[i-1].From == "" {
			paths = append(paths, paths[i-1]) // said once what there is to say about it
			continue
		}
		p, ok := b.path(field, r)
		if !ok {
			return nil, false
		}
		paths = append(paths, p)
	}
	return paths, true
}

// path is where what b finds carries a field: an alert in its group key, else in the event that completed it.
func (b *Base) path(field *source.Node, r *source.Report) (event.Path, bool) {
	if b.From == "" {
		return r.Path(field.Pos, field.Text)
	}
	var p event.Path
	var err error
	if slices.Contains(b.Group, field.Text) {
		p, err = rules.GroupPath(field.Text)
	} else if strings.HasPrefix(field.Text, "alert.") {
		p, err = event.ParsePath(field.Text)
	} else {
		r.Note(field.Pos, LastEvent, "add it to the group-by of "+b.From,
			"%s does not group by %s; of its alerts, the value of the last event counts", b.From, field.Text)
		return r.Path(field.Pos, field.Text)
	}
	if err != nil {
		r.Error(field.Pos, source.BadPath, "", "%q is not a field path: %v", field.Text, err)
	}
	return p, err == nil
}

// resolveAliases finds the field of every alias for every rule.
func (c *Correlation) resolveAliases(bases []Base, r *source.Report) map[string][]event.Path {
	aliases := map[string][]event.Path{}
	if c.aliases == nil {
		return aliases
	}
	for _, a := range c.aliases.Pairs {
		if a.Value.Kind != source.Map {
			r.Error(a.Value.Pos, BadAlias, "write rule: field", "the alias %s is a map from rule to field", a.Key.Text)
			continue
		}
		paths := make([]event.Path, len(bases))
		named := make([]bool, len(bases))
		for _, p := range a.Value.Pairs {
			i := slices.IndexFunc(bases, func(b Base) bool { return slices.Contains(b.Names, p.Key.Text) })
			if i < 0 {
				r.Error(p.Key.Pos, UnknownRuleInKey, source.DidYouMean(p.Key.Text, names(bases)),
					"the correlation lists no rule %q", p.Key.Text)
				continue
			}
			if p.Value.Kind != source.Scalar {
				r.Error(p.Value.Pos, BadAlias, "", "an alias stands for one field, not for %s", p.Value.Kind)
				continue
			}
			if path, ok := bases[i].path(p.Value, r); ok {
				paths[i] = path
			}
			named[i] = true
		}
		for i, b := range bases {
			if !named[i] {
				r.Error(a.Key.Pos, BadAlias, "add "+strconv.Quote(b.Name+": field"), "the alias %s names no field for the rule %s", a.Key.Text, b.Name)
			}
		}
		aliases[a.Key.Text] = paths
	}
	return aliases
}

func names(bases []Base) []string {
	out := make([]string, len(bases))
	for i, b := range bases {
		out[i] = b.Name
	}
	return out
}

func rational(n float64) *big.Rat { return new(big.Rat).SetFloat64(n) }
