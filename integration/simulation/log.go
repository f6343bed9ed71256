package simulation

import "github.com/twmb/franz-go/pkg/kgo"

// fate of a transaction.
type fate uint8

const (
	open fate = iota
	committed
	aborted
)

// txn is one transaction. A nil *txn stands for records written without one.
type txn struct {
	fate    fate
	touched []*partition
}

// end decides the transaction and writes a marker into every partition that it touched.
func (t *txn) end(f fate) {
	t.fate = f
	for _, p := range t.touched {
		p.entries = append(p.entries, entry{})
	}
}

// entry is a record, or a marker if record is nil.
type entry struct {
	record *kgo.Record
	txn    *txn
}

// partition is one log; an offset is an index.
type partition struct {
	topic   string
	number  int32
	entries []entry
}

func partitions(topic string, n int) []*partition {
	var ps []*partition
	for i := range n {
		ps = append(ps, &partition{topic: topic, number: int32(i)})
	}
	return ps
}

func (p *partition) append(t *txn, r *kgo.Record) {
	r.Topic, r.Partition, r.Offset = p.topic, p.number, int64(len(p.entries))
	p.entries = append(p.entries, entry{r, t})
	if t == nil {
		return
	}
	for _, q := range t.touched {
		if q == p {
			return
		}
	}
	t.touched = append(t.touched, p)
}

// read returns at most limit records from the offset on, as a read_committed consumer sees them, and where to go on: it
// stops before the first record of an open transaction.
func (p *partition) read(from int64, limit int) (records []*kgo.Record, next int64) {
	for next = from; next < int64(len(p.entries)) && len(records) < limit; next++ {
		e := p.entries[next]
		if e.txn != nil && e.txn.fate == open {
			break
		}
		if e.record != nil && (e.txn == nil || e.txn.fate == committed) {
			records = append(records, e.record)
		}
	}
	return records, next
}

// all returns everything that is committed.
func (p *partition) all() []*kgo.Record {
	records, _ := p.read(0, len(p.entries))
	return records
}

// compact removes what later records with the same key replace, below the first open transaction. Tombstones stay.
func (p *partition) compact() {
	last := map[string]int{}
	for i, e := range p.entries {
		if e.txn != nil && e.txn.fate == open {
			break
		}
		if e.record == nil || e.txn != nil && e.txn.fate != committed {
			continue
		}
		key := string(e.record.Key)
		if j, ok := last[key]; ok {
			p.entries[j].record = nil
		}
		last[key] = i
	}
}
