package window

import "math/bits"

// Mix is a way in which the steps of an Unordered window may have come: all of With and none of Without. They are sets of
// steps, the first of which is the lowest bit.
type Mix struct{ With, Without uint64 }

// MaxMixed is how many steps a Mix can tell apart.
const MaxMixed = 64

// Holds tells whether the steps of a set are mixed so.
func (m Mix) Holds(seen uint64) bool { return seen&m.With == m.With && seen&m.Without == 0 }

// Undone tells whether more steps may undo one of the mixes.
func Undone(mixes []Mix) bool {
	for _, m := range mixes {
		if m.Without != 0 {
			return true
		}
	}
	return false
}

// leastSteps is how many different steps the smallest of the mixes needs.
func leastSteps(mixes []Mix) int {
	least := MaxMixed
	for _, m := range mixes {
		least = min(least, bits.OnesCount64(m.With))
	}
	return least
}

// mixed reports whether the counted rows hold one of the mixes.
func (v *sliding) mixed(mixes []Mix) bool {
	seen := uint64(0)
	for i, n := range v.steps {
		if n > 0 {
			seen |= 1 << i
		}
	}
	for _, m := range mixes {
		if m.Holds(seen) {
			return true
		}
	}
	return false
}
