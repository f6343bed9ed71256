package rules

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"oktastream/rules/event"
	"oktastream/rules/match"
)

// Set is an immutable collection of compiled rules, ready to be evaluated. All methods are safe for concurrent use.
type Set struct {
	rules       []Rule
	ids         [][16]byte // state identity of each stateful rule
	fields      *event.Fields
	index       *match.Index
	entries     []Entry // what the numbers of the index mean
	classes     []Class
	classOf     []int     // by rule; -1 for stateless ones
	level       []int     // by rule
	dependents  [][]Entry // by rule: the inputs that observe its alerts
	feeders     [][]int   // by rule: the rules whose alerts it observes
	fingerprint string    // without what the events are asked with
}

// Entry says whose condition a number of the index is.
type Entry struct {
	Rule  int // index into Rules
	Input int // index into Stateful.Inputs; -1 for a stateless rule's condition
}

// NewSet compiles rules. The order of rs does not matter. Rules that cannot stand together with others (a second rule
// with the same id or name) are left out and reported as errors; the rest of the set works.
func NewSet(rs []Rule) (*Set, []Diagnostic) {
	sorted := slices.Clone(rs)
	slices.SortStableFunc(sorted, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID), cmp.Compare(a.File, b.File))
	})
	var diags []Diagnostic
	s := &Set{fields: event.NewFields()}
	byID := map[string]*Rule{}
	for i := range sorted {
		r := &sorted[i]
		refuse := func(code, what, value string, other *Rule) {
			diags = append(diags, Diagnostic{File: r.File, Pos: r.Pos, Level: Error, Code: code, Rule: r.Name,
				Message: fmt.Sprintf("%s %q is taken by %s:%d", what, value, other.File, other.Pos.Line),
				Hint:    "alerts and windows are told apart by it: give each rule its own"})
		}
		if n := len(s.rules); n > 0 && s.rules[n-1].Name == r.Name {
			refuse("OKS0601", "rule name", r.Name, &s.rules[n-1])
			continue
		}
		if other := byID[r.ID]; other != nil {
			refuse("OKS0602", "rule id", r.ID, other)
			continue
		}
		byID[r.ID] = r
		s.rules = append(s.rules, *r)
	}

	diags = append(diags, s.link()...)

	b := match.NewBuilder(s.fields)
	add := func(x match.Expr, e Entry) {
		b.Add(x)
		s.entries = append(s.entries, e)
	}
	s.ids = make([][16]byte, len(s.rules))
	for i := range s.rules {
		r := &s.rules[i]
		if r.Stateful == nil {
			add(r.Where, Entry{Rule: i, Input: -1})
			continue
		}
		s.ids[i] = stateID(r, s.fields.Naming())
		for j := range r.Stateful.Inputs {
			if in := &r.Stateful.Inputs[j]; in.ObservesEvents() { // conditions on alerts are looked at when there is one
				add(in.Where, Entry{Rule: i, Input: j})
			}
		}
	}
	s.index = b.Build()
	s.classify()
	s.fingerprint = s.hash()
	return s, diags
}

// Rules returns the rules sorted by name. The slice must not be changed.
func (s *Set) Rules() []Rule { return s.rules }

// Fields is what an event.Decoder for this set has to extract.
func (s *Set) Fields() *event.Fields { return s.fields }

// Index finds the conditions that hold for an event; Entry tells whose they are.
func (s *Set) Index() *match.Index { return s.index }

// Enriched returns a copy of s whose events ask e for what they do not say themselves. The fingerprint has the name of
// e's data in it: processes with other databases may find other alerts.
func (s *Set) Enriched(e event.Enrichment) *Set {
	t := *s
	t.fields = s.fields.Enriched(e)
	return &t
}

// Named returns a copy of s whose events name users by n. The state of a rule that reads such a name is another's then.
func (s *Set) Named(n event.Naming) *Set {
	t := *s
	t.fields = s.fields.Named(n)
	t.ids = slices.Clone(s.ids)
	for i := range t.rules {
		if t.rules[i].Stateful != nil {
			t.ids[i] = stateID(&t.rules[i], n)
		}
	}
	t.fingerprint = t.hash()
	return &t
}

// Like returns a copy of s whose events are asked as those of t are.
func (s *Set) Like(t *Set) *Set { return s.Named(t.fields.Naming()).Enriched(t.fields.Enrichment()) }

// Entry says whose condition number n of the index is.
func (s *Set) Entry(n int) Entry { return s.entries[n] }

// StateID is the identity of rule i's state, see stateID. It is zero for a stateless rule.
func (s *Set) StateID(i int) [16]byte { return s.ids[i] }

// Fingerprint tells whether two processes run the same rules: it changes whenever anything that an alert could show
// does.
func (s *Set) Fingerprint() string {
	name := s.fields.Enrichment().String()
	if name == "" {
		return s.fingerprint
	}
	sum := sha256.Sum256([]byte(s.fingerprint + " " + name))
	return hex.EncodeToString(sum[:8])
}

func (s *Set) hash() string {
	h := sha256.New()
	if n := s.fields.Naming(); n != event.ByAccount && slices.ContainsFunc(s.paths(), event.Path.NamesUsers) {
		fmt.Fprintf(h, "users by %s\n", n)
	}
	for i := range s.rules {
		r := &s.rules[i]
		fmt.Fprintf(h, "%q %q %q %q %+v %x\n", r.ID, r.Name, r.Title, r.Language, metaText(r.Meta), s.ids[i])
		if r.Where != nil {
			fmt.Fprintf(h, "%s\n", match.String(r.Where))
		}
		if r.Stateful != nil {
			fmt.Fprintf(h, "%q %v %d %v\n", r.Stateful.GroupBy, r.Stateful.Window, r.Stateful.Window.Lateness, r.Stateful.Updates)
			if r.Stateful.AssumeHistory {
				fmt.Fprintf(h, "assume history\n")
			}
		}
		for _, p := range r.Context {
			fmt.Fprintf(h, "%s\n", p)
		}
		for _, o := range r.Override.Severity {
			fmt.Fprintf(h, "%s %q %s\n", o.Path, o.Value, o.Severity)
		}
		for _, p := range r.Override.paths() {
			fmt.Fprintf(h, "override %s %v\n", p, p == r.Override.Risk)
		}
		if r.Indicators != nil {
			for _, p := range r.Indicators.Fields {
				fmt.Fprintf(h, "%s\n", p)
			}
			fmt.Fprintf(h, "%v\n", r.Indicators.List)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// paths are all paths that a rule of the set reads.
func (s *Set) paths() []event.Path {
	var paths []event.Path
	for i := range s.rules {
		paths = append(paths, s.rules[i].paths()...)
	}
	return paths
}

// metaText prints Meta without pointers, whose addresses differ between processes.
func metaText(m Meta) string {
	attack := m.Attack
	m.Attack = nil
	if attack == nil {
		return fmt.Sprintf("%+v", m)
	}
	return fmt.Sprintf("%+v %+v", m, *attack)
}
