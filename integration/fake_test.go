package integration

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/ghosts"
	"oktastream/integration/kafkatest"
)

// fake is a kafkatest.Cluster inside the test's process. Its nodes cannot be taken down.
type fake struct{ *kfake.Cluster }

func newFake(t *testing.T) fake {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{
		// As on the real brokers: a killed process must be noticed while a test still runs.
		"group.min.session.timeout.ms": "1000",
		// The cleaner compacts past the last stable offset, and so may lose a key that an aborted transaction has overwritten.
		"log.cleaner.backoff.ms": strconv.FormatInt((365 * 24 * time.Hour).Milliseconds(), 10),
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	cl, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ghosts.Exorcise(ctx, t, cl, 9*time.Second)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		cl.Close()
	})
	return fake{c}
}

func (f fake) Engine() string                   { return "in-process broker" }
func (f fake) Brokers() []string                { return f.ListenAddrs() }
func (f fake) Client() []kgo.Opt                { return []kgo.Opt{kgo.SeedBrokers(f.ListenAddrs()...)} }
func (f fake) Links() []*kafkatest.Link         { return nil }
func (f fake) Log(int) ([]byte, error)          { return nil, errors.ErrUnsupported }
func (f fake) Stop(context.Context, int) error  { return errors.ErrUnsupported }
func (f fake) Kill(context.Context, int) error  { return errors.ErrUnsupported }
func (f fake) Start(context.Context, int) error { return errors.ErrUnsupported }
func (f fake) Close() error                     { f.Cluster.Close(); return nil }
