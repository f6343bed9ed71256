package containers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"oktastream/integration/kafkatest"
	"oktastream/integration/suite"
)

// nodesVariable: how many brokers; empty means one. Three take 2 GB of memory.
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
	var opts kafkatest.Options
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
	for i := range shared.Brokers() {
		out, err := shared.Log(i)
		if err == nil {
			err = os.WriteFile(filepath.Join(logs, fmt.Sprintf("kafka-%d.log", i+1)), out, 0o644)
		}
		if err != nil {
			say("log of node %d: %v", i, err)
		}
	}
	return code, shared.Close()
}

func TestBroker(t *testing.T) { suite.Broker(t, shared) }

func TestBrokerFaults(t *testing.T) { suite.BrokerFaults(t, shared) }

func TestProduct(t *testing.T) {
	binary, err := suite.Build(t.Context(), t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	env := suite.Env{Cluster: shared, Binary: binary, Logs: logs, Seed: suite.Seed(t)}
	suite.Product(t, env)
	suite.ProductFaults(t, env)
}
