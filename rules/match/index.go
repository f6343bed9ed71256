package match

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"

	"oktastream/rules/event"
)

// Builder collects expressions for an Index. It is not safe for concurrent use.
type Builder struct {
	table      table
	conditions []condition
}

// NewBuilder returns an empty builder. The paths of the expressions are added to f, whose decoders must see them: add
// all expressions before the first event is decoded.
func NewBuilder(f *event.Fields) *Builder {
	return &Builder{table: table{fields: f, numbers: map[string]int32{}, sharing: map[requirement]int{}}}
}

// Add adds x and returns its number; numbers count from 0 in the order of the calls.
func (b *Builder) Add(x Expr) int {
	b.conditions = append(b.conditions, b.table.compileExpr(normalise(x)))
	return len(b.conditions) - 1
}

// Build makes the index of what was added so far. The builder can go on; the index does not change.
func (b *Builder) Build() *Index {
	x := &Index{
		predicates: slices.Clone(b.table.predicates),
		conditions: slices.Clone(b.conditions),
		fields:     b.table.fields.Len(),
	}
	var items []item
	for n, c := range b.conditions {
		if c.kind == constant && c.pred == 0 {
			continue
		}
		it := item{expr: int32(n), left: b.table.accesses(c)}
		if !slices.ContainsFunc(it.left, func(a access) bool { return b.table.worst(a) < broadScan }) {
			x.unindexed = append(x.unindexed, n)
		}
		items = append(items, it)
	}
	x.root = b.table.file(items, 0)
	return x
}

// Index finds the expressions that hold for an event. It is immutable and safe for concurrent use; each goroutine
// matches with a Matcher of its own.
type Index struct {
	predicates []predicate
	conditions []condition
	root       *node
	fields     int
	unindexed  []int
}

// Len is the number of expressions.
func (x *Index) Len() int { return len(x.conditions) }

// Unindexed returns the numbers of the expressions that no value of an event narrows down: those without any positive
// predicate, and those with nothing but comparisons, and patterns that do not require any text of some length, which are
// evaluated whenever their field has a value. They are what makes the cost of an event grow with the rules. Ascending.
func (x *Index) Unindexed() []int { return slices.Clone(x.unindexed) }

// node divides expressions by one access of each.
type node struct {
	always []int32 // expressions to look at for every event that comes here
	fields []fieldNode
}

// fieldNode has the expressions that are filed under predicates on one field.
type fieldNode struct {
	field event.FieldID
	exact *lookup
	fold  *lookup            // of folded texts
	nums  map[string]*bucket // Equal, by number.appendKey
	nets  *nets
	scan  []scan // predicates that must be evaluated one by one
}

// nets finds the buckets of the networks that an address is in: one look-up for each length of mask there is.
type nets struct {
	lengths []int // ascending
	buckets map[netip.Prefix]*bucket
}

type scan struct {
	pred   int32
	bucket *bucket
}

// bucket is what is filed under one key: expressions to look at, or, where they are many, a node that divides them
// further by what else they ask for.
type bucket struct {
	exprs []int32
	next  *node
}

// item is an expression on its way into the index, with the accesses that have not been used yet.
type item struct {
	expr int32
	left []access
}

const (
	// bucketSize is up to where looking at each expression is cheaper than dividing them.
	bucketSize = 2
	// maxDepth bounds the division, and with it the size of the index.
	maxDepth = 4
	// keysBelowRoot: a longer list of literals is filed below the root as one predicate, not under each literal, because
	// the list may be repeated in many buckets.
	keysBelowRoot = 16
)

// file makes the node for items.
func (t *table) file(items []item, depth int) *node {
	n := &node{}
	sharing := map[int32]int{}
	for _, it := range items {
		for _, a := range it.left {
			for _, p := range a {
				sharing[p]++
			}
		}
	}
	fields := map[event.FieldID]*drawer{}
	for _, it := range items {
		if len(it.left) == 0 {
			n.always = append(n.always, it.expr)
			continue
		}
		best := t.narrowest(it.left, sharing)
		rest := item{expr: it.expr, left: slices.Delete(slices.Clone(it.left), best, best+1)}
		for _, p := range it.left[best] {
			field := t.predicates[p].field
			if fields[field] == nil {
				fields[field] = &drawer{field: field, items: map[key][]item{}}
			}
			for _, k := range t.keys(p, depth) {
				fields[field].items[k] = append(fields[field].items[k], rest)
			}
		}
	}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		n.fields = append(n.fields, fields[field].close(t, depth))
	}
	return n
}

// narrowest picks the access that few events satisfy and that, among such, the fewest items share.
func (t *table) narrowest(accesses []access, sharing map[int32]int) int {
	best := 0
	rank := func(a access) (breadth, shared int) {
		for _, p := range a {
			shared += sharing[p]
		}
		return t.worst(a), shared
	}
	for i := 1; i < len(accesses); i++ {
		b, s := rank(accesses[i])
		bestBreadth, bestShared := rank(accesses[best])
		if cmp.Or(cmp.Compare(b, bestBreadth), cmp.Compare(s, bestShared)) < 0 {
			best = i
		}
	}
	return best
}

// key is where in a fieldNode something is filed.
type key struct {
	op   Op // Equal, Prefix, Suffix, Contains or InCIDR; 0 for a predicate that is scanned, and numeric for equality as a number
	fold bool
	text string
	net  netip.Prefix
	pred int32
}

const numeric Op = 255

func (t *table) keys(pred int32, depth int) []key {
	p := &t.predicates[pred]
	if p.part != 0 {
		return []key{{pred: pred}} // not the text that an event has
	}
	alone := []key{{pred: pred}}
	if depth > 0 && max(len(p.texts), len(p.nets), len(p.needs)) > keysBelowRoot {
		return alone
	}
	var keys []key
	switch p.op {
	case Equal, Prefix, Suffix, Contains:
		for _, text := range p.texts {
			if p.op == Contains && text == "" {
				return alone
			}
			keys = append(keys, key{op: p.op, fold: p.fold, text: text})
		}
		for _, num := range slices.Sorted(maps.Keys(p.nums)) {
			keys = append(keys, key{op: numeric, text: num})
		}
	case InCIDR:
		for _, net := range p.nets {
			keys = append(keys, key{op: InCIDR, net: net})
		}
	case Wildcard, Regexp:
		keys = t.required(pred)
	}
	if keys == nil {
		return alone
	}
	return keys
}

// drawer collects what a fieldNode will hold.
type drawer struct {
	field event.FieldID
	items map[key][]item
}

func (d *drawer) close(t *table, depth int) fieldNode {
	f := fieldNode{field: d.field}
	for k, items := range d.items {
		b := t.bucket(items, depth)
		texts := &f.exact
		if k.fold {
			texts = &f.fold
		}
		switch k.op {
		case Equal, Prefix, Suffix, Contains:
			made(texts).put(k.op, k.text, b)
		case InCIDR:
			made(&f.nets).put(k.net, b)
		case numeric:
			put(&f.nums, k.text, b)
		default:
			f.scan = append(f.scan, scan{pred: k.pred, bucket: b})
		}
	}
	for _, l := range []*lookup{f.exact, f.fold} {
		if l != nil {
			l.close()
		}
	}
	slices.SortFunc(f.scan, func(a, b scan) int { return cmp.Compare(a.pred, b.pred) })
	return f
}

func (t *table) bucket(items []item, depth int) *bucket {
	if len(items) > bucketSize && depth+1 < maxDepth {
		return &bucket{next: t.file(items, depth+1)}
	}
	b := &bucket{}
	for _, it := range items {
		b.exprs = append(b.exprs, it.expr)
	}
	return b
}

func (n *nets) put(net netip.Prefix, b *bucket) {
	put(&n.buckets, net, b)
	if i, found := slices.BinarySearch(n.lengths, net.Bits()); !found {
		n.lengths = slices.Insert(n.lengths, i, net.Bits())
	}
}

func put[K comparable](m *map[K]*bucket, k K, b *bucket) {
	if *m == nil {
		*m = map[K]*bucket{}
	}
	(*m)[k] = b
}

// made is what p points to, made if there is none yet.
func made[T any](p **T) *T {
	if *p == nil {
		*p = new(T)
	}
	return *p
}
