package sigma

import (
	"slices"
	"strconv"
	"time"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
	"oktastream/rules/window"
)

// CorrelationFields describes the correlation block.
var CorrelationFields = []source.Field{
	{Name: "type", Type: source.Text, Required: true, Doc: "what the window must hold: event_count, value_count, temporal or temporal_ordered"},
	{Name: "rules", Type: source.Texts, Required: true, Doc: "names or ids of the rules whose events are correlated; for temporal_ordered, in order"},
	{Name: "group-by", Type: source.Texts, Default: "one group for the whole organisation", Doc: "fields or aliases whose values must be equal"},
	{Name: "timespan", Type: source.Span, Required: true, Doc: "length of the window"},
	{Name: "aliases", Type: source.Object, Doc: "for each alias, the field that stands for it in the events of each rule"},
	{Name: "condition", Type: source.Anything, Default: "all rules, for the temporal types", Doc: "bounds: gt or gte, and for value_count the field to count"},
	{Name: "generate", Type: source.Boolean, Default: "false", Doc: "whether the rules also alert by themselves"},
}

var conditionFields = []source.Field{
	{Name: "field", Type: source.Texts, Doc: "the field whose different values are counted"},
	{Name: "gt", Type: source.Integer, Min: 0, Max: maxThreshold, Doc: "more than this many"},
	{Name: "gte", Type: source.Integer, Min: 0, Max: maxThreshold, Doc: "at least this many"},
	{Name: "lt", Type: source.Integer, Min: 0, Max: maxThreshold, Doc: "fewer than this many"},
	{Name: "lte", Type: source.Integer, Min: 0, Max: maxThreshold, Doc: "at most this many"},
	{Name: "eq", Type: source.Integer, Min: 0, Max: maxThreshold, Doc: "exactly this many"},
	{Name: "neq", Type: source.Integer, Min: 0, Max: maxThreshold, Doc: "not this many"},
}

const (
	maxThreshold = 1_000_000
	maxRules     = 64 // of one correlation
)

var correlationTypes = map[string]window.Kind{
	"event_count":      window.Count,
	"value_count":      window.Distinct,
	"temporal":         window.Unordered,
	"temporal_ordered": window.Sequence,
}

// laterTypes are Sigma's other correlation types.
var laterTypes = []string{"value_sum", "value_avg", "value_percentile", "value_median"}

// Correlation is a correlation block before its rules are known.
type Correlation struct {
	Rules    []*source.Node // names or ids, as written
	Generate bool

	kind      window.Kind
	length    time.Duration
	threshold int
	condition *source.Node
	field     *source.Node // of value_count
	groupBy   []*source.Node
	aliases   *source.Node
}

// Base is a rule that a correlation refers to.
type Base struct {
	Name  string   // of the step, in alerts
	Names []string // all names and ids by which aliases may name it
	Where match.Expr
}

// ParseCorrelation reads a correlation block. It returns nil if r has an error or something unsupported in it.
func ParseCorrelation(n *source.Node, r *source.Report) *Correlation {
	v := source.Check(n, "correlation", CorrelationFields, r)
	c := &Correlation{
		Rules:     v.Nodes("rules"),
		Generate:  v.Bool("generate"),
		length:    v.Span("timespan", 0),
		condition: v.Node("condition"),
		groupBy:   v.Nodes("group-by"),
		aliases:   v.Node("aliases"),
	}
	seen := map[string]bool{}
	for _, ref := range c.Rules {
		if seen[ref.Text] {
			r.Error(ref.Pos, UnknownRule, "", "the rule %s is listed twice", ref.Text)
		}
		seen[ref.Text] = true
	}
	if v.Has("rules") && len(c.Rules) == 0 || len(c.Rules) > maxRules {
		r.Error(v.Node("rules").Pos, UnknownRule, "", "a correlation lists 1 to %d rules, not %d", maxRules, len(c.Rules))
	}
	if len(c.groupBy) == 0 {
		r.Note(n.Pos, NoGroup, "name the fields whose values must be equal, such as actor.alternateId",
			"without group-by, the events of all users count together")
	}
	if t := v.Node("type"); t != nil {
		c.parseType(t, r)
	}
	if !r.OK() {
		return nil
	}
	return c
}

func (c *Correlation) parseType(t *source.Node, r *source.Report) {
	kind, ok := correlationTypes[t.Text]
	switch {
	case slices.Contains(laterTypes, t.Text):
		r.Unsupported(t.Pos, CannotCorrelate, "", "correlations of type %s cannot be run yet", t.Text)
		return
	case !ok:
		r.Error(t.Pos, source.OutOfRange, source.DidYouMean(t.Text, []string{"event_count", "value_count", "temporal", "temporal_ordered"}),
			"there is no correlation type %q", t.Text)
		return
	}
	c.kind = kind
	if kind == window.Unordered || kind == window.Sequence {
		c.allRules(t, r)
		return
	}
	if c.condition.IsNull() {
		r.Error(t.Pos, BadThreshold, "add condition: with gte:", "%s needs a condition", t.Text)
		return
	}
	v, at, ok := c.bounds(r)
	if !ok {
		return
	}
	c.threshold = at
	field := v.Nodes("field")
	switch {
	case kind == window.Count && len(field) > 0:
		r.Error(field[0].Pos, BadThreshold, "write type: value_count to count different values", "event_count does not count a field")
	case kind == window.Distinct && len(field) == 0:
		r.Error(v.Pos(), BadThreshold, "add field: to the condition", "value_count needs the field whose values are counted")
	case kind == window.Distinct && len(field) > 1:
		r.Unsupported(field[1].Pos, CannotCorrelate, "use distinct: under oktastream: for further fields",
			"counting combinations of several fields cannot be run yet")
	case kind == window.Distinct:
		c.field = field[0]
	}
}

// bounds reads the lower bound of a condition, at least 1. Upper bounds can be decided only when a window closes.
func (c *Correlation) bounds(r *source.Report) (v source.Values, threshold int, ok bool) {
	if c.condition.Kind == source.Scalar {
		r.Unsupported(c.condition.Pos, CannotCorrelate, "", "conditions in text form cannot be run yet")
		return v, 0, false
	}
	before := len(r.Diagnostics)
	v = source.Check(c.condition, "condition", conditionFields, r)
	if len(r.Diagnostics) > before {
		return v, 0, false
	}
	for _, upper := range []string{"lt", "lte", "eq", "neq"} {
		if p := c.condition.Pair(upper); p != nil {
			r.Unsupported(p.Key.Pos, CannotCorrelate, "write a lower bound with gte",
				"%s needs the final count of a window, and windows are decided on arrival", upper)
			return v, 0, false
		}
	}
	switch {
	case v.Has("gte") && v.Has("gt"):
		r.Error(v.Node("gt").Pos, BadThreshold, "", "gt and gte are both lower bounds")
		return v, 0, false
	case v.Has("gte"):
		threshold = v.Int("gte", 0)
	case v.Has("gt"):
		threshold = v.Int("gt", 0) + 1
	default:
		r.Error(c.condition.Pos, BadThreshold, "add gte:", "the condition has no bound")
		return v, 0, false
	}
	if threshold < 1 {
		r.Error(v.Node("gte").Pos, BadThreshold, "write gte: 1 or more", "a window always holds at least 0")
		return v, 0, false
	}
	return v, threshold, true
}

// allRules accepts, for the temporal types, no condition or the one that says what they mean without one.
func (c *Correlation) allRules(t *source.Node, r *source.Report) {
	if c.condition.IsNull() {
		return
	}
	v, threshold, ok := c.bounds(r)
	switch {
	case !ok:
	case v.Has("field"):
		r.Error(v.Node("field").Pos, BadThreshold, "", "%s does not count a field", t.Text)
	case threshold > len(c.Rules):
		r.Error(c.condition.Pos, BadThreshold, "", "the condition asks for %d of %d rules", threshold, len(c.Rules))
	case threshold < len(c.Rules):
		r.Unsupported(c.condition.Pos, CannotCorrelate, "leave the condition out to ask for all rules",
			"%s with fewer than all rules cannot be run yet", t.Text)
	}
}

// Link makes the window of a correlation whose rules are known, one Base for each of c.Rules. It returns nil if r has
// an error in it.
func (c *Correlation) Link(bases []Base, r *source.Report) *rules.Stateful {
	aliases := c.resolveAliases(bases, r)
	st := &rules.Stateful{Window: window.Spec{Kind: c.kind, Length: c.length}}
	for _, b := range bases {
		st.Inputs = append(st.Inputs, rules.Input{Name: b.Name, Where: b.Where})
	}
	seen := map[string]bool{}
	for _, g := range c.groupBy {
		if seen[g.Text] {
			r.Error(g.Pos, BadAlias, "", "group-by lists %s twice", g.Text)
			continue
		}
		seen[g.Text] = true
		paths, ok := c.paths(g, aliases, len(bases), r)
		if !ok {
			continue
		}
		st.GroupBy = append(st.GroupBy, g.Text)
		for i := range st.Inputs {
			st.Inputs[i].Group = append(st.Inputs[i].Group, paths[i])
		}
	}
	switch c.kind {
	case window.Count:
		st.Window.Threshold = c.threshold
	case window.Distinct:
		if paths, ok := c.paths(c.field, aliases, len(bases), r); ok {
			st.Window.Distinct = []window.Column{{Name: c.field.Text, Threshold: c.threshold}}
			for i := range st.Inputs {
				st.Inputs[i].Columns = []event.Path{paths[i]}
			}
		}
	default:
		st.Window.Steps = len(bases)
	}
	if !r.OK() {
		return nil
	}
	return st
}

// paths returns where each of n rules carries a field: by its alias, or else the field itself.
func (c *Correlation) paths(field *source.Node, aliases map[string][]event.Path, n int, r *source.Report) ([]event.Path, bool) {
	if paths, ok := aliases[field.Text]; ok {
		return paths, true
	}
	p, ok := r.Path(field.Pos, field.Text)
	return slices.Repeat([]event.Path{p}, n), ok
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
			if path, ok := r.Path(p.Value.Pos, p.Value.Text); ok {
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
