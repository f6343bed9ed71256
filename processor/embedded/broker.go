//go:build !noembedded

package embedded

import (
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
)

// retentionInterval is how often old records are dropped.
const retentionInterval = 10 * time.Second

// Broker is a running broker. Its methods may be called concurrently.
type Broker struct {
	cluster *kfake.Cluster
	addr    string
	once    sync.Once
	stop    chan struct{}
	stopped chan struct{}
}

// Start runs a broker until Close. The error says what to do when the port is taken.
func Start(o Options) (*Broker, error) {
	if o.Port < 0 || o.Port > 65535 {
		return nil, fmt.Errorf("in-process broker: port %d is not between 0 and 65535", o.Port)
	}
	if o.Partitions < 0 {
		return nil, fmt.Errorf("in-process broker: %d partitions", o.Partitions)
	}
	if o.Partitions == 0 {
		o.Partitions = DefaultPartitions
	}
	cluster, err := kfake.NewCluster(
		kfake.Ports(o.Port),
		kfake.ClusterID("oktastream-embedded"),
		kfake.DefaultNumPartitions(o.Partitions),
		kfake.BrokerConfigs(map[string]string{
			// Without an own setting a topic keeps everything: state must not disappear from a changelog.
			"log.retention.ms": "-1",
			// kfake's cleaner compacts past the last stable offset: a key overwritten in a transaction that is then
			// aborted would be lost. So it never runs, and retention is applied by Broker.retain.
			"log.cleaner.backoff.ms": strconv.FormatInt((100 * 365 * 24 * time.Hour).Milliseconds(), 10),
		}),
	)
	if err != nil {
		return nil, listenError(o.Port, err)
	}
	for _, t := range o.Topics {
		if err := cluster.CreateTopic(t.Name, partitions(t, o), config(t)); err != nil {
			cluster.Close()
			return nil, fmt.Errorf("in-process broker: create topic %q: %w", t.Name, err)
		}
	}
	b := &Broker{
		cluster: cluster,
		addr:    cluster.ListenAddrs()[0],
		stop:    make(chan struct{}),
		stopped: make(chan struct{}),
	}
	go b.retain()
	return b, nil
}

func listenError(port int, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("in-process broker: port %d on 127.0.0.1 is in use, perhaps by another oktastream; "+
			"choose another port, or set bootstrap.servers to use the Kafka that listens there: %w", port, err)
	}
	return fmt.Errorf("in-process broker: %w", err)
}

func partitions(t Topic, o Options) int32 {
	if t.Partitions > 0 {
		return int32(t.Partitions)
	}
	return int32(o.Partitions)
}

// config adds a bound to a topic that has none; kfake drops nothing from a topic that does not ask for it.
func config(t Topic) map[string]string {
	c := maps.Clone(t.Config)
	if c == nil {
		c = make(map[string]string)
	}
	_, bySize := c["retention.bytes"]
	_, byAge := c["retention.ms"]
	if !byAge {
		c["retention.ms"] = "-1"
	}
	if !bySize && !byAge && c["cleanup.policy"] != "compact" {
		c["retention.bytes"] = strconv.Itoa(DefaultRetentionBytes)
	}
	return c
}

// retain drops old records until Close.
func (b *Broker) retain() {
	defer close(b.stopped)
	tick := time.NewTicker(retentionInterval)
	defer tick.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-tick.C:
			b.cluster.ApplyRetention()
		}
	}
}

// Addr is host:port, to be used as bootstrap.servers.
func (b *Broker) Addr() string { return b.addr }

// Close stops the broker and forgets its records. Clients should be closed first. Further calls do nothing.
func (b *Broker) Close() {
	b.once.Do(func() {
		close(b.stop)
		<-b.stopped
		b.cluster.Close()
	})
}

// Banner tells a person what this broker is and is not. It ends with a newline.
func (b *Broker) Banner() string {
	return "No bootstrap.servers configured: using an in-process Kafka on " + b.addr + "\n" +
		"  NOT DURABLE: it lives in this process, in memory; when the process ends, all records and state are gone.\n" +
		"  Any Kafka client on this machine can reach it, without a password: bootstrap.servers=" + b.addr + "\n"
}
