package jsontree

import "encoding/binary"

const (
	ones  = 0x0101010101010101
	lows  = 0x7f * ones
	highs = 0x80 * ones
)

// special marks, in the high bit of each of eight bytes, those that a string cannot pass over. The additions work on
// seven bits each, so no byte disturbs the next.
func special(x uint64) uint64 {
	low := x & lows
	quote, slash, control := (low^ones*'"')+lows, (low^ones*'\\')+lows, low+ones*(0x80-' ')
	return (^(quote & slash & control) | x) & highs
}

// gather moves the high bits of eight bytes into the lowest eight bits.
func gather(marks uint64) uint64 { return marks >> 7 * 0x0102040810204080 >> 56 }

// markBlocksPortable is markBlocks without instructions of one processor.
func markBlocksPortable(set []byte, s []byte) {
	for i := 0; i < len(set); i += 8 {
		b, word := s[i<<3:][:64], uint64(0)
		for k := 0; k < 64; k += 8 {
			word |= gather(special(binary.LittleEndian.Uint64(b[k:]))) << k
		}
		binary.LittleEndian.PutUint64(set[i:], word)
	}
}
