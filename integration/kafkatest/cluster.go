package kafkatest

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Version is the Apache Kafka to test with, and the tag of its official image: what OKTASTREAM_KAFKA_VERSION says, or else
// the version that CI runs.
func Version() string { return cmp.Or(os.Getenv("OKTASTREAM_KAFKA_VERSION"), "4.1.1") }

// Cluster is a running Kafka. Nodes count from 0. Its methods must not be called concurrently for the same node.
type Cluster interface {
	// Engine says in words what the nodes run in.
	Engine() string
	// Brokers returns one host:port for each node, the same for the cluster's whole life.
	Brokers() []string
	// Client returns what a client needs to reach the cluster as its administrator, brokers included.
	Client() []kgo.Opt
	// Links returns the ways of the clients under test, one for each node; none where the engine has no such ways.
	Links() []*Link
	// Stop shuts a node down as an operator would, and waits until it is gone.
	Stop(ctx context.Context, node int) error
	// Kill ends a node as a power cut would (but for the page cache), and waits until it is gone.
	Kill(ctx context.Context, node int) error
	// Start brings a stopped or killed node back with its data, and waits until it serves.
	Start(ctx context.Context, node int) error
	// Log returns what a node has printed so far.
	Log(node int) ([]byte, error)
	// Close ends every node and removes what it kept, except logs. Only the first call acts.
	Close() error
}

// Options say what kind of cluster is wanted. The zero Options are one node.
type Options struct {
	Nodes      int               // 0 means 1
	Properties map[string]string // broker properties beyond, or in place of, those of Properties
	Client     []kgo.Opt         // how an administrator is told apart, where the properties ask for it
}

// NewLinks opens the links of these nodes; ports are those where each node's LINKED listener is reached.
func NewLinks(nodes []Node, ports []int) ([]*Link, error) {
	var links []*Link
	for i, n := range nodes {
		k, err := NewLink(n.LinkTold, fmt.Sprintf("127.0.0.1:%d", ports[i]))
		if err != nil {
			return nil, errors.Join(err, CloseLinks(links))
		}
		links = append(links, k)
	}
	return links, nil
}

// CloseLinks closes all.
func CloseLinks(links []*Link) error {
	var errs []error
	for _, k := range links {
		errs = append(errs, k.Close())
	}
	return errors.Join(errs...)
}

// NewClusterID returns 16 random bytes in the form that Kafka's storage tool accepts.
func NewClusterID() string {
	var b [16]byte
	rand.Read(b[:])
	b[0] &= 0x7f // the first character must not be '-', which the tool would take for a flag
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// WaitReady returns when as many brokers as given are in the metadata and the cluster hands out producer ids. A broker's
// port opens before either holds. The options tell who asks.
func WaitReady(ctx context.Context, brokers []string, opts ...kgo.Opt) error {
	cl, err := kgo.NewClient(append(slices.Clone(opts), kgo.SeedBrokers(brokers...), kgo.RetryTimeout(2*time.Second))...)
	if err != nil {
		return err
	}
	defer cl.Close()
	for {
		err := probe(ctx, cl, len(brokers))
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("brokers %v are not ready: %w", brokers, errors.Join(ctx.Err(), err))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func probe(ctx context.Context, cl *kgo.Client, nodes int) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	found, err := kadm.NewClient(cl).ListBrokers(ctx)
	if err != nil {
		return err
	}
	if len(found) < nodes {
		return fmt.Errorf("%d of %d brokers are in the metadata", len(found), nodes)
	}
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionTimeoutMillis = 1000
	req.ProducerID, req.ProducerEpoch = -1, -1
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return err
	}
	if resp.ErrorCode != 0 {
		return fmt.Errorf("InitProducerID answers error %d", resp.ErrorCode)
	}
	return nil
}
