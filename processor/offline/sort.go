package offline

import (
	"bufio"
	"container/heap"
	"encoding/gob"
	"errors"
	"io"
	"os"
	"slices"
)

// SortMemory is how many bytes of events, and of alerts, Stream holds at a time. What is more goes to temporary files.
const SortMemory = 64 << 20

// sorter sorts more than fits into memory: what has filled it is sorted and written to a file, and the files are merged.
// Items that compare equal stay in the order in which they came.
type sorter[T any] struct {
	limit   int
	compare func(a, b *T) int
	size    func(*T) int // bytes that an item holds
	held    []T
	bytes   int
	files   []*os.File
}

func (s *sorter[T]) add(item T) error {
	s.held = append(s.held, item)
	if s.bytes += s.size(&item); s.bytes < s.limit {
		return nil
	}
	return s.spill()
}

func (s *sorter[T]) sort() {
	slices.SortStableFunc(s.held, func(a, b T) int { return s.compare(&a, &b) })
}

// spill writes what is held to a file.
func (s *sorter[T]) spill() error {
	f, err := os.CreateTemp("", "oktastream-sort-*")
	if err != nil {
		return err
	}
	s.files = append(s.files, f)
	s.sort()
	w := bufio.NewWriterSize(f, 256<<10)
	enc := gob.NewEncoder(w)
	for i := range s.held {
		if err := enc.Encode(&s.held[i]); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	clear(s.held)
	s.held, s.bytes = s.held[:0], 0
	_, err = f.Seek(0, io.SeekStart)
	return err
}

// each gives all items in order.
func (s *sorter[T]) each(take func(*T) error) error {
	s.sort()
	if len(s.files) == 0 {
		for i := range s.held {
			if err := take(&s.held[i]); err != nil {
				return err
			}
		}
		return nil
	}
	m := merge[T]{compare: s.compare}
	for i, f := range s.files {
		dec := gob.NewDecoder(bufio.NewReaderSize(f, 64<<10))
		if err := m.begin(i, func(item *T) error { return dec.Decode(item) }); err != nil {
			return err
		}
	}
	held := s.held
	if err := m.begin(len(s.files), func(item *T) error {
		if len(held) == 0 {
			return io.EOF
		}
		*item, held = held[0], held[1:]
		return nil
	}); err != nil {
		return err
	}
	for len(m.runs) > 0 {
		first := &m.runs[0]
		if err := take(&first.item); err != nil {
			return err
		}
		var zero T
		first.item = zero // gob leaves alone what it does not write
		switch err := first.next(&first.item); {
		case errors.Is(err, io.EOF):
			heap.Pop(&m)
		case err != nil:
			return err
		default:
			heap.Fix(&m, 0)
		}
	}
	return nil
}

// close removes the files.
func (s *sorter[T]) close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Close(), os.Remove(f.Name()))
	}
	return errors.Join(errs...)
}

// merge is a heap of sorted runs.
type merge[T any] struct {
	compare func(a, b *T) int
	runs    []run[T]
}

type run[T any] struct {
	item   T
	number int // of equal items that of the earlier run comes first
	next   func(*T) error
}

// begin adds a run, unless it is empty.
func (m *merge[T]) begin(number int, next func(*T) error) error {
	r := run[T]{number: number, next: next}
	switch err := next(&r.item); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return err
	}
	heap.Push(m, r)
	return nil
}

func (m *merge[T]) Len() int { return len(m.runs) }
func (m *merge[T]) Less(i, j int) bool {
	a, b := &m.runs[i], &m.runs[j]
	if c := m.compare(&a.item, &b.item); c != 0 {
		return c < 0
	}
	return a.number < b.number
}
func (m *merge[T]) Swap(i, j int) { m.runs[i], m.runs[j] = m.runs[j], m.runs[i] }
func (m *merge[T]) Push(r any)    { m.runs = append(m.runs, r.(run[T])) }
func (m *merge[T]) Pop() any {
	last := m.runs[len(m.runs)-1]
	m.runs = m.runs[:len(m.runs)-1]
	return last
}
