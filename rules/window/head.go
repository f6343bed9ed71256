package window

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// Head says whose window it is. It is written once, so that a window read back from a changelog can be told even when
// its rule is gone.
type Head struct {
	Rule  [16]byte // state identity of the rule
	Group []string // values of the group key, in the rule's order
	// How long content matters, copied from the Spec, so that a window expires also without its rule.
	Length, Lateness, Quiet time.Duration
	// AtClose as in Spec: rows wait for the window to close.
	AtClose bool
	// Settle as in Spec: episodes wait for their start to settle.
	Settle bool
	// Every as in Spec: the window is judged at ticks.
	Every time.Duration
	// Deferred: completions become known up to Length after their time, see Spec.Deferred.
	Deferred bool
	// Thinned: rows have been dropped because they repeated others, see Spec.thin.
	Thinned bool
}

func (h *Head) equal(o *Head) bool {
	return h.Thinned == o.Thinned && h.alike(o) && slices.Equal(h.Group, o.Group)
}

// alike reports whether the two differ in their groups at most, and in what has become of their windows.
func (h *Head) alike(o *Head) bool {
	return h.Rule == o.Rule && h.Length == o.Length && h.Lateness == o.Lateness && h.Quiet == o.Quiet &&
		h.AtClose == o.AtClose && h.Every == o.Every && h.Deferred == o.Deferred && h.Settle == o.Settle
}

const (
	headFormat  = 1
	flagThinned = 1 << 0
	flagAtClose = 1 << 1
	flagSettle  = 1 << 2
	flagEvery   = 1 << 3
	flagDefer   = 1 << 4
)

func (h Head) encode() []byte { return putList(h.appendShape(nil), h.Group) }

// appendShape appends all but the group key.
func (h Head) appendShape(b []byte) []byte {
	var flags byte
	if h.Thinned {
		flags |= flagThinned
	}
	if h.AtClose {
		flags |= flagAtClose
	}
	if h.Settle {
		flags |= flagSettle
	}
	if h.Every > 0 {
		flags |= flagEvery
	}
	if h.Deferred {
		flags |= flagDefer
	}
	b = append(append(b, headFormat, flags), h.Rule[:]...)
	b = binary.AppendVarint(b, int64(h.Length))
	b = binary.AppendVarint(b, int64(h.Lateness))
	b = binary.AppendVarint(b, int64(h.Quiet))
	if h.Every > 0 {
		b = binary.AppendVarint(b, int64(h.Every))
	}
	return b
}

func decodeHead(value string) (Head, error) {
	var h Head
	if len(value) < 18 || value[0] != headFormat || value[1]&^(flagThinned|flagAtClose|flagSettle|flagEvery|flagDefer) != 0 {
		return h, fmt.Errorf("%w: head of another format", ErrEntry)
	}
	h.Thinned, h.AtClose, h.Settle = value[1]&flagThinned != 0, value[1]&flagAtClose != 0, value[1]&flagSettle != 0
	h.Deferred = value[1]&flagDefer != 0
	copy(h.Rule[:], value[2:])
	d := decoder{rest: value[18:]}
	h.Length, h.Lateness, h.Quiet = time.Duration(d.varint()), time.Duration(d.varint()), time.Duration(d.varint())
	if value[1]&flagEvery != 0 {
		h.Every = time.Duration(d.varint())
		d.bad = d.bad || h.Every <= 0
	}
	h.Group = d.list(nil)
	if d.bad || d.rest != "" || h.Length < 0 || h.Lateness < 0 || h.Quiet < 0 {
		return h, fmt.Errorf("%w: head", ErrEntry)
	}
	return h, nil
}
