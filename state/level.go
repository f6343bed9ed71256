package state

// A task keeps its windows in several stores, one for each clock that windows follow. They share one changelog; the
// first byte of an ID tells which store a window belongs to.

// SetLevel makes id one of the store with this number, 0 to 255.
func (id *ID) SetLevel(level int) { id[0] = byte(level) }

// LevelOf is the number of the store that a changelog key of a window belongs to; 0 for a key that is none, which
// Store.Apply then refuses.
func LevelOf(key []byte) int {
	if len(key) < itemAt || key[0] != kindEntry {
		return 0
	}
	return int(key[1])
}
