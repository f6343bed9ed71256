package engine

import (
	"oktastream/rules/event"
)

// Message is what travels from Ingest to a Task: either an Observation or Clocks, never both. Encode and Decode
// are its wire form in the repartition topic.
type Message struct {
	Observation *Observation
	Clocks      *Clocks
	// Limit is the latest event time that a clock could stand at when the message was written, in Unix nanoseconds; 0 is
	// without limit. It is not on the wire: whoever reads the message takes it from the record's own time. See Task.heal.
	Limit int64
}

// Observation is the projection of one event for the rules of one class that share one key value.
type Observation struct {
	Class string // names the group key member that routes it, see rules.Set
	Key   string // the value of that member
	Event []byte // JSON of the projected LogEvent
	// From is the id of the rule whose alert this is, as an observation for rules over alerts; empty for an event.
	From string
	// What the projection cannot tell:
	ID     string
	Time   int64 // event time, Unix nanoseconds
	Flags  event.Flags
	Origin event.Origin
}

// Clocks tells a task how far each source of the input has come. It travels in band, so that it cannot overtake data.
type Clocks struct {
	// Level is that of the rules the clocks are for, see rules.Set.Level: 0 for the sources of the input, k for the
	// tasks themselves as sources of alerts of level k-1.
	Level int
	// Epoch tells apart the assignments of sources to workers: the generation of the workers' group. What an older epoch
	// called idle may have a backlog now, and no owner yet that has seen it; see clockBook.
	Epoch int64
	// Sources are those the sending worker owns, in ascending order of topic, partition, organisation and path. For each
	// partition of the input there is one without organisation and path.
	Sources []SourceClock
	// Partitions maps every input topic to its number of partitions: a task's clock waits for sources that it has not
	// heard of yet.
	Partitions map[string]int32
}

// SourceClock is the progress of one source: what came over one partition of the input from one organisation by one path.
// A poller and an event hook may write to one partition, and one of them may be an hour behind.
type SourceClock struct {
	Topic     string
	Partition int32
	Org, Path string // from the records' headers; both empty for records without them
	// Max is the highest event time seen (Unix nanoseconds), or 0 if none was seen yet.
	Max int64
	// Idle: the worker has read the source to its end and has seen nothing since the idle time-out. An idle source
	// does not hold the clock back while another one is live. Max advances at the rate of the wall clock meanwhile.
	Idle bool
	// Unsettled, of a source without organisation and path that is not idle: there may be sources in the partition that the
	// worker does not name, because it has the partition for so short a time that it has not met them yet.
	Unsettled bool
}

// RoutingKey is the Kafka record key of an observation: the class, a zero byte and the value. Records with equal keys
// go to one partition.
func (o *Observation) RoutingKey() []byte {
	b := make([]byte, 0, len(o.Class)+1+len(o.Key))
	b = append(b, o.Class...)
	b = append(b, 0)
	return append(b, o.Key...)
}

// levelSource names the tasks as sources of alerts, in place of a topic. The zero byte keeps it apart from topics.
const levelSource = "\x00tasks"

// LevelClocks is the message by which tasks tell how far they have come, for rules over alerts: sources has the
// Partition and the Clock of the level below as Max, for each task that tells; partitions is the number of tasks. It
// must follow, in every partition, what those tasks have forwarded.
func LevelClocks(level int, sources []SourceClock, partitions int32) Message {
	c := &Clocks{Level: level, Partitions: map[string]int32{levelSource: partitions}}
	for _, s := range sources {
		s.Topic = levelSource
		c.Sources = append(c.Sources, s)
	}
	return Message{Clocks: c}
}
