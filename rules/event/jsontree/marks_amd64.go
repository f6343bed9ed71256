package jsontree

// markBlocks marks the special bytes of as many blocks of 64 bytes as set has words. s must be that long. It needs SSE2
// only, which every amd64 processor has.
//
//go:noescape
func markBlocks(set []uint64, s []byte)
