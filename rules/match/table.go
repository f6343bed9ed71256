package match

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"

	"oktastream/rules/event"
)

// predicate is a compiled Pred that stands alone: any value with any alternative.
type predicate struct {
	op     Op
	fold   bool
	field  event.FieldID
	other  event.FieldID // EqualsField
	form   Op            // EqualsField
	texts  []string      // Prefix, Suffix, Contains, and Equal with few literals; folded if fold is set
	set    map[string]struct{}
	nums   map[string]struct{} // Equal: number.appendKey of the literals that are numbers; nil if none is
	globs  []glob
	re     []*regexp.Regexp
	nets   []netip.Prefix
	bounds []operand       // Less to GreaterEqual
	needs  [][]requirement // Wildcard and Regexp, see requirements

	ends    bool     // folds, and can compare a text of ASCII as it is
	element *element // Element
	part    Part
	address bool // compares addresses, see Pred.addresses
}

// manyLiterals is from where on a set is faster than comparing one by one.
const manyLiterals = 8

// condition is a compiled expression.
type condition struct {
	kind    conditionKind
	pred    int32 // into the table
	members []condition
}

type conditionKind uint8

const (
	constant    conditionKind = iota // holds if pred is not 0
	test                             // pred holds
	refusal                          // pred does not hold
	conjunction                      // every member holds
	disjunction                      // some member holds
)

// table collects the predicates of all expressions; equal ones are one.
type table struct {
	fields     *event.Fields
	predicates []predicate
	sources    []*Pred // what each predicate was compiled from
	numbers    map[string]int32
	sharing    map[requirement]int // how many patterns have it
}

// add compiles a predicate of a normalised expression.
func (t *table) add(p *Pred) int32 {
	key := p.String()
	if i, ok := t.numbers[key]; ok {
		return i
	}
	i := int32(len(t.predicates))
	t.predicates = append(t.predicates, t.compile(p))
	t.sources = append(t.sources, p)
	t.numbers[key] = i
	return i
}

func (t *table) compile(p *Pred) predicate {
	c := predicate{op: p.Op, fold: p.Fold && p.foldMatters(), field: t.fields.Add(p.read()), part: p.Part, address: p.addresses()}
	switch p.Op {
	case Element:
		c.element = compileElement(p.Body)
	case EqualsField:
		c.other, c.form = t.fields.Add(p.Other), p.Form
	case Regexp:
		c.re = slices.Clone(p.Re)
	case InCIDR:
		for _, n := range p.Nets {
			c.nets = append(c.nets, plainNet(n))
		}
	case Wildcard:
		for _, literal := range p.Literals {
			g := parseGlob(p.spelt(literal))
			if c.fold {
				g = g.fold()
			}
			c.globs = append(c.globs, g)
		}
	case Less, LessEqual, Greater, GreaterEqual:
		for _, literal := range p.Literals {
			c.bounds = append(c.bounds, parseOperand(literal, c.address))
		}
	case Equal, Prefix, Suffix, Contains:
		for _, literal := range p.Literals {
			if literal = p.spelt(literal); c.fold {
				literal = fold(literal)
			}
			c.texts = append(c.texts, literal)
		}
		slices.Sort(c.texts)
		c.texts = slices.Compact(c.texts)
	}
	if p.Op == Equal {
		c.compileSets()
	}
	c.ends = c.fold && c.set == nil && (p.Op == Equal || p.Op == Prefix || p.Op == Suffix)
	c.needs = c.requirements()
	for _, rs := range c.needs {
		for _, r := range rs {
			t.sharing[r]++
		}
	}
	return c
}

func (c *predicate) compileSets() {
	if len(c.texts) >= manyLiterals {
		c.set = make(map[string]struct{}, len(c.texts))
	}
	for _, literal := range c.texts {
		if c.set != nil {
			c.set[literal] = struct{}{}
		}
		if n, ok := parseNumber(literal); ok {
			if c.nums == nil {
				c.nums = map[string]struct{}{}
			}
			c.nums[string(n.appendKey(nil))] = struct{}{}
		}
	}
}

// compileExpr compiles a normalised expression. Members that are cheap to look at come first.
func (t *table) compileExpr(x Expr) condition {
	switch x := x.(type) {
	case *Pred:
		return condition{kind: test, pred: t.add(x)}
	case Not:
		return condition{kind: refusal, pred: t.add(x.X.(*Pred))} // a normalised Not holds a predicate
	case And:
		return t.compileGroup(conjunction, x)
	case Or:
		return t.compileGroup(disjunction, x)
	case Const:
		if x {
			return condition{kind: constant, pred: 1}
		}
	}
	return condition{kind: constant}
}

func (t *table) compileGroup(kind conditionKind, members []Expr) condition {
	c := condition{kind: kind}
	for _, m := range members {
		c.members = append(c.members, t.compileExpr(m))
	}
	slices.SortStableFunc(c.members, func(a, b condition) int { return cmp.Compare(t.effort(a), t.effort(b)) })
	return c
}

// effort orders conditions by how long they take to evaluate, roughly.
func (t *table) effort(c condition) int {
	switch c.kind {
	case constant:
		return 0
	case test, refusal:
		switch t.predicates[c.pred].op {
		case Equal:
			if t.breadth(c.pred) == narrowValue {
				return 1
			}
			return 2
		case Exists, Empty:
			return 2
		case Prefix, Suffix, InCIDR, Less, LessEqual, Greater, GreaterEqual, EqualsField:
			return 3
		case Contains, Wildcard:
			return 4
		case Element:
			return 6
		}
		return 5
	}
	sum := 1
	for _, m := range c.members {
		sum += t.effort(m)
	}
	return sum
}
