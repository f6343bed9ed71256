package kafkatest

import (
	"encoding/base64"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestClusterID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := NewClusterID()
		b, err := base64.RawURLEncoding.DecodeString(id)
		if err != nil || len(b) != 16 {
			t.Fatalf("%q does not decode to 16 bytes: %v", id, err)
		}
		if strings.HasPrefix(id, "-") {
			t.Fatalf("%q looks like a flag", id)
		}
		if seen[id] {
			t.Fatalf("%q came twice", id)
		}
		seen[id] = true
	}
}

func TestProperties(t *testing.T) {
	nodes := []Node{
		{ID: 1, Port: 9092, Internal: 19092, Controller: 9093, Host: "kafka-1", Advertised: "127.0.0.1:20001", LinkPort: 9094, LinkTold: "127.0.0.1:21001", Dir: "/data"},
		{ID: 2, Port: 9092, Internal: 19092, Controller: 9093, Host: "kafka-2", Advertised: "127.0.0.1:20002", LinkPort: 9094, LinkTold: "127.0.0.1:21002", Dir: "/data"},
		{ID: 3, Port: 9092, Internal: 19092, Controller: 9093, Host: "kafka-3", Advertised: "127.0.0.1:20003", LinkPort: 9094, LinkTold: "127.0.0.1:21003", Dir: "/data"},
	}
	three := Properties(nodes[1], nodes, map[string]string{"log.cleaner.backoff.ms": "7"})
	one := Properties(nodes[0], nodes[:1], nil)
	for _, tt := range []struct{ name, in, line string }{
		{"node id", three, "node.id=2"},
		{"all voters", three, "controller.quorum.voters=1@kafka-1:9093,2@kafka-2:9093,3@kafka-3:9093"},
		{"clients are told the outer port", three, "advertised.listeners=EXTERNAL://127.0.0.1:20002,LINKED://127.0.0.1:21002,INTERNAL://kafka-2:19092"},
		{"replicated", three, "transaction.state.log.replication.factor=3"},
		{"one may be lost", three, "transaction.state.log.min.isr=2"},
		{"extra wins", three, "log.cleaner.backoff.ms=7"},
		{"one voter", one, "controller.quorum.voters=1@kafka-1:9093"},
		{"not replicated", one, "offsets.topic.replication.factor=1"},
		{"alone is enough", one, "min.insync.replicas=1"},
	} {
		if !strings.Contains("\n"+tt.in, "\n"+tt.line+"\n") {
			t.Errorf("%s: no line %q in\n%s", tt.name, tt.line, tt.in)
		}
	}
	if strings.Count("\n"+three, "\nlog.cleaner.backoff.ms=") != 1 {
		t.Error("an extra property must replace the default, not repeat it")
	}
}

func TestFreePorts(t *testing.T) {
	ports, err := FreePorts(9)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, p := range ports {
		if p < 15000 || p >= 32000 || seen[p] {
			t.Errorf("port %d of %v is out of range or came twice", p, ports)
		}
		seen[p] = true
		l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: p})
		if err != nil {
			t.Errorf("port %d is not free: %v", p, err)
			continue
		}
		defer l.Close()
	}
}

func TestRoot(t *testing.T) {
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "integration", "kafka", "pom.xml")); err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	if root, err := Root(); err == nil {
		t.Fatalf("found %s from outside", root)
	}
}
