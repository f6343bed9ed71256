package match

import (
	"maps"
	"slices"
	"strings"
)

// lookup finds buckets by a text: those of which the text is the key, begins or ends with it, or holds it. There are those
// that have keys.
type lookup struct {
	equal          *whole
	prefix, suffix *affixes
	parts          *parts
}

// whole finds the bucket of a text.
type whole struct {
	gate    gate
	buckets map[string]*bucket
}

// affixes finds the buckets of which a text begins (or ends) with the key: one look-up for each length there is.
type affixes struct {
	gate    gate  // of what is left of the keys in the shortest length
	lengths []int // ascending
	buckets map[string]*bucket
}

// parts finds the buckets of the texts that a text holds. Few are looked for one by one.
type parts struct {
	texts   []string
	buckets []*bucket
	sieve   *sieve     // of texts, unless one is too short for it
	all     *automaton // of texts, if they are many
}

// fewParts is up to how many texts are found faster by looking for each.
const fewParts = 8

func (l *lookup) put(op Op, text string, b *bucket) {
	switch op {
	case Equal:
		put(&made(&l.equal).buckets, text, b)
	case Prefix:
		made(&l.prefix).put(text, b)
	case Suffix:
		made(&l.suffix).put(text, b)
	case Contains:
		p := made(&l.parts)
		p.texts, p.buckets = append(p.texts, text), append(p.buckets, b)
	}
}

func (a *affixes) put(text string, b *bucket) {
	put(&a.buckets, text, b)
	if i, found := slices.BinarySearch(a.lengths, len(text)); !found {
		a.lengths = slices.Insert(a.lengths, i, len(text))
	}
}

// close prepares for look-ups. Nothing can be put any more.
func (l *lookup) close() {
	if l.equal != nil {
		l.equal.gate = newGate(slices.Collect(maps.Keys(l.equal.buckets)))
	}
	if l.prefix != nil {
		l.prefix.close(func(text string, n int) string { return text[:n] })
	}
	if l.suffix != nil {
		l.suffix.close(func(text string, n int) string { return text[len(text)-n:] })
	}
	if p := l.parts; p != nil {
		p.sieve = newSieve(p.texts)
		if len(p.texts) > fewParts {
			p.all = newAutomaton(p.texts)
		}
	}
}

func (a *affixes) close(end func(text string, n int) string) {
	var ends []string
	for text := range a.buckets {
		ends = append(ends, end(text, a.lengths[0]))
	}
	slices.Sort(ends)
	a.gate = newGate(slices.Compact(ends))
}

// passes reports whether something may be found by text, or by what it folds to if it is ASCII.
func (l *lookup) passes(text string) bool {
	return l.equal != nil && l.equal.gate.passes(text) ||
		l.parts != nil && l.parts.pass(text) ||
		l.prefix != nil && len(text) >= l.prefix.lengths[0] && l.prefix.gate.passes(text[:l.prefix.lengths[0]]) ||
		l.suffix != nil && len(text) >= l.suffix.lengths[0] && l.suffix.gate.passes(text[len(text)-l.suffix.lengths[0]:])
}

func (p *parts) pass(text string) bool { return p.sieve == nil || p.sieve.passes(text) }

// visitText visits what is filed under text.
func (m *Matcher) visitText(l *lookup, text string) {
	if l.equal != nil {
		m.visitBucket(l.equal.buckets[text])
	}
	if a := l.prefix; a != nil {
		for _, n := range a.lengths {
			if n > len(text) {
				break
			}
			m.visitBucket(a.buckets[text[:n]])
		}
	}
	if a := l.suffix; a != nil {
		for _, n := range a.lengths {
			if n > len(text) {
				break
			}
			m.visitBucket(a.buckets[text[len(text)-n:]])
		}
	}
	if l.parts != nil && l.parts.pass(text) {
		m.visitParts(l.parts, text)
	}
}

func (m *Matcher) visitParts(p *parts, text string) {
	if p.all != nil {
		p.all.find(text, func(n int32) { m.visitBucket(p.buckets[n]) })
		return
	}
	for i, part := range p.texts {
		if strings.Contains(text, part) {
			m.visitBucket(p.buckets[i])
		}
	}
}
