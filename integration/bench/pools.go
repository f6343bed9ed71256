package main

import (
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"
)

// pools are what the product fetches into as well: memory that is used again once a record has been dealt with. Without
// them a contender would pay for allocation and collection, which is not what is compared.
type pools struct{ bytes, records sync.Pool }

func (p *pools) GetDecompressBytes(compressed []byte, _ kgo.CompressionCodecType) []byte {
	if b, ok := p.bytes.Get().(*[]byte); ok {
		return *b
	}
	return make([]byte, 0, 6*len(compressed))
}

func (p *pools) PutDecompressBytes(b []byte) { p.bytes.Put(&b) }

func (p *pools) GetRecords(n int) []kgo.Record {
	if rs, ok := p.records.Get().(*[]kgo.Record); ok && cap(*rs) >= n {
		return *rs
	}
	return make([]kgo.Record, 0, n)
}

func (p *pools) PutRecords(rs []kgo.Record) { p.records.Put(&rs) }
