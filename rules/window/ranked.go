package window

// Ranked is a sorted list of values with repetitions that are added, removed and looked up by rank in O(log n). It is a
// treap with the sizes of its subtrees; its priorities come from a generator of its own, so that no process differs
// from another. Use NewRanked.
type Ranked[T any] struct {
	compare func(a, b T) int
	root    *rank[T]
	random  uint64
}

type rank[T any] struct {
	value       T
	times       int // how often the value was added
	size        int // of the subtree, repetitions counted
	priority    uint64
	left, right *rank[T]
}

// NewRanked returns an empty list in the order of compare.
func NewRanked[T any](compare func(a, b T) int) *Ranked[T] {
	return &Ranked[T]{compare: compare, random: 0x9e3779b97f4a7c15}
}

// Len is the number of values, repetitions counted.
func (r *Ranked[T]) Len() int { return r.root.len() }

func (n *rank[T]) len() int {
	if n == nil {
		return 0
	}
	return n.size
}

func (n *rank[T]) sum() { n.size = n.times + n.left.len() + n.right.len() }

// Add adds v once more.
func (r *Ranked[T]) Add(v T) { r.root = r.add(r.root, v) }

func (r *Ranked[T]) add(n *rank[T], v T) *rank[T] {
	if n == nil {
		r.random ^= r.random << 13
		r.random ^= r.random >> 7
		r.random ^= r.random << 17
		return &rank[T]{value: v, times: 1, size: 1, priority: r.random}
	}
	switch c := r.compare(v, n.value); {
	case c == 0:
		n.times++
	case c < 0:
		if n.left = r.add(n.left, v); n.left.priority > n.priority {
			n = n.turnRight()
		}
	default:
		if n.right = r.add(n.right, v); n.right.priority > n.priority {
			n = n.turnLeft()
		}
	}
	n.sum()
	return n
}

func (n *rank[T]) turnRight() *rank[T] {
	up := n.left
	n.left, up.right = up.right, n
	n.sum()
	return up
}

func (n *rank[T]) turnLeft() *rank[T] {
	up := n.right
	n.right, up.left = up.left, n
	n.sum()
	return up
}

// Remove takes back one Add of v. A value that is not there changes nothing.
func (r *Ranked[T]) Remove(v T) { r.root = r.remove(r.root, v) }

func (r *Ranked[T]) remove(n *rank[T], v T) *rank[T] {
	if n == nil {
		return nil
	}
	switch c := r.compare(v, n.value); {
	case c < 0:
		n.left = r.remove(n.left, v)
	case c > 0:
		n.right = r.remove(n.right, v)
	case n.times > 1:
		n.times--
	default:
		return join(n.left, n.right)
	}
	n.sum()
	return n
}

// join makes one tree of two, of which all values of the first come before those of the second.
func join[T any](a, b *rank[T]) *rank[T] {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.priority > b.priority:
		a.right = join(a.right, b)
		a.sum()
		return a
	}
	b.left = join(a, b.left)
	b.sum()
	return b
}

// At is the value with i values before it; i must be from 0 to Len()-1.
func (r *Ranked[T]) At(i int) T {
	n := r.root
	for {
		before := n.left.len()
		switch {
		case i < before:
			n = n.left
		case i < before+n.times:
			return n.value
		default:
			i -= before + n.times
			n = n.right
		}
	}
}
