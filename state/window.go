package state

import "math"

// ID identifies a window inside a store: a hash of the rule's state identity and the group key. The window itself keeps
// what was hashed, so that a collision is seen.
type ID [16]byte

// Owner names whose share of the memory a window takes: the state identity of its rule.
type Owner [16]byte

// Never is the Due of a window that waits for nothing.
const Never = int64(math.MaxInt64)

// Window is what a store keeps under an ID: a set of entries (item → value), with a time at which it wants attention.
// W is the implementing type itself, normally a pointer.
//
// A store keeps windows packed, as bytes; a window is an object only while a transaction works on it, or when it is too
// large to be packed time and again. Such an object is never written again once it is committed: the store clones it on
// the first touch of a transaction. Only Apply, which restores, writes to windows in place.
//
// Everything a window answers must follow from its entries alone, however it came to have them: otherwise a restored
// store would expire and evict differently from the one it replaces.
type Window[W any] interface {
	// Clone returns a window with the same entries, no changes recorded, and nothing mutable shared.
	Clone() W
	// Apply installs one entry as it was read back from the changelog; a nil value removes the item. It records no
	// change and keeps neither slice. Entries arrive in the order of the log, which compaction makes any order. An error
	// means that the entry cannot be understood.
	Apply(item, value []byte) error
	// AppendPacked appends a form of the window for this process alone, of at most Size bytes: nothing, if nothing has been
	// applied or written, or all of it removed. A window of which only some entries have been applied has one, too.
	AppendPacked(b []byte) []byte
	// Unpack makes a window that is empty what AppendPacked was called on, with no changes recorded. It keeps no part of b.
	Unpack(b []byte)
	// Entries yields every entry in ascending order of item. The slices must not be changed, nor kept when yield returns.
	Entries(yield func(item, value []byte) bool)
	// Changes yields the entries that differ from those at Clone or Unpack (or from none, for a new window), each item
	// once, in ascending order; a nil value is a removal. It may be called again.
	Changes(yield func(item, value []byte) bool)
	// Size is the memory in bytes that the window takes when it is packed. It may be somewhat more than that, so that it can
	// be kept up to date cheaply, but not less.
	Size() int
	// Due is the clock value (Unix nanoseconds of event time) at which the window wants attention, or Never.
	Due() int64
	// Owner is whose window it is.
	Owner() Owner
	// Empty reports whether there are no entries; an empty window is dropped from the store.
	Empty() bool
}

// Committer may be implemented by a window too: Committed is called when a transaction that touched the window is merged
// and the store goes on with the object. Its changes are in the log by then, and the memory of them can be let go.
type Committer interface{ Committed() }

// Change is one record for the changelog. A nil Value is a tombstone; an empty one is a value.
type Change struct{ Key, Value []byte }
