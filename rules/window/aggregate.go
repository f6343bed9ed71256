package window

import (
	"math/big"
	"math/bits"
)

// Bag is a set that knows how often each member was added, so that what was added can be removed again. The zero
// Bag is empty.
type Bag[T comparable] struct{ times map[T]int }

// Add adds v once more.
func (c *Bag[T]) Add(v T) {
	if c.times == nil {
		c.times = map[T]int{}
	}
	c.times[v]++
}

// Remove takes back one Add of v.
func (c *Bag[T]) Remove(v T) {
	switch c.times[v] {
	case 0:
	case 1:
		delete(c.times, v)
	default:
		c.times[v]--
	}
}

// Len is the number of different members.
func (c *Bag[T]) Len() int { return len(c.times) }

// All lists the different members, in no order.
func (c *Bag[T]) All() []T {
	out := make([]T, 0, len(c.times))
	for v := range c.times {
		out = append(out, v)
	}
	return out
}

// Total is a sum of integers that never overflows, so that adding and removing in any order agree. The zero Total is
// nothing added up.
type Total struct {
	hi int64
	lo uint64
}

// Add adds n.
func (t *Total) Add(n int64) {
	lo, carry := bits.Add64(t.lo, uint64(n), 0)
	t.lo = lo
	t.hi += n>>63 + int64(carry)
}

// Remove takes n back.
func (t *Total) Remove(n int64) {
	lo, borrow := bits.Sub64(t.lo, uint64(n), 0)
	t.lo = lo
	t.hi -= n>>63 + int64(borrow)
}

// Int64 is the sum; ok is false if it does not fit.
func (t *Total) Int64() (n int64, ok bool) { return int64(t.lo), t.hi == int64(t.lo)>>63 }

// Rat is the sum.
func (t *Total) Rat() *big.Rat {
	n := new(big.Int).Lsh(big.NewInt(t.hi), 64)
	return new(big.Rat).SetInt(n.Add(n, new(big.Int).SetUint64(t.lo)))
}

// RealTotal is a sum of finite floats without rounding, for the same reason. The zero RealTotal is nothing added up.
type RealTotal struct{ sum big.Rat }

// Add adds f, which must be finite.
func (t *RealTotal) Add(f float64) { t.sum.Add(&t.sum, new(big.Rat).SetFloat64(f)) }

// Remove takes f back.
func (t *RealTotal) Remove(f float64) { t.sum.Sub(&t.sum, new(big.Rat).SetFloat64(f)) }

// Rat is the sum. It must not be changed.
func (t *RealTotal) Rat() *big.Rat { return &t.sum }
