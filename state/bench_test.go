package state

import (
	"encoding/binary"
	"runtime"
	"testing"
)

// tiny is a window of next to nothing, so that what is measured is the store.
type tiny struct{ n, due int64 }

func (w *tiny) Clone() *tiny { c := *w; return &c }

func (w *tiny) Apply(_, value []byte) error {
	w.n = int64(binary.BigEndian.Uint64(value))
	w.due = w.n
	return nil
}

func (w *tiny) Entries(yield func(_, _ []byte) bool) {
	yield(nil, binary.BigEndian.AppendUint64(nil, uint64(w.n)))
}

func (w *tiny) Changes(yield func(_, _ []byte) bool) { w.Entries(yield) }
func (w *tiny) Owner() Owner                         { return Owner{} }
func (w *tiny) Size() int                            { return 16 }

func (w *tiny) AppendPacked(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(w.n))
	return binary.LittleEndian.AppendUint64(b, uint64(w.due))
}

func (w *tiny) Unpack(b []byte) {
	w.n, w.due = int64(binary.LittleEndian.Uint64(b)), int64(binary.LittleEndian.Uint64(b[8:]))
}

func (w *tiny) Due() int64  { return w.due }
func (w *tiny) Empty() bool { return w.n == 0 }

func newTiny(ID) *tiny { return new(tiny) }

const million = 1_000_000

// spread makes IDs look like the hashes they are.
func spread(n uint64) (id ID) {
	binary.LittleEndian.PutUint64(id[:], n*0x9e3779b97f4a7c15)
	binary.LittleEndian.PutUint64(id[8:], n*0xbf58476d1ce4e5b9)
	return id
}

// fill commits a million windows, a thousand in each transaction.
func fill(s *Store[*tiny]) {
	for n := uint64(0); n < million; {
		txn := s.Begin()
		for range 1000 {
			n++
			id := spread(n)
			w := txn.Touch(id)
			w.n, w.due = int64(n), int64(n)
			txn.Touched(id)
		}
		_ = txn.Commit()
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkMemory reports what the store needs for a window besides the 16 bytes of the window itself, which is
// where Overhead comes from.
func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		before := heap()
		s := New(newTiny)
		fill(s)
		b.ReportMetric(float64(heap()-before)/million-16-3, "B/window")
		runtime.KeepAlive(s)
	}
}

// BenchmarkUpdate is one event in a store of a million windows: look, touch, write, its share of the changes and of the
// commit of 1000 events.
func BenchmarkUpdate(b *testing.B) {
	s := New(newTiny)
	fill(s)
	b.ReportAllocs()
	b.ResetTimer()
	txn := s.Begin()
	for i := range b.N {
		id := spread(uint64(i)*7919%million + 1)
		w := txn.Touch(id)
		w.due += million
		txn.Touched(id)
		txn.NextDue(0)
		txn.Largest()
		if i%1000 == 999 {
			txn.Changes()
			_ = txn.Commit()
			txn = s.Begin()
		}
	}
	txn.Rollback()
}

// BenchmarkGet looks for windows of which half are there.
func BenchmarkGet(b *testing.B) {
	s := New(newTiny)
	fill(s)
	txn := s.Begin()
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		txn.Get(spread(uint64(i) * 7919 % (2 * million)))
	}
}

// BenchmarkExpire takes windows as they become due and moves them to later.
func BenchmarkExpire(b *testing.B) {
	s := New(newTiny)
	fill(s)
	b.ReportAllocs()
	b.ResetTimer()
	txn := s.Begin()
	for i := range b.N {
		id, ok := txn.NextDue(1 << 62)
		if !ok {
			b.Fatal("nothing is due")
		}
		txn.Touch(id).due += million
		txn.Touched(id)
		if i%1000 == 999 {
			_ = txn.Commit()
			txn = s.Begin()
		}
	}
	txn.Rollback()
}

// BenchmarkRestore applies a million records and makes the store ready.
func BenchmarkRestore(b *testing.B) {
	s := New(newTiny)
	fill(s)
	log := make([]Change, 0, million)
	for key, value := range s.Entries() {
		log = append(log, Change{append([]byte(nil), key...), append([]byte(nil), value...)})
	}
	for b.Loop() {
		s := New(newTiny)
		for _, c := range log {
			if err := s.Apply(c.Key, c.Value); err != nil {
				b.Fatal(err)
			}
		}
		s.Begin()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/million, "ns/record")
}
