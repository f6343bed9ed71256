package suite

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"oktastream/integration/kafkatest"
	"oktastream/integration/workload"
)

// Replicated does to three brokers, and to the network between them and the running product, what happens to them in
// production, and compares the alerts with those of eval. The cluster must have links.
func Replicated(t *testing.T, env Env) {
	t.Run("BrokersKilled", func(t *testing.T) { brokersKilled(t, env) })
	t.Run("LeadersMoved", func(t *testing.T) { leadersMoved(t, env) })
	t.Run("NetworkCut", func(t *testing.T) { networkCut(t, env) })
	t.Run("NetworkSlow", func(t *testing.T) { networkSlow(t, env) })
	t.Run("QuorumLost", func(t *testing.T) { quorumLost(t, env) })
	t.Run("Takeover", func(t *testing.T) { takeover(t, env) })
	t.Run("RestoreWithoutBroker", func(t *testing.T) { restoreWithoutBroker(t, env) })
}

// factorVariable makes the feeds of Replicated so many times as long, with as many times the events.
const factorVariable = "OKTASTREAM_FEED_FACTOR"

func factor(t *testing.T) float64 {
	t.Helper()
	text := os.Getenv(factorVariable)
	if text == "" {
		return 1
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f <= 0 {
		t.Fatalf("%s is %q; want a number above 0", factorVariable, text)
	}
	return f
}

// brokersKilled kills -9, and then shuts down, the broker that leads a part of the changelog, the one that coordinates
// the group, and the one that coordinates a transaction.
func brokersKilled(t *testing.T, env Env) {
	d := newDeployment(t, env, 6)
	adm := kadm.NewClient(newClient(t, env.Cluster))
	roles := []struct {
		name string
		node func() (int, error)
	}{
		{"leader of the changelog", func() (int, error) { return leader(t, adm, d.group+"-changelog", 0) }},
		{"coordinator of the group", func() (int, error) { return coordinator(adm.FindGroupCoordinators(t.Context(), d.group+"-detect")) }},
		{"coordinator of a transaction", func() (int, error) {
			id, err := d.transactional(t, adm)
			if err != nil {
				return 0, err
			}
			return coordinator(adm.FindTxnCoordinators(t.Context(), id))
		}},
	}
	d.through(t, 2, 25*time.Second, func(turn int) {
		role := roles[turn%len(roles)]
		node := 0
		d.await(t, "a "+role.name, func() (string, bool) { // after the turn before there may be none for a moment
			var err error
			node, err = role.node()
			return fmt.Sprint(err), err == nil
		})
		end, how := env.Cluster.Kill, "killed"
		if turn%2 == 1 {
			end, how = env.Cluster.Stop, "stopped"
		}
		began := time.Now()
		if err := end(t.Context(), node); err != nil {
			t.Fatal(err)
		}
		if err := env.Cluster.Start(t.Context(), node); err != nil {
			t.Fatal(err)
		}
		t.Logf("node %d, %s, %s and back after %v", node, role.name, how, time.Since(began).Round(100*time.Millisecond))
	}, len(roles), time.Second)
}

// leadersMoved hands the partitions from broker to broker, those of the coordinators included, without taking any down.
func leadersMoved(t *testing.T, env Env) {
	d := newDeployment(t, env, 6)
	adm := kadm.NewClient(newClient(t, env.Cluster))
	moved := 0
	d.through(t, 2, 15*time.Second, func(int) {
		d.await(t, "leaders to move", func() (string, bool) {
			n, err := moveLeaders(t, adm, d.input, d.alerts, d.repartition(), d.group+"-changelog", "__consumer_offsets", "__transaction_state")
			moved += n
			return fmt.Sprint(err), err == nil
		})
	}, 4, 2*time.Second)
	t.Logf("%d times a partition got another leader", moved)
	if moved < 40 {
		t.Errorf("%d moves prove little", moved)
	}
}

// networkCut takes the network between the product and one broker away, for less than a session and for longer, and
// lets answers get lost.
func networkCut(t *testing.T, env Env) {
	d := newDeployment(t, env, 6)
	links := needLinks(t, env)
	rng := rand.New(rand.NewPCG(env.Seed, 2))
	cuts := []struct {
		name string
		cut  func(*kafkatest.Link)
		last time.Duration
	}{
		{"nothing passes", (*kafkatest.Link).Cut, 2 * time.Second},
		{"answers are lost", (*kafkatest.Link).CutAnswers, 3 * time.Second},
		{"connections break", (*kafkatest.Link).Drop, 0},
		{"nothing passes", (*kafkatest.Link).Cut, 12 * time.Second},
		{"answers are lost", (*kafkatest.Link).CutAnswers, 9 * time.Second},
	}
	t.Cleanup(func() { restore(links) }) // also when a turn fails
	first := rng.IntN(len(links))
	d.through(t, 2, 25*time.Second, func(turn int) {
		node := (first + turn) % len(links)
		c := cuts[turn]
		c.cut(links[node])
		time.Sleep(c.last)
		links[node].Restore()
		t.Logf("node %d: %s for %v", node, c.name, c.last)
	}, len(cuts), 2*time.Second)
}

// networkSlow makes the way to every broker long and narrow while events are fed.
func networkSlow(t *testing.T, env Env) {
	d := newDeployment(t, env, 6)
	links := needLinks(t, env)
	t.Cleanup(func() { restore(links) }) // also when a turn fails
	slow := []time.Duration{30 * time.Millisecond, 100 * time.Millisecond, 250 * time.Millisecond, 0}
	d.through(t, 2, 20*time.Second, func(turn int) {
		for _, k := range links {
			if slow[turn] == 0 {
				k.Restore()
			} else {
				k.Slow(slow[turn], 256<<10)
			}
		}
	}, len(slow), 5*time.Second)
}

// quorumLost takes two of three brokers away: what is left refuses to write, and nothing may be lost by it.
func quorumLost(t *testing.T, env Env) {
	d := newDeployment(t, env, 6)
	nodes := len(env.Cluster.Brokers())
	d.through(t, 2, 15*time.Second, func(turn int) {
		ends := []int{turn % nodes, (turn + 1) % nodes}
		began := time.Now()
		for _, node := range ends {
			if err := env.Cluster.Kill(t.Context(), node); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(3 * time.Second)
		for _, node := range ends {
			if err := env.Cluster.Start(t.Context(), node); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("nodes %v were away for %v", ends, time.Since(began).Round(100*time.Millisecond))
	}, 1, 2*time.Second)
}

// through feeds the processes while turns disturb them, each after a pause, and compares the alerts with the reference.
// It feeds for at least as long as given, and until the last turn is over.
func (d *deployment) through(t *testing.T, processes int, feed time.Duration, disturb func(turn int), turns int, pause time.Duration) {
	t.Helper()
	f := factor(t)
	load := workload.Config{Seed: d.env.Seed, Events: int(6000 * f)}
	events := workload.Generate(load)
	want := eval(t, d.env.Binary, events)
	t.Logf("%d events, %d alerts in the reference", len(events), len(want))
	for slot := range processes {
		d.start(t, slot)
	}
	d.working(t)
	// The last tenth comes after the last turn, so that what it broke has to work again.
	tenth := len(events) * 9 / 10
	fed := make(chan error, 1)
	go func() { fed <- d.feed(t, events[:tenth], time.Duration(f*float64(feed))) }()
	for turn := range turns {
		time.Sleep(pause)
		disturb(turn)
	}
	if err := <-fed; err != nil {
		t.Fatal(err)
	}
	if err := d.feed(t, events[tenth:], time.Second); err != nil {
		t.Fatal(err)
	}
	d.close(t, load)
	d.settle(t, events, want)
}

// working returns when the group's topics are there and its processes have joined: what is done to the brokers before
// that is done to nobody.
func (d *deployment) working(t *testing.T) {
	t.Helper()
	adm := kadm.NewClient(newClient(t, d.env.Cluster))
	d.await(t, "the processes to join", func() (string, bool) {
		groups, err := adm.DescribeGroups(t.Context(), d.group, d.group+"-detect")
		if err != nil {
			return err.Error(), false
		}
		for _, g := range groups {
			if g.Err != nil || g.State != "Stable" || len(g.Members) < len(d.processes) {
				return fmt.Sprintf("group %s is %s with %d members: %v", g.Group, g.State, len(g.Members), g.Err), false
			}
		}
		return "", len(groups) == 2
	})
}

func needLinks(t *testing.T, env Env) []*kafkatest.Link {
	t.Helper()
	links := env.Cluster.Links()
	if len(links) < 2 {
		t.Fatalf("%d links to brokers, want some", len(links))
	}
	return links
}

func restore(links []*kafkatest.Link) {
	for _, k := range links {
		k.Restore()
	}
}

// leader is the node that leads a partition. Nodes count from 0, broker ids from 1.
func leader(t *testing.T, adm *kadm.Client, topic string, partition int32) (int, error) {
	meta, err := adm.Metadata(t.Context(), topic)
	if err != nil {
		return 0, err
	}
	p, ok := meta.Topics[topic].Partitions[partition]
	if !ok || p.Err != nil || p.Leader < 1 {
		return 0, fmt.Errorf("%s/%d has no leader: %v", topic, partition, p.Err)
	}
	return int(p.Leader) - 1, nil
}

func coordinator(found kadm.FindCoordinatorResponses) (int, error) {
	for _, r := range found {
		if r.Err != nil {
			return 0, r.Err
		}
		return int(r.NodeID) - 1, nil
	}
	return 0, errors.New("nobody coordinates")
}

// transactional returns one of the deployment's transactional ids.
func (d *deployment) transactional(t *testing.T, adm *kadm.Client) (string, error) {
	listed, err := adm.ListTransactions(t.Context(), nil, nil)
	if err != nil {
		return "", err
	}
	for _, id := range slices.Sorted(slices.Values(listed.TransactionalIDs())) {
		if strings.HasPrefix(id, d.group+"-") {
			return id, nil
		}
	}
	return "", fmt.Errorf("no transactional id of %s", d.group)
}

// moveLeaders makes the second replica of every partition its first, and elects it. It returns how many partitions were
// given another leader.
func moveLeaders(t *testing.T, adm *kadm.Client, topics ...string) (int, error) {
	before, err := adm.Metadata(t.Context(), topics...)
	if err != nil {
		return 0, err
	}
	var assign kadm.AlterPartitionAssignmentsReq
	set := kadm.TopicsSet{}
	before.Topics.EachPartition(func(p kadm.PartitionDetail) {
		if len(p.Replicas) > 1 {
			assign.Assign(p.Topic, p.Partition, append(slices.Clone(p.Replicas[1:]), p.Replicas[0]))
			set.Add(p.Topic, p.Partition)
		}
	})
	altered, err := adm.AlterPartitionAssignments(t.Context(), assign)
	if err == nil {
		err = altered.Error()
	}
	if err != nil {
		return 0, fmt.Errorf("reassign: %w", err)
	}
	elected, err := adm.ElectLeaders(t.Context(), kadm.ElectPreferredReplica, set)
	if err != nil {
		return 0, fmt.Errorf("elect: %w", err)
	}
	// Not by the metadata of now: a broker may not have heard of it.
	moved := 0
	for _, partitions := range elected {
		for _, p := range partitions {
			if p.Err == nil {
				moved++
			}
		}
	}
	return moved, nil
}
