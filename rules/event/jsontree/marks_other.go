//go:build !amd64

package jsontree

func markBlocks(set []byte, s []byte) { markBlocksPortable(set, s) }
