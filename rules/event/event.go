package event

// Origin says where an event was read, so that it can be found again and so that events have a total order.
// The zero Origin is an event that no record carried (a rule test).
type Origin struct {
	Topic     string // Kafka topic, or the file an offline run read
	Partition int32  // Kafka partition; 0 for files
	Offset    int64  // Kafka offset, or the 0-based record number in a file
	Index     int32  // position of the event inside its record, from 0
}

// Compare orders origins by topic, partition, offset, index.
func (o Origin) Compare(p Origin) int {
	switch {
	case o.Topic != p.Topic:
		return order(o.Topic < p.Topic)
	case o.Partition != p.Partition:
		return order(o.Partition < p.Partition)
	case o.Offset != p.Offset:
		return order(o.Offset < p.Offset)
	case o.Index != p.Index:
		return order(o.Index < p.Index)
	}
	return 0
}

func order(less bool) int {
	if less {
		return -1
	}
	return 1
}

// Flags records what had to be assumed about an event.
type Flags uint8

const (
	// TimeMissing: published was absent or unreadable, the record's timestamp stands in.
	TimeMissing Flags = 1 << iota
	// TimeClamped: published lay further in the future of the record's timestamp than the allowed skew; the
	// record's timestamp stands in, and the event advances no clock.
	TimeClamped
	// IDMissing: the event has no uuid; its origin stands in.
	IDMissing
)

// Kind is the JSON type of a Value.
type Kind uint8

const (
	String Kind = iota + 1
	Number
	Bool
	Object // an object or an array where a scalar could stand; Text is its compact JSON
)

// Value is one value found at a path. null is not a value: a path that leads to null finds nothing.
type Value struct {
	Kind Kind
	// Text is the decoded string, the number as it is written, true or false, or the JSON of an Object.
	// It may refer to the record's bytes: clone what outlives the event.
	Text string
}
