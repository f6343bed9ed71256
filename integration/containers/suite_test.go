package containers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"oktastream/integration/kafkatest"
	"oktastream/integration/suite"
)

// cluster is shared by the tests of this package: each makes its own topics.
var shared kafkatest.Cluster

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
	logs := filepath.Join(root, ".cache", "integration")
	if err := os.RemoveAll(logs); err != nil {
		return 0, err
	}
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return 0, err
	}
	say := func(format string, args ...any) { fmt.Printf("integration: "+format+"\n", args...) }
	began := time.Now()
	shared, err = StartCluster(context.Background(), logs, kafkatest.Options{}, say)
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
