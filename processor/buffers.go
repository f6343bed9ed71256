package processor

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// buffers are what fetched records lie in. The worker recycles each record once it has been processed: whatever is kept or
// produced must not refer to one, or it would change under the hands of whoever has it.
type buffers struct{ bytes, records sync.Pool }

// expansion is by how much events shrink when they are compressed, roughly. What turns out too small grows.
const expansion = 6

func (b *buffers) GetDecompressBytes(compressed []byte, _ kgo.CompressionCodecType) []byte {
	if p, ok := b.bytes.Get().(*[]byte); ok {
		return *p
	}
	return make([]byte, 0, expansion*len(compressed))
}

func (b *buffers) PutDecompressBytes(p []byte) { b.bytes.Put(&p) }

func (b *buffers) GetRecords(n int) []kgo.Record {
	if p, ok := b.records.Get().(*[]kgo.Record); ok && cap(*p) >= n {
		return *p
	}
	return make([]kgo.Record, 0, n)
}

func (b *buffers) PutRecords(rs []kgo.Record) { b.records.Put(&rs) }
