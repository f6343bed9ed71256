package state

// paged is a list that grows by whole pages, so that growing never moves what is there and never takes longer than it
// takes to make a page. Only the first page starts small: most lists stay so.
type paged[T any] struct {
	pages []([]T)
	shift uint8 // a full page has 1<<shift elements
}

func (p *paged[T]) at(i uint32) *T { return &p.pages[i>>p.shift][i&(1<<p.shift-1)] }

func (p *paged[T]) len() uint32 {
	n := len(p.pages)
	if n == 0 {
		return 0
	}
	return uint32(n-1)<<p.shift + uint32(len(p.pages[n-1]))
}

func (p *paged[T]) push(v T) {
	full := 1 << p.shift
	n := len(p.pages)
	if n == 0 {
		p.pages = append(p.pages, nil)
		n = 1
	} else if len(p.pages[n-1]) == full {
		p.pages = append(p.pages, make([]T, 0, full))
		n++
	}
	last := &p.pages[n-1]
	if len(*last) == cap(*last) {
		grown := make([]T, len(*last), min(max(8, 2*cap(*last)), full))
		copy(grown, *last)
		*last = grown
	}
	*last = append(*last, v)
}

func (p *paged[T]) pop() {
	n := len(p.pages)
	last := &p.pages[n-1]
	*last = (*last)[:len(*last)-1]
	if len(*last) == 0 && n > 1 {
		p.pages[n-1] = nil
		p.pages = p.pages[:n-1]
	}
}
