//go:build !amd64

package jsontree

func markBlocks(set []uint64, s []byte) { markBlocksPortable(set, s) }
