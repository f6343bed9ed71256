package match

import "math/bits"

// sieve tells values that hold none of many texts, and looks at few of their bytes for it.
//
// From each text it takes a run of stride grams of four bytes that begin one behind the other. Wherever the text stands in
// a value, one of them stands at a multiple of stride. So it suffices to look there, and a value that has at no such place
// any gram of any text holds no text. One look-up for each stride bytes is several times cheaper than a step of an automaton
// for each byte, and most values of most events end here.
type sieve struct {
	stride uint
	shift  uint8
	set    []uint64 // bits by hash of the gram
}

const (
	gram      = 4
	minStride = 2 // with less, an automaton is as fast
	maxStride = 8
	// fewGrams is up to how many grams of different texts let hardly any value pass for nothing.
	fewGrams = 64
)

// newSieve returns nil if a text is too short. The longer the runs, the fewer places are looked at, and the fewer texts
// have a run in common: it takes the longest that make few grams, or else those that make the fewest.
func newSieve(texts []string) *sieve {
	longest := maxStride
	for _, text := range texts {
		longest = min(longest, len(text)-gram+1)
	}
	var best *sieve
	fewest := 0
	for stride := longest; stride >= minStride; stride-- {
		runs := sharedRuns(texts, stride+gram-1)
		n := stride * len(runs)
		if best == nil || n < fewest {
			best, fewest = sieveOf(runs, stride), n
		}
		if n <= fewGrams {
			break
		}
	}
	return best
}

// sharedRuns takes from each text, of its runs of n bytes, the one that most texts have.
func sharedRuns(texts []string, n int) map[string]bool {
	sharing := map[string]int{}
	for _, text := range texts {
		for i := range len(text) - n + 1 {
			sharing[text[i:i+n]]++
		}
	}
	runs := map[string]bool{}
	for _, text := range texts {
		best := text[:n]
		for i := range len(text) - n + 1 {
			if r := text[i : i+n]; sharing[r] > sharing[best] {
				best = r
			}
		}
		runs[best] = true
	}
	return runs
}

func sieveOf(runs map[string]bool, stride int) *sieve {
	// A value has some dozens of grams to look at: sparse enough that one in a thousand passes by chance, up to 8 KB.
	size := min(bits.Len(uint(1000*stride*len(runs))), 16)
	s := &sieve{stride: uint(stride), shift: uint8(32 - size), set: make([]uint64, 1<<size/64)}
	for r := range runs {
		for i := range s.stride {
			h := gramHash(r, i) >> s.shift
			s.set[h/64] |= 1 << (h % 64)
		}
	}
	return s
}

// gramHash has the bits that tell most at its upper end: Fibonacci hashing. ASCII letters count alike in either case.
func gramHash(text string, i uint) uint32 {
	return (half(text, i) | lowers&(1<<32-1)) * 0x9e3779b1
}

// passes reports whether value may hold one of the texts, or would if it were folded and is ASCII.
func (s *sieve) passes(value string) bool {
	set, stride, shift := s.set, s.stride, s.shift
	for i := uint(0); i+gram <= uint(len(value)); i += stride {
		if h := gramHash(value, i) >> (shift & 31); set[h/64]>>(h%64)&1 != 0 {
			return true
		}
	}
	return false
}
