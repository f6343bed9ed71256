package jsontree

// markBlocks marks the special bytes of blocks of 64 bytes, eight bytes of set for each. s must be that long. It needs SSE2
// only, which every amd64 processor has.
//
//go:noescape
func markBlocks(set []byte, s []byte)
