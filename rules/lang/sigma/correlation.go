package sigma

import (
	"time"

	"oktastream/rules/lang/source"
	"oktastream/rules/window"
)

// CorrelationFields describes the correlation block.
var CorrelationFields = []source.Field{
	{Name: "type", Type: source.Text, Required: true, Doc: "what the window must hold: event_count, value_count, value_sum, value_avg, value_percentile, temporal or temporal_ordered"},
	{Name: "rules", Type: source.Texts, Required: true, Doc: "names or ids of the rules whose events, or whose alerts if they have windows themselves, are correlated; for temporal_ordered, in order"},
	{Name: "group-by", Type: source.Texts, Default: "one group for the whole organisation", Doc: "fields or aliases whose values must be equal"},
	{Name: "timespan", Type: source.Span, Required: true, Doc: "length of the window"},
	{Name: "aliases", Type: source.Object, Doc: "for each alias, the field that stands for it in the events of each rule"},
	{Name: "condition", Type: source.Anything, Default: "all rules, for the temporal types", Doc: "bounds: gt, gte, lt, lte, eq or neq; and for the value types the field; for temporal also words about the rules, such as first and not second"},
	{Name: "generate", Type: source.Boolean, Default: "false", Doc: "whether the rules also alert by themselves"},
}

const maxRules = 64 // of one correlation

var correlationTypes = map[string]window.Kind{
	"event_count":      window.Count,
	"value_count":      window.Distinct,
	"value_sum":        window.Sum,
	"value_avg":        window.Avg,
	"value_percentile": window.Percentile,
	"temporal":         window.Unordered,
	"temporal_ordered": window.Sequence,
}

var typeNames = []string{"event_count", "value_count", "value_sum", "value_avg", "value_percentile", "temporal", "temporal_ordered"}

// Correlation is a correlation block before its rules are known.
type Correlation struct {
	Rules    []*source.Node // names or ids, as written
	Generate bool

	kind       window.Kind
	length     time.Duration
	bounds     []bound
	mixes      []window.Mix // of a condition in words
	percentile float64
	condition  *source.Node
	fields     []*source.Node // whose values, or combinations of values, are counted, or summed up
	groupBy    []*source.Node
	aliases    *source.Node
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
	case t.Text == "value_median":
		r.Unsupported(t.Pos, CannotCorrelate, "write value_percentile with percentile: 50",
			"value_median is not part of the specification, and tools differ in what is the middle of an even number of values")
		return
	case !ok:
		r.Error(t.Pos, source.OutOfRange, source.DidYouMean(t.Text, typeNames), "there is no correlation type %q", t.Text)
		return
	}
	c.kind = kind
	switch {
	case c.condition.IsNull() && c.steps():
	case c.condition.IsNull():
		r.Error(t.Pos, BadThreshold, "add condition: with gte:", "%s needs a condition", t.Text)
	default:
		c.parseCondition(t, r)
	}
}

// steps tells whether each rule is a step by itself.
func (c *Correlation) steps() bool { return c.kind == window.Unordered || c.kind == window.Sequence }

// counts tells whether the bounds are about a number of things.
func (c *Correlation) counts() bool {
	return c.steps() || c.kind == window.Count || c.kind == window.Distinct
}
