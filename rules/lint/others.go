package lint

import (
	"fmt"
	"strings"

	"oktastream/rules"
	"oktastream/rules/lang/sigma"
	"oktastream/rules/match"
)

// duplicates finds rules that detect the same as one before them.
func (c *checker) duplicates() {
	first := map[string]*rules.Rule{}
	for i := range c.in.Loaded.Rules {
		r := &c.in.Loaded.Rules[i]
		key := meaning(r)
		other := first[key]
		if other == nil {
			first[key] = r
			continue
		}
		c.report(r, c.subject(r).whole(), rules.Note, SameAsOther, "remove one of them",
			"the rule detects the same as %s, at %s:%d, and alerts beside it", other.Name, other.File, other.Pos.Line)
	}
}

// meaning is equal for rules that fire for the same events.
func meaning(r *rules.Rule) string {
	if r.Stateful == nil {
		return match.String(r.Where)
	}
	st := r.Stateful
	var b strings.Builder
	fmt.Fprintf(&b, "%v %v", st.GroupBy, st.Window)
	for i := range st.Inputs {
		in := &st.Inputs[i]
		fmt.Fprintf(&b, "\n%s %d %s", in.From, in.Alerts, match.String(in.Where))
		for _, p := range in.Group {
			fmt.Fprintf(&b, " %q", p)
		}
		for _, p := range in.Columns {
			fmt.Fprintf(&b, " %q", p)
		}
		fmt.Fprintf(&b, " %q", in.Join)
	}
	return b.String()
}

// cost finds rules with a condition that nothing narrows down: every event pays for each of them. The loader has said
// what is worse about some of them.
func (c *checker) cost(loaded []rules.Diagnostic) {
	warned := map[string]bool{}
	for _, d := range loaded {
		if d.Code == sigma.OnlyNegative {
			warned[d.Rule] = true
		}
	}
	slow := map[string]bool{}
	for _, n := range c.set.Index().Unindexed() {
		slow[c.set.Rules()[c.set.Entry(n).Rule].Name] = true
	}
	for i := range c.in.Loaded.Rules {
		r := &c.in.Loaded.Rules[i]
		if slow[r.Name] && !warned[r.Name] {
			c.report(r, c.subject(r).keyAt("correlation", "detection", "query", "oktastream"), rules.Note, Unindexed,
				"name event types, or another value that must be there", "the condition is evaluated for every event: nothing in it narrows events down")
		}
	}
}

// tests finds rules that no test names.
func (c *checker) tests() {
	tested := map[string]bool{}
	for _, f := range c.in.Tests {
		tested[f.Rule] = true
		for _, t := range f.Tests {
			for _, w := range t.Alerts {
				tested[w.Rule] = true
			}
		}
	}
	for _, d := range c.in.Broken {
		tested[d.Rule] = true // there are tests, and `rules test` says what is wrong with them
	}
	for i := range c.in.Loaded.Rules {
		if r := &c.in.Loaded.Rules[i]; !tested[r.Name] && !r.Silent {
			c.report(r, c.subject(r).whole(), rules.Note, NoTest, "write one that fires and one that does not, in "+testFile(r), "no test names the rule")
		}
	}
}

// testFile is where the tests of a rule belong by convention.
func testFile(r *rules.Rule) string {
	name := r.File[strings.LastIndexByte(r.File, '/')+1:]
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[:i]
	}
	return name + "_test.yaml"
}
