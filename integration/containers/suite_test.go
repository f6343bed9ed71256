package containers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"oktastream/integration/kafkatest"
	"oktastream/integration/suite"
)

// nodesVariable: how many brokers; empty means three, which take 2 GB of memory. With fewer, what is done to a replicated
// cluster is left out.
const nodesVariable = "OKTASTREAM_KAFKA_NODES"

// shared is the cluster of all tests of this package: each makes its own topics.
var shared kafkatest.Cluster

// logs is the directory for what brokers and processes print.
var logs string

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "integration:", err)
		code = 2
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if err := Settings(); err != nil {
		return 0, err
	}
	root, err := kafkatest.Root()
	if err != nil {
		return 0, err
	}
	logs = filepath.Join(root, ".cache", "integration")
	if err := os.RemoveAll(logs); err != nil {
		return 0, err
	}
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return 0, err
	}
	say := func(format string, args ...any) {
		fmt.Println("integration:", strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; ")) // one line, for CI to find
	}
	opts := kafkatest.Options{Nodes: 3}
	if n := os.Getenv(nodesVariable); n != "" {
		if opts.Nodes, err = strconv.Atoi(n); err != nil {
			return 0, fmt.Errorf("%s: %w", nodesVariable, err)
		}
	}
	began := time.Now()
	shared, err = StartCluster(context.Background(), logs, opts, say)
	if err != nil {
		return 0, err
	}
	say("engine: %s, up after %v", shared.Engine(), time.Since(began).Round(time.Millisecond))
	code = m.Run()
	keepLogs(shared, logs, say)
	return code, nil
}

func TestBroker(t *testing.T) { suite.Broker(t, shared) }

func TestBrokerFaults(t *testing.T) { suite.BrokerFaults(t, shared) }

// binary is built once, for all tests.
var binary = sync.OnceValues(func() (string, error) { return suite.Build(context.Background(), logs, false) })

// environment is the product on the shared cluster.
func environment(t *testing.T) suite.Env {
	t.Helper()
	built, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	return suite.Env{Cluster: shared, Binary: built, Logs: logs, Seed: suite.Seed(t)}
}

func TestProduct(t *testing.T) {
	env := environment(t)
	suite.Product(t, env)
	if len(shared.Brokers()) < 3 { // TestReplicated does worse to three
		suite.ProductFaults(t, env)
	}
}

func TestMishaps(t *testing.T) { suite.Mishaps(t, environment(t)) }

func TestReplicated(t *testing.T) {
	if n := len(shared.Brokers()); n < 3 {
		t.Skipf("%s asks for %d brokers", nodesVariable, n)
	}
	suite.Replicated(t, environment(t))
}

// TestSecured has a cluster of its own: one broker, so that an outage is one of everything.
func TestSecured(t *testing.T) {
	authority, err := kafkatest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	opts, err := authority.Secured(kafkatest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(logs, "secured")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c, err := StartCluster(t.Context(), dir, opts, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keepLogs(c, dir, t.Logf) })
	env := environment(t)
	env.Cluster = c
	suite.Secured(t, env, authority)
}

// keepLogs writes what the nodes have printed into dir, and ends them.
func keepLogs(c kafkatest.Cluster, dir string, say func(string, ...any)) {
	for i := range c.Brokers() {
		out, err := c.Log(i)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("kafka-%d.log", i+1)), out, 0o644)
		}
		if err != nil {
			say("log of node %d: %v", i, err)
		}
	}
	if err := c.Close(); err != nil {
		say("close: %v", err)
	}
}
