package processor

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Stage selects the halves of the pipeline that a process runs.
type Stage uint8

const (
	Ingest Stage = 1 << iota
	Detect
	Both = Ingest | Detect
)

func (s Stage) String() string {
	switch s {
	case Ingest:
		return "ingest"
	case Detect:
		return "detect"
	case Both:
		return "both"
	}
	return fmt.Sprintf("stage %d", uint8(s))
}

// ParseStage reads what String writes.
func ParseStage(text string) (Stage, error) {
	for _, s := range []Stage{Ingest, Detect, Both} {
		if text == s.String() {
			return s, nil
		}
	}
	return 0, fmt.Errorf("stage: %q is not ingest, detect or both", text)
}

// Config is everything that Run needs to know. A zero field has the default that its comment names. Keys in error
// messages are those of the configuration file.
type Config struct {
	// Client holds options for every Kafka client: brokers, TLS, SASL, dialer, fetch sizes. SetKafka appends to it.
	Client []kgo.Opt
	// Group is the consumer group of the ingest stage, and the prefix of everything else that is the group's own: the
	// consumer group <group>-detect, transactional ids, topics.
	Group string // default oktastream
	// Instance names this process among those of the group. Transactional ids are made of it: when it stays the same
	// over a restart, the restart aborts at once what a crash left open. When it is empty, it is random, and readers of
	// the outputs wait for TransactionTimeout after a crash. Two processes with one Instance fence each other.
	Instance string
	// StaticID is group.instance.id: with it, a restart within SessionTimeout causes no rebalance. A static member
	// does not leave the group when it stops, unless LeaveOnShutdown is set, which is for scaling in.
	StaticID        string
	LeaveOnShutdown bool

	Stages  Stage // default Both
	Workers int   // sessions per stage; default one for every two CPUs, and no more than there are partitions to read

	Input       []string // default okta.system-log
	Alerts      string   // default okta.alerts
	Repartition string   // default <group>-repartition
	Changelog   string   // default <group>-changelog
	DeadLetters string   // default <group>-dlq

	// CreateTopics creates what is missing, with Partitions partitions (default 4) and Replication replicas (default
	// the broker's own). Without it, a missing topic is an error.
	CreateTopics bool
	Partitions   int32
	Replication  int16

	// Reset is where an input partition starts for which the group has no offset: earliest (default), latest, or none,
	// which is an error. A position that the log has lost continues at the start of the log, is logged and counted;
	// with none, it is an error.
	Reset string

	CommitInterval     time.Duration // from the first record of a transaction to its end, default 100 ms
	MaxRecords         int           // records per transaction, default 5,000
	MaxBytes           int           // bytes per transaction, default 8 MiB
	MaxRecordBytes     int           // the largest record of the input that is read, unpacked; default 16 MiB
	SessionTimeout     time.Duration // default 10 s
	HeartbeatInterval  time.Duration // default a third of SessionTimeout, at most 3 s
	RebalanceTimeout   time.Duration // default 60 s
	TransactionTimeout time.Duration // default SessionTimeout plus 5 s
	MaxRequestSize     int           // largest record, in bytes, default 1 MB less a margin
	Escape             time.Duration // how long a batch may hold back a rebalance, default 2 s

	IdleTimeout time.Duration // of a source, see clocks; default 30 s
	Skew        time.Duration // how far an event may lie in the future of its reading, default 5 minutes
	Envelope    string        // pins the envelope of the input; empty detects it per record
	// EnvelopePath says where in a record the event is, member by member with dots between; empty looks for it.
	EnvelopePath string

	Org         string // organisation name, for alerts and their ids
	Format      string // of alerts: native (default) or ecs
	Version     string // of this build
	StateBudget int    // bytes of windows per task; 0 is without limit, AutoBudget a share of the memory

	memory time.Duration // the longest that a rule of the set needs what it has seen; known to New

	HTTP   string       // address for /metrics, /healthz and /readyz; empty for none
	Logger *slog.Logger // default slog.Default
}

// DefaultHTTP is the address that the command line uses. It is on loopback: what is served is not secret, but nobody
// authenticates either.
const DefaultHTTP = "127.0.0.1:8686"

// withDefaults returns c with defaults for what is zero.
func (c Config) withDefaults() Config {
	set(&c.Group, "oktastream")
	set(&c.Stages, Both)
	if len(c.Input) == 0 {
		c.Input = []string{"okta.system-log"}
	}
	set(&c.Alerts, "okta.alerts")
	set(&c.Repartition, c.Group+"-repartition")
	set(&c.Changelog, c.Group+"-changelog")
	set(&c.DeadLetters, c.Group+"-dlq")
	set(&c.Partitions, 4)
	set(&c.Replication, -1)
	set(&c.Reset, "earliest")
	set(&c.CommitInterval, 100*time.Millisecond)
	set(&c.MaxRecords, 5000)
	set(&c.MaxBytes, 8<<20)
	set(&c.MaxRecordBytes, 16<<20)
	set(&c.SessionTimeout, 10*time.Second)
	set(&c.HeartbeatInterval, min(c.SessionTimeout/3, 3*time.Second))
	set(&c.RebalanceTimeout, time.Minute)
	set(&c.TransactionTimeout, c.SessionTimeout+5*time.Second)
	set(&c.MaxRequestSize, 1_000_000)
	set(&c.Escape, 2*time.Second)
	set(&c.IdleTimeout, 30*time.Second)
	set(&c.Skew, 5*time.Minute)
	set(&c.Format, "native")
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

func set[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Validate returns every problem of c, each naming its key; nil when there is none. Defaults apply first.
func (c Config) Validate() error {
	c = c.withDefaults()
	var errs []error
	bad := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	if c.Stages&^Both != 0 {
		bad("stage", "%v is not ingest, detect or both", c.Stages)
	}
	for _, n := range []struct {
		key   string
		value int
	}{
		{"partitions", int(c.Partitions)}, {"max.records", c.MaxRecords},
		{"max.bytes", c.MaxBytes}, {"max.record.bytes", c.MaxRecordBytes}, {"max.request.size", c.MaxRequestSize},
	} {
		if n.value < 1 {
			bad(n.key, "%d is not positive", n.value)
		}
	}
	if c.Workers < 0 {
		bad("workers", "%d is negative", c.Workers)
	}
	for _, d := range []struct {
		key   string
		value time.Duration
	}{
		{"commit.interval", c.CommitInterval}, {"session.timeout.ms", c.SessionTimeout}, {"heartbeat.interval.ms", c.HeartbeatInterval},
		{"rebalance.timeout.ms", c.RebalanceTimeout}, {"transaction.timeout.ms", c.TransactionTimeout}, {"idle.timeout", c.IdleTimeout},
		{"skew", c.Skew}, {"escape", c.Escape},
	} {
		if d.value <= 0 {
			bad(d.key, "%v is not positive", d.value)
		}
	}
	// End waits through a whole round of joining, which lasts as long as a dead member's session.
	if c.TransactionTimeout <= c.SessionTimeout {
		bad("transaction.timeout.ms", "%v is not above session.timeout.ms (%v): a worker would be fenced while the group waits for a dead member",
			c.TransactionTimeout, c.SessionTimeout)
	}
	if c.SessionTimeout < 10*c.CommitInterval {
		bad("session.timeout.ms", "%v is less than ten times commit.interval (%v)", c.SessionTimeout, c.CommitInterval)
	}
	if c.HeartbeatInterval >= c.SessionTimeout {
		bad("heartbeat.interval.ms", "%v is not below session.timeout.ms (%v)", c.HeartbeatInterval, c.SessionTimeout)
	}
	if c.Escape >= c.SessionTimeout {
		bad("escape", "%v is not below session.timeout.ms (%v)", c.Escape, c.SessionTimeout)
	}
	if !slices.Contains([]string{"earliest", "latest", "none"}, c.Reset) {
		bad("auto.offset.reset", "%q is not earliest, latest or none", c.Reset)
	}
	if c.Replication == 0 || c.Replication < -1 {
		bad("replication", "%d is neither positive nor -1, the broker's default", c.Replication)
	}
	if c.StateBudget < AutoBudget {
		bad("state.budget", "%d is negative", c.StateBudget)
	}
	seen := make(map[string]string)
	name := func(key, topic string) {
		if topic == "" {
			bad(key, "is empty")
		} else if other, ok := seen[topic]; ok {
			bad(key, "topic %s is already used as %s", topic, other)
		}
		seen[topic] = key
	}
	for _, t := range c.Input {
		name("input", t)
	}
	name("alerts", c.Alerts)
	name("repartition", c.Repartition)
	name("changelog", c.Changelog)
	name("dead.letters", c.DeadLetters)
	return errors.Join(errs...)
}
