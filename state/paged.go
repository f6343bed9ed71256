package state

import "unsafe"

// paged is a list that grows by whole pages, so that growing never moves what is there and never takes longer than it
// takes to make a page. Only the first page starts small: most lists stay so. Pages are large because the collector
// marks and sweeps each, see arena.
type paged[T any] struct {
	pages []([]T)
	shift uint8 // a full page has 1<<shift elements
	spare []T   // a page that was emptied, until the one before is half empty: a list may come and go about its border
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
		if p.spare == nil {
			p.spare = make([]T, 0, full)
		}
		p.pages, p.spare = append(p.pages, p.spare), nil
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
	switch {
	case len(*last) == 0 && n > 1:
		p.spare, *last = *last, nil
		p.pages = p.pages[:n-1]
	case len(*last) == 1<<p.shift/2:
		p.spare = nil
	}
}

// bytes is the memory of the pages.
func (p *paged[T]) bytes() int {
	var v T
	n := cap(p.spare)
	for _, page := range p.pages {
		n += cap(page)
	}
	return n * int(unsafe.Sizeof(v))
}
