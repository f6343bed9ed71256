package match

import (
	"net/netip"
	"slices"
	"strings"
	"unsafe"

	"oktastream/rules/event"
)

// Matcher matches events against an Index. It is for one goroutine; make as many as you need.
type Matcher struct {
	x  *Index
	ev *event.Event

	// epoch counts events. What memo and looked note is valid only if it bears the number of the present event, so
	// nothing has to be cleared between events.
	epoch  uint32
	memo   []uint32 // by predicate: epoch<<1, plus 1 if it holds
	looked []uint32 // by expression: the epoch in which it was last looked at
	folded []span   // by field: where its folded values are

	texts []string // folded values of the present event
	arena []byte   // what texts refer to, where folding changed them
	num   []byte   // scratch for a number's key

	found []int
	inner map[*element]*inner // made when first needed
}

type span struct {
	epoch uint32
	from  int32
}

// maxArena is how much folding space is kept for the next event; one huge event must not bind its memory for ever.
const maxArena = 1 << 20

// NewMatcher returns a matcher for x.
func (x *Index) NewMatcher() *Matcher {
	return &Matcher{
		x:      x,
		memo:   make([]uint32, len(x.predicates)),
		looked: make([]uint32, len(x.conditions)),
		folded: make([]span, x.fields),
	}
}

// Match appends to dst the numbers of the expressions that hold for ev, ascending. It does not allocate unless dst must
// grow, or a value with capitals is longer than any before.
func (m *Matcher) Match(ev *event.Event, dst []int) []int {
	m.begin(ev)
	start := len(dst)
	m.found = dst
	m.visit(m.x.root)
	dst = m.found
	m.end()
	slices.Sort(dst[start:])
	return dst
}

func (m *Matcher) begin(ev *event.Event) {
	m.ev = ev
	m.epoch++
	if m.epoch == 1<<31 {
		clear(m.memo)
		clear(m.looked)
		clear(m.folded)
		m.epoch = 1
	}
}

func (m *Matcher) end() {
	m.ev, m.found = nil, nil
	clear(m.texts) // they refer to the record
	m.texts = m.texts[:0]
	m.arena = m.arena[:0]
	if cap(m.arena) > maxArena {
		m.arena = nil
	}
}

func (m *Matcher) visit(n *node) {
	m.look(n.always)
	for i := range n.fields {
		f := &n.fields[i]
		values := m.ev.Field(f.field)
		if len(values) == 0 {
			continue // no predicate holds
		}
		for i := range values {
			v := &values[i]
			if f.exact != nil && f.exact.passes(v.Text) {
				m.visitText(f.exact, v.Text)
			}
			if f.fold != nil && (f.fold.passes(v.Text) || !isASCII(v.Text)) {
				m.visitText(f.fold, m.foldedText(f.field, i))
			}
			if f.nets != nil {
				m.visitNets(f.nets, v.Text)
			}
			if f.nums != nil && v.Kind == event.Number {
				m.visitBucket(f.nums[string(m.numberKey(v.Text))])
			}
		}
		for _, s := range f.scan {
			if m.holds(s.pred) {
				m.visitBucket(s.bucket)
			}
		}
	}
}

func (m *Matcher) visitNets(n *nets, text string) {
	addr, ok := event.ParseAddress(text)
	if !ok {
		return
	}
	for _, bits := range n.lengths {
		net, err := addr.Prefix(bits)
		if err != nil {
			return // longer than an address of this kind
		}
		m.visitBucket(n.buckets[net])
	}
}

func (m *Matcher) visitBucket(b *bucket) {
	if b == nil {
		return
	}
	m.look(b.exprs)
	if b.next != nil {
		m.visit(b.next)
	}
}

// look evaluates expressions that the event can match. One may be filed in several places.
func (m *Matcher) look(exprs []int32) {
	for _, n := range exprs {
		if m.looked[n] == m.epoch {
			continue
		}
		m.looked[n] = m.epoch
		if m.evaluate(&m.x.conditions[n]) {
			m.found = append(m.found, int(n))
		}
	}
}

func (m *Matcher) evaluate(c *condition) bool {
	switch c.kind {
	case test:
		return m.holds(c.pred)
	case refusal:
		return !m.holds(c.pred)
	case conjunction:
		for i := range c.members {
			if !m.evaluate(&c.members[i]) {
				return false
			}
		}
		return true
	case disjunction:
		for i := range c.members {
			if m.evaluate(&c.members[i]) {
				return true
			}
		}
		return false
	}
	return c.pred != 0
}

// holds evaluates a predicate, once per event.
func (m *Matcher) holds(pred int32) bool {
	if known := m.memo[pred]; known>>1 == m.epoch {
		return known&1 != 0
	}
	p := &m.x.predicates[pred]
	known := m.epoch << 1
	values := m.ev.Field(p.field)
	for i, v := range values {
		text, plain := v.Text, p.ends && isASCII(v.Text)
		if p.fold && !plain {
			text = m.foldedText(p.field, i)
		}
		if m.compares(p, v, text, plain) {
			known |= 1
			break
		}
	}
	m.memo[pred] = known
	return known&1 != 0
}

// compares reports whether a value compares with any alternative of p. text is the value's text; if p folds, it has been
// folded, or is plain: of ASCII, and to be folded while it is compared.
func (m *Matcher) compares(p *predicate, v event.Value, text string, plain bool) bool {
	if p.part != 0 {
		part, ok := p.part.of(v)
		if !ok {
			return false
		}
		v, text = part, part.Text
	}
	switch p.op {
	case Exists:
		return true
	case Element:
		return m.element(p.element, v)
	case Empty:
		return v.Kind == event.String && text == ""
	case Equal:
		return m.equal(p, v, text, plain)
	case EqualsField:
		return m.equalsField(p, v, text)
	case Less, LessEqual, Greater, GreaterEqual:
		value := parseOperand(text, p.address)
		for _, bound := range p.bounds {
			if c, ok := order(value, bound); ok && inOrder(p.op, c) {
				return true
			}
		}
		return false
	case InCIDR:
		addr, ok := event.ParseAddress(text)
		return ok && slices.ContainsFunc(p.nets, func(n netip.Prefix) bool { return n.Contains(addr) })
	case Wildcard:
		for _, g := range p.globs {
			if g.match(text) {
				return true
			}
		}
		return false
	case Regexp:
		for _, re := range p.re {
			if re.MatchString(text) {
				return true
			}
		}
		return false
	}
	for _, literal := range p.texts {
		n := len(literal)
		if p.op == Prefix && len(text) >= n && is(text[:n], literal, plain) ||
			p.op == Suffix && len(text) >= n && is(text[len(text)-n:], literal, plain) ||
			p.op == Contains && strings.Contains(text, literal) {
			return true
		}
	}
	return false
}

func is(text, literal string, plain bool) bool {
	if plain {
		return foldsTo(text, literal)
	}
	return text == literal
}

func (m *Matcher) equal(p *predicate, v event.Value, text string, plain bool) bool {
	if p.set != nil {
		if _, ok := p.set[text]; ok {
			return true
		}
	} else if slices.ContainsFunc(p.texts, func(literal string) bool { return is(text, literal, plain) }) {
		return true
	}
	if p.nums == nil || v.Kind != event.Number {
		return false
	}
	_, ok := p.nums[string(m.numberKey(v.Text))]
	return ok
}

func (m *Matcher) equalsField(p *predicate, v event.Value, text string) bool {
	for i, o := range m.ev.Field(p.other) {
		other := o.Text
		if p.fold {
			other = m.foldedText(p.other, i)
		}
		if p.form != 0 {
			if related(p.form, text, other) {
				return true
			}
			continue
		}
		if other == text || p.address && event.Address(other) == event.Address(text) {
			return true
		}
		if v.Kind == event.Number && o.Kind == event.Number {
			a, aIsNumber := parseNumber(v.Text)
			b, bIsNumber := parseNumber(o.Text)
			if aIsNumber && bIsNumber && a.compare(b) == 0 {
				return true
			}
		}
	}
	return false
}

// foldedText returns the field's i-th value, folded. All values of a field are folded together, once per event.
func (m *Matcher) foldedText(field event.FieldID, i int) string {
	s := &m.folded[field]
	if s.epoch != m.epoch {
		s.epoch, s.from = m.epoch, int32(len(m.texts))
		for _, v := range m.ev.Field(field) {
			m.texts = append(m.texts, m.foldText(v.Text))
		}
	}
	return m.texts[int(s.from)+i]
}

func (m *Matcher) foldText(text string) string {
	if isFolded(text) {
		return text
	}
	from := len(m.arena)
	m.arena = appendFold(m.arena, text)
	folded := m.arena[from:]
	// The bytes are written once per event and the text is dropped with the event (end), so that it never changes while
	// it is in use. Where the arena has to grow, earlier texts keep the old one.
	return unsafe.String(unsafe.SliceData(folded), len(folded))
}

// numberKey is the key of a JSON number; for one that parseNumber refuses it is empty, which is nothing's key.
func (m *Matcher) numberKey(text string) []byte {
	n, ok := parseNumber(text)
	if !ok {
		return nil
	}
	m.num = n.appendKey(m.num[:0])
	return m.num
}
