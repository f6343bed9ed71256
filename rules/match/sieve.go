package match

import "math/bits"

// sieve tells values that hold none of many texts, and looks at few of their bytes for it.
//
// From each text it takes a run of stride grams of four bytes that begin one behind the other. Wherever the text stands in
// a value, one of them stands at a multiple of stride. So it suffices to look there, and a value that has at no such place
// any gram of any text holds no text. One look-up for each stride bytes is several times cheaper than a step of an automaton
// for each byte, and most values of most events end here.
type sieve struct {
	stride int
	shift  int
	set    []uint64 // bits by hash of the gram
}

const (
	gram       = 4
	fewStride  = 2 // with less, an automaton is as fast
	manyStride = 4 // with more, fewer texts have a run in common
)

// newSieve returns nil if a text is too short.
func newSieve(texts []string) *sieve {
	s := &sieve{stride: manyStride}
	for _, text := range texts {
		s.stride = min(s.stride, len(text)-gram+1)
	}
	if s.stride < fewStride {
		return nil
	}
	run := s.stride + gram - 1
	// Of the runs that a text has, the one that most texts have: the fewer grams, the fewer values pass for nothing.
	sharing := map[string]int{}
	for _, text := range texts {
		for i := range len(text) - run + 1 {
			sharing[text[i:i+run]]++
		}
	}
	runs := map[string]bool{}
	for _, text := range texts {
		best := text[:run]
		for i := range len(text) - run + 1 {
			if r := text[i : i+run]; sharing[r] > sharing[best] {
				best = r
			}
		}
		runs[best] = true
	}
	// A value has some dozens of grams to look at: sparse enough that one in a thousand passes by chance, up to 8 KB.
	size := min(bits.Len(uint(1000*s.stride*len(runs))), 16)
	s.shift, s.set = 32-size, make([]uint64, 1<<size/64)
	for r := range runs {
		for i := range s.stride {
			h := s.hash(r, i)
			s.set[h/64] |= 1 << (h % 64)
		}
	}
	return s
}

func (s *sieve) hash(text string, i int) uint32 {
	b := text[i : i+gram]
	x := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
	return x * 0x9e3779b1 >> s.shift // Fibonacci hashing
}

// passes reports whether value may hold one of the texts.
func (s *sieve) passes(value string) bool {
	for i := 0; i+gram <= len(value); i += s.stride {
		if h := s.hash(value, i); s.set[h/64]>>(h%64)&1 != 0 {
			return true
		}
	}
	return false
}
