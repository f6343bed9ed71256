package kafkatest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Node is where one broker listens, and how others reach it.
type Node struct {
	ID         int    // node.id, from 1
	Bind       string // address to listen on; empty for all
	Port       int    // of the clients' listener
	Internal   int    // port of the brokers' listener
	Controller int    // port of the controllers' listener
	Host       string // name by which the other nodes reach this one
	Advertised string // host:port that clients are told
	LinkPort   int    // port of the listener for clients that come by a Link
	LinkTold   string // host:port that those are told: the Link's
	Dir        string // data directory
}

// Java are the options of a broker's JVM: a small heap, and the quick compiler alone, since a broker that is restarted
// every few seconds never repays the other's work.
var Java = []string{"-Xms384m", "-Xmx384m", "-XX:TieredStopAtLevel=1"}

// Properties returns server.properties of one node out of all: a combined broker and controller with a static quorum.
// Internal topics are small, and delays and floors that exist to spare large clusters are shortened so that tests need
// not wait. Extra properties win.
func Properties(node Node, all []Node, extra map[string]string) string {
	var voters []string
	for _, n := range all {
		voters = append(voters, fmt.Sprintf("%d@%s:%d", n.ID, n.Host, n.Controller))
	}
	// Three nodes replicate so that one may be lost; one node cannot.
	replicas, insync := min(len(all), 3), max(1, min(len(all), 3)-1)
	p := map[string]string{
		"process.roles":                  "broker,controller",
		"node.id":                        fmt.Sprint(node.ID),
		"controller.quorum.voters":       strings.Join(voters, ","),
		"controller.listener.names":      "CONTROLLER",
		"listeners":                      fmt.Sprintf("EXTERNAL://%[1]s:%[2]d,LINKED://%[1]s:%[3]d,INTERNAL://%[1]s:%[4]d,CONTROLLER://%[1]s:%[5]d", node.Bind, node.Port, node.LinkPort, node.Internal, node.Controller),
		"advertised.listeners":           fmt.Sprintf("EXTERNAL://%s,LINKED://%s,INTERNAL://%s:%d", node.Advertised, node.LinkTold, node.Host, node.Internal),
		"listener.security.protocol.map": "EXTERNAL:PLAINTEXT,LINKED:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"inter.broker.listener.name":     "INTERNAL",
		"log.dirs":                       node.Dir,
		"auto.create.topics.enable":      "false",
		"default.replication.factor":     fmt.Sprint(replicas),
		"min.insync.replicas":            fmt.Sprint(insync),

		"offsets.topic.replication.factor":                 fmt.Sprint(replicas),
		"offsets.topic.num.partitions":                     "4",
		"transaction.state.log.replication.factor":         fmt.Sprint(replicas),
		"transaction.state.log.min.isr":                    fmt.Sprint(insync),
		"transaction.state.log.num.partitions":             "4",
		"share.coordinator.state.topic.replication.factor": fmt.Sprint(replicas),
		"share.coordinator.state.topic.min.isr":            fmt.Sprint(insync),

		// A killed node comes back only when its last session has ended.
		"broker.heartbeat.interval.ms": "500",
		"broker.session.timeout.ms":    "4000",

		"group.initial.rebalance.delay.ms":                            "0",
		"group.min.session.timeout.ms":                                "1000",
		"group.consumer.min.heartbeat.interval.ms":                    "200",
		"group.consumer.heartbeat.interval.ms":                        "300",
		"group.consumer.min.session.timeout.ms":                       "1000",
		"group.consumer.session.timeout.ms":                           "6000",
		"transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
		"log.cleaner.backoff.ms":                                      "500",
		"log.initial.task.delay.ms":                                   "500",
	}
	maps.Copy(p, extra)
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(p)) {
		fmt.Fprintf(&b, "%s=%s\n", k, p[k])
	}
	return b.String()
}
