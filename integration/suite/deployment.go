package suite

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/kafkatest"
	"oktastream/integration/oracle"
	"oktastream/integration/reference"
	"oktastream/integration/workload"
	"oktastream/rules/window"
)

// deployment is one group of processes with its topics.
type deployment struct {
	env       Env
	group     string
	input     string
	inputs    int // partitions of it
	alerts    string
	producer  *kgo.Client
	processes map[int]*process

	create   bool        // the product makes the topics that are missing
	settings []string    // of the product, beyond those of every deployment or in their place
	http     map[int]int // slot → port of its metrics; none for the others
	// For single slots: settings beyond those of the deployment, nil for none; and environment variables.
	own         func(slot int) []string
	environment map[int][]string
}

func newDeployment(t *testing.T, env Env, inputs int32) *deployment {
	t.Helper()
	group := unique(t, "group")
	d := &deployment{env: env, group: group, input: group + "-in", inputs: int(inputs), alerts: group + "-alerts", processes: map[int]*process{}, create: true,
		settings: slices.Clone(env.Access.Product)}
	createTopic(t, env.Cluster, d.input, inputs)
	createTopic(t, env.Cluster, d.alerts, 2)
	if env.Access.grant != nil {
		// Who may do no more than it needs makes no topics.
		d.create = false
		d.createOwn(t)
		env.Access.grant(t, d)
	}
	d.producer = newClient(t, env.Cluster, append(slices.Clone(env.Access.Feeder), kgo.DefaultProduceTopic(d.input))...)
	return d
}

// partitions of the repartition topic and the changelog.
const partitions = 6

// createOwn makes the group's own topics, as an operator would.
func (d *deployment) createOwn(t *testing.T) {
	t.Helper()
	adm := kadm.NewClient(newClient(t, d.env.Cluster))
	for topic, policy := range map[string]string{d.repartition(): "delete", d.group + "-changelog": "compact,delete", d.group + "-dlq": "delete"} {
		if _, err := adm.CreateTopic(t.Context(), partitions, -1, map[string]*string{"cleanup.policy": &policy}, topic); err != nil {
			t.Fatal(err)
		}
	}
}

func (d *deployment) repartition() string { return d.group + "-repartition" }

// bootstrap is where the processes under test find the brokers: over the links, where there are any.
func (d *deployment) bootstrap() string {
	addrs := d.env.Cluster.Brokers()
	if links := d.env.Cluster.Links(); len(links) > 0 {
		addrs = nil
		for _, k := range links {
			addrs = append(addrs, k.Addr())
		}
	}
	return strings.Join(addrs, ",")
}

// args are a process's: small transactions, so that there are many to break, and short time-outs, so that a kill is
// noticed while the test still feeds. The rebalance time-out stays below the session time-out: the in-process broker
// expires a member that waits to join for longer than its session, and never answers it.
func (d *deployment) args(t *testing.T, slot int) []string {
	t.Helper()
	var args []string
	for _, dir := range ruleDirs(t) {
		args = append(args, "-r", dir)
	}
	for _, setting := range append([]string{
		"bootstrap.servers=" + d.bootstrap(), "group.id=" + d.group, "create.topics=" + strconv.FormatBool(d.create),
		"input=" + d.input, "alerts=" + d.alerts, fmt.Sprint("partitions=", partitions), "max.records=200", "http=none",
		"session.timeout.ms=5000", "max.poll.interval.ms=3000", "heartbeat.interval.ms=500", "transaction.timeout.ms=8000",
	}, d.settings...) {
		args = append(args, "-X", setting)
	}
	if d.own != nil {
		for _, setting := range d.own(slot) {
			args = append(args, "-X", setting)
		}
	}
	if port := d.http[slot]; port > 0 {
		args = append(args, "-X", fmt.Sprintf("http=127.0.0.1:%d", port))
	}
	return args
}

func (d *deployment) start(t *testing.T, slot int) {
	t.Helper()
	cmd := exec.Command(d.env.Binary, append([]string{"run"}, d.args(t, slot)...)...)
	cmd.Env = append(os.Environ(), d.environment[slot]...)
	d.processes[slot] = launch(t, cmd, d.log(slot))
}

func (d *deployment) log(slot int) string {
	return filepath.Join(d.env.Logs, fmt.Sprintf("%s-%d.log", d.group, slot))
}

// serve lets the first processes serve /metrics and the like.
func (d *deployment) serve(t *testing.T, processes int) {
	t.Helper()
	ports, err := kafkatest.FreePorts(processes)
	if err != nil {
		t.Fatal(err)
	}
	d.http = map[int]int{}
	for slot, port := range ports {
		d.http[slot] = port
	}
}

// kill wants the process to be alive: one that has ended by itself is a failure, and not one of ours.
func (d *deployment) kill(t *testing.T, slot int) {
	t.Helper()
	d.processes[slot].check(t)
	d.processes[slot].kill(t)
}

// feed produces the events in order, spread evenly over time. Their keys are their ids, so that the events of one session
// or person come through every partition.
func (d *deployment) feed(t *testing.T, events []workload.Event, over time.Duration) error {
	const batches = 100
	began := time.Now()
	for i := range batches {
		var records []*kgo.Record
		for _, e := range events[len(events)*i/batches : len(events)*(i+1)/batches] {
			// Brokers refuse what is stamped more than an hour ahead, as they come.
			now := time.Now()
			stamp := e.Stamp(now)
			if stamp.After(now.Add(time.Hour)) {
				stamp = now.Add(55 * time.Minute)
			}
			records = append(records, &kgo.Record{Key: []byte(e.ID), Value: e.Value, Timestamp: stamp})
		}
		if err := d.producer.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
			return fmt.Errorf("produce events: %w", err)
		}
		time.Sleep(time.Until(began.Add(over * time.Duration(i+1) / batches)))
	}
	return nil
}

// close produces closing events, see workload.Closing, so that every window is decided.
func (d *deployment) close(t *testing.T, c workload.Config) {
	t.Helper()
	cl := newClient(t, d.env.Cluster, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	for p, e := range workload.Closing(c, d.inputs) {
		if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: d.input, Partition: int32(p), Value: e.Value}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

// drain waits until every event has gone through both stages.
func (d *deployment) drain(t *testing.T) {
	t.Helper()
	adm := kadm.NewClient(newClient(t, d.env.Cluster))
	d.await(t, "all events to be read", func() (string, bool) {
		ends, err := adm.ListEndOffsets(t.Context(), d.input)
		if err == nil {
			err = ends.Error() // where one partition has none, it would pass for read
		}
		if err != nil {
			return err.Error(), false
		}
		next := map[int32]int64{}
		ends.Each(func(o kadm.ListedOffset) { next[o.Partition] = o.Offset })
		return d.behind(t, adm, d.group, d.input, next)
	})
	// Twice: what the detect stage reads the first time may send alerts to rules over alerts. Clocks keep coming, so the
	// end to reach stands still.
	for range 2 {
		// Not the end of the log: the markers of transactions stand behind the last record.
		next := map[int32]int64{}
		for _, r := range readAll(t, d.env.Cluster, d.repartition(), true) {
			next[r.Partition] = max(next[r.Partition], r.Offset+1)
		}
		d.await(t, "all observations to be read", func() (string, bool) {
			return d.behind(t, adm, d.group+"-detect", d.repartition(), next)
		})
	}
}

// behind says which partitions a group has not yet committed up to next.
func (d *deployment) behind(t *testing.T, adm *kadm.Client, group, topic string, next map[int32]int64) (string, bool) {
	offsets, err := adm.FetchOffsets(t.Context(), group)
	if err != nil {
		return err.Error(), false
	}
	behind := ""
	for partition, want := range next {
		at := int64(0)
		if o, ok := offsets.Lookup(topic, partition); ok {
			at = o.At
		}
		if at < want {
			behind += fmt.Sprintf(" partition %d at %d of %d;", partition, at, want)
		}
	}
	return behind, behind == ""
}

// settle waits for the reference's alerts, then for the end of all work, and compares again after the processes have
// ended: what comes late, or once more, is seen. The order of arrival was another than the reference's, so that is by
// episode, and without the sessions that came too late; exact then compares all there is with a reference that had the
// same order.
func (d *deployment) settle(t *testing.T, events []workload.Event, want []oracle.Alert) {
	t.Helper()
	d.agree(t, events, want)
	d.exact(t)
}

// agree is settle without the exact comparison, for what is not read in one order, once.
func (d *deployment) agree(t *testing.T, events []workload.Event, want []oracle.Alert) {
	t.Helper()
	want = timely(want)
	delivered := map[string]int{}
	for _, e := range events {
		delivered[e.ID]++
	}
	began := time.Now()
	d.await(t, "the alerts of the reference", func() (string, bool) {
		differ := oracle.ByEpisode(want, timely(d.read(t)), delivered)
		return differ.String(), differ.None()
	})
	t.Logf("all alerts were there %v after the last event", time.Since(began).Round(10*time.Millisecond))
	d.drain(t)
	for _, p := range d.processes {
		p.stop(t)
	}
	if differ := oracle.ByEpisode(want, timely(d.read(t)), delivered); !differ.None() {
		t.Errorf("the alerts are not those of the reference:\n%v", differ)
	}
}

// timely leaves out the alerts about sessions of which a part comes later than the allowed lateness: whether that part still
// counts depends on how far the clocks had come. What is read again from the beginning is late, too. It leaves out first sights too: since when the history of a task is known
// depends on when it has heard of every source.
func timely(alerts []oracle.Alert) []oracle.Alert {
	return slices.DeleteFunc(slices.Clone(alerts), func(a oracle.Alert) bool {
		return strings.Contains(string(a.Group), `"late-`) || a.Late || a.Rule.Kind == window.FirstSeen.String()
	})
}

// exact compares everything that was written with what must have been written for what was read, in the order in which the
// run itself put it. The processes must have ended.
func (d *deployment) exact(t *testing.T) {
	t.Helper()
	topic := func(name string) []*kgo.Record { return readAll(t, d.env.Cluster, name, true) }
	differ, err := reference.Check(ruleSet(t), reference.Options{Skew: 5 * time.Minute, Now: time.Now().UnixNano()}, reference.Topics{
		Input: topic(d.input), Repartition: topic(d.repartition()), Alerts: topic(d.alerts), Changelog: topic(d.group + "-changelog"),
		DeadLetters: topic(d.group + "-dlq"), Partitions: partitions,
	})
	if err != nil {
		t.Error(err)
	}
	for i, line := range differ {
		if i == 20 {
			t.Errorf("… and %d more", len(differ)-i)
			break
		}
		t.Error(line)
	}
}

// read returns the alerts that a read_committed consumer sees.
func (d *deployment) read(t *testing.T) []oracle.Alert {
	t.Helper()
	var alerts []oracle.Alert
	for _, r := range readAll(t, d.env.Cluster, d.alerts, true, d.env.Access.Reader...) {
		a, err := oracle.Parse(r.Value)
		if err != nil {
			t.Fatalf("%s partition %d offset %d: %v", r.Topic, r.Partition, r.Offset, err)
		}
		if string(r.Key) != a.ID {
			t.Errorf("alert %s has the key %q", a.ID, r.Key)
		}
		alerts = append(alerts, a)
	}
	return alerts
}

// await asks until the answer is yes. A process that ends by itself meanwhile fails the test at once.
func (d *deployment) await(t *testing.T, what string, ask func() (state string, ok bool)) {
	t.Helper()
	const patience = 2 * time.Minute
	deadline := time.Now().Add(patience)
	for {
		state, ok := ask()
		if ok {
			return
		}
		for _, p := range d.processes {
			p.check(t)
		}
		if time.Now().After(deadline) {
			for slot, p := range d.processes {
				t.Logf("process %d says at last:\n%s", slot, p.tail())
			}
			t.Fatalf("waited %v for %s:\n%s", patience, what, state)
		}
		time.Sleep(300 * time.Millisecond)
	}
}
