package embedded

const (
	// DefaultPort is the loopback port that `run` uses.
	DefaultPort = 19092
	// DefaultPartitions is the number of partitions of a topic that names none.
	DefaultPartitions = 4
	// DefaultRetentionBytes bounds a partition of a topic whose Config has no retention of its own. Retention is by size
	// and not by age, since replayed events carry old timestamps and must not vanish before they are read.
	DefaultRetentionBytes = 256 << 20
)

// Options configure Start.
type Options struct {
	// Port on 127.0.0.1; 0 takes any free port.
	Port int
	// Partitions of the topics that do not say, and of topics that clients create without a number;
	// 0 is DefaultPartitions.
	Partitions int
	// Topics exist when Start returns. Clients may create more, but no topic comes into being by being named.
	Topics []Topic
}

// Topic is a topic to create.
type Topic struct {
	Name       string
	Partitions int               // 0 is Options.Partitions
	Config     map[string]string // Kafka topic properties, e.g. cleanup.policy
}
