package suite

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"oktastream/integration/oracle"
	"oktastream/integration/workload"
)

// Mishaps does to topics, groups and settings what operators and retention do to them, and wants the product to go on
// where nothing was lost and to say what was lost where something was.
func Mishaps(t *testing.T, env Env) {
	t.Run("TransactionTimeout", func(t *testing.T) { transactionTimeout(t, env) })
	t.Run("SmallAlerts", func(t *testing.T) { smallAlerts(t, env) })
	t.Run("SmallerLater", func(t *testing.T) { smallerLater(t, env) })
	t.Run("DetectOffsetsExpired", func(t *testing.T) { offsetsExpired(t, env, "-detect", 1) })
	t.Run("IngestOffsetsExpired", func(t *testing.T) { offsetsExpired(t, env, "", 2) })
	t.Run("InputLost", func(t *testing.T) { inputLost(t, env) })
	t.Run("ChangelogDeleted", func(t *testing.T) { changelogDeleted(t, env) })
	t.Run("RepartitionDeleted", func(t *testing.T) { repartitionDeleted(t, env) })
	t.Run("AlertsDeleted", func(t *testing.T) { alertsDeleted(t, env) })
}

// small is a workload in which nothing is wrong.
func small(env Env) workload.Config {
	return workload.Config{Seed: env.Seed, Events: 1000, Takeovers: 2, Campaigns: 2, Late: -1, Future: -1, Hostile: -1}
}

// short is the small workload and what eval finds in it.
func short(t *testing.T, env Env) ([]workload.Event, []oracle.Alert) {
	t.Helper()
	events := workload.Generate(small(env))
	return events, eval(t, env.Binary, events)
}

// begun is a deployment of one process that has processed these events and has been stopped.
func begun(t *testing.T, env Env, events []workload.Event) *deployment {
	t.Helper()
	d := newDeployment(t, env, 2)
	d.serve(t, 1)
	d.start(t, 0)
	if err := d.feed(t, events, 0); err != nil {
		t.Fatal(err)
	}
	d.ready(t, 0, 6)
	d.drain(t)
	d.processes[0].stop(t)
	return d
}

// transactionTimeout asks for longer transactions than the broker allows (transaction.max.timeout.ms, 15 minutes).
func transactionTimeout(t *testing.T, env Env) {
	d := newDeployment(t, env, 2)
	d.settings = append(d.settings, "transaction.timeout.ms=1000000")
	d.refuses(t, "INVALID_TRANSACTION_TIMEOUT")
}

// smallAlerts has an alerts topic that takes only small records: what does not fit becomes a dead letter that says so.
func smallAlerts(t *testing.T, env Env) {
	events, want := short(t, env)
	want = timely(want)
	d := newDeployment(t, env, 2)
	d.setTopic(t, d.alerts, "max.message.bytes", "4200")
	d.start(t, 0)
	if err := d.feed(t, events, 0); err != nil {
		t.Fatal(err)
	}
	d.close(t, small(env))
	d.working(t)
	delivered := map[string]int{}
	for _, e := range events {
		delivered[e.ID]++
	}
	// Alerts that wait for the clock come after all has been read.
	d.await(t, "the alerts of the reference in both topics", func() (string, bool) {
		differ := oracle.ByEpisode(want, timely(append(d.read(t), d.tooLarge(t)...)), delivered)
		return differ.String(), differ.None()
	})
	d.drain(t)
	d.processes[0].stop(t)
	alerts, letters := d.read(t), d.tooLarge(t)
	if len(alerts) == 0 || len(letters) == 0 {
		t.Fatalf("%d alerts and %d dead letters, want some of both", len(alerts), len(letters))
	}
	if differ := oracle.ByEpisode(want, timely(append(alerts, letters...)), delivered); !differ.None() {
		t.Errorf("alerts and dead letters are not the alerts of the reference:\n%v", differ)
	}
	t.Logf("%d alerts fit into 4200 bytes, %d did not", len(alerts), len(letters))
}

// tooLarge returns the dead letters, all of which must be alerts that were too large for their topic.
func (d *deployment) tooLarge(t *testing.T) []oracle.Alert {
	t.Helper()
	var alerts []oracle.Alert
	for _, l := range readAll(t, d.env.Cluster, d.group+"-dlq", true) {
		headers := map[string]string{}
		for _, h := range l.Headers {
			headers[h.Key] = string(h.Value)
		}
		a, err := oracle.Parse(l.Value)
		if headers["__oktastream.errors.code"] != "alert_too_large" || err != nil {
			t.Fatalf("dead letter %s with headers %v: %v", l.Value, headers, err)
		}
		alerts = append(alerts, a)
	}
	return alerts
}

// smallerLater makes the alerts topic small under the running product: it must notice, and go on with dead letters.
func smallerLater(t *testing.T, env Env) {
	events, _ := short(t, env)
	d := newDeployment(t, env, 2)
	d.start(t, 0)
	d.working(t)
	d.setTopic(t, d.alerts, "max.message.bytes", "4200")
	if err := d.feed(t, events, 0); err != nil {
		t.Fatal(err)
	}
	d.await(t, "alerts and dead letters", func() (string, bool) {
		alerts, letters := len(d.read(t)), len(d.tooLarge(t))
		return fmt.Sprintf("%d alerts, %d dead letters", alerts, letters), alerts > 0 && letters > 0
	})
	d.drain(t)
	d.processes[0].stop(t)
}

// offsetsExpired deletes what a group has committed while its members are away, as a broker does after
// offsets.retention.minutes. The detect stage goes on where its state stands. The ingest stage reads its input from the
// start again: alerts about single events come once more, under their ids, and nothing else does.
func offsetsExpired(t *testing.T, env Env, group string, deliveries int) {
	events, want := short(t, env)
	d := begun(t, env, events[:len(events)/2])
	adm := kadm.NewClient(newClient(t, env.Cluster))
	d.await(t, "the group to be deleted", func() (string, bool) { // it is empty once the broker has noticed
		gone, err := adm.DeleteGroups(t.Context(), d.group+group)
		if err == nil {
			err = gone.Error()
		}
		return fmt.Sprint(err), err == nil
	})
	d.start(t, 0)
	if err := d.feed(t, events[len(events)/2:], 0); err != nil {
		t.Fatal(err)
	}
	again := events
	for range deliveries - 1 {
		again = append(again[:len(again):len(again)], events...)
	}
	d.close(t, small(env))
	if deliveries > 1 {
		d.agree(t, again, want)
	} else {
		d.settle(t, again, want)
	}
}

// inputLost takes records away before they were read, as retention does.
func inputLost(t *testing.T, env Env) {
	events, _ := short(t, env)
	third := len(events) / 3
	d := begun(t, env, events[:third])
	if err := d.feed(t, events[third:2*third], 0); err != nil {
		t.Fatal(err)
	}
	adm := kadm.NewClient(newClient(t, env.Cluster))
	ends := listed(t, t.Context(), adm.ListEndOffsets, d.input)
	deleted, err := adm.DeleteRecords(t.Context(), ends.Offsets())
	if err == nil {
		err = deleted.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := d.feed(t, events[2*third:], 0); err != nil {
		t.Fatal(err)
	}
	d.start(t, 0)
	d.ready(t, 0, 6)
	d.drain(t)
	m, err := scrape(t.Context(), d.http[0])
	if err != nil {
		t.Fatal(err)
	}
	if n := m["oktastream_records_lost_total"]; int(n) < third {
		t.Errorf("%v records are counted as lost, of %d", n, third)
	}
	d.processes[0].stop(t)
	told := 0
	for _, a := range d.read(t) {
		if a.Kind == "operator" && a.Rule.Name == "input_lost" {
			told++
		}
	}
	if told != 2 {
		t.Errorf("%d operator alerts tell of lost input, want one for each of 2 partitions", told)
	}
}

// changelogDeleted wants the product to refuse to go on without its state, and to begin anew when told to.
func changelogDeleted(t *testing.T, env Env) {
	events, _ := short(t, env)
	d := begun(t, env, events)
	d.deleteTopic(t, d.group+"-changelog")
	d.create = false
	d.refuses(t, "topics that do not exist, or that this user may not describe: "+d.group+"-changelog")
	d.create = true
	d.refuses(t, "state and offsets disagree")
	// As the message says.
	adm := kadm.NewClient(newClient(t, env.Cluster))
	d.await(t, "the group to be deleted", func() (string, bool) {
		gone, err := adm.DeleteGroups(t.Context(), d.group+"-detect")
		if err == nil {
			err = gone.Error()
		}
		return fmt.Sprint(err), err == nil
	})
	d.start(t, 0)
	d.ready(t, 0, 6)
	d.processes[0].stop(t)
}

// repartitionDeleted wants the product to refuse to go on where observations are missing.
func repartitionDeleted(t *testing.T, env Env) {
	events, _ := short(t, env)
	d := begun(t, env, events)
	d.deleteTopic(t, d.repartition())
	d.refuses(t, "To start without state, delete the changelog")
	d.deleteTopic(t, d.group+"-changelog") // as the message says
	d.start(t, 0)
	d.ready(t, 0, 6)
	d.processes[0].stop(t)
}

// alertsDeleted deletes the alerts topic under the running product, which makes it again if it may and ends if it may not:
// no alert may be left out while the topic is away.
func alertsDeleted(t *testing.T, env Env) {
	events, want := short(t, env)
	third := len(events) / 3
	d := newDeployment(t, env, 2)
	d.serve(t, 1)
	feed := func(part []workload.Event) {
		t.Helper()
		if err := d.feed(t, part, 0); err != nil {
			t.Fatal(err)
		}
	}
	d.start(t, 0)
	d.ready(t, 0, 6)
	feed(events[:third])
	d.drain(t)
	alerts := d.steady(t)

	d.deleteTopic(t, d.alerts)
	began := time.Now()
	feed(events[third : 2*third])
	d.drain(t)
	t.Logf("all is read %v after the topic was deleted, with create.topics", time.Since(began).Round(100*time.Millisecond))
	d.processes[0].stop(t)

	d.create = false
	d.start(t, 0)
	d.ready(t, 0, 6)
	alerts += d.steady(t)
	d.deleteTopic(t, d.alerts)
	feed(events[2*third:])
	d.ends(t, d.processes[0], "topics that do not exist, or that this user may not describe: "+d.alerts)
	createTopic(t, env.Cluster, d.alerts, 2)
	d.start(t, 0)
	d.close(t, small(env))
	d.drain(t)
	alerts += d.steady(t)
	d.processes[0].stop(t)
	if alerts < len(timely(want)) {
		t.Errorf("%d alerts before the topic was deleted, between and after, of %d", alerts, len(timely(want)))
	}
}

// steady is the number of timely alerts once no more have come for some seconds: those that wait for the clock come after all has
// been read, and one that comes between a count and the end of its topic is lost to both.
func (d *deployment) steady(t *testing.T) int {
	t.Helper()
	const quiet = 4 * time.Second
	n, since := -1, time.Now()
	d.await(t, "the alerts to stand still", func() (string, bool) {
		if now := len(timely(d.read(t))); now != n {
			n, since = now, time.Now()
		}
		return fmt.Sprintf("%d alerts", n), time.Since(since) >= quiet
	})
	return n
}

func (d *deployment) setTopic(t *testing.T, topic, key, value string) {
	t.Helper()
	adm := kadm.NewClient(newClient(t, d.env.Cluster))
	altered, err := adm.AlterTopicConfigs(t.Context(), []kadm.AlterConfig{{Op: kadm.SetConfig, Name: key, Value: &value}}, topic)
	for _, a := range altered {
		if err == nil {
			err = a.Err
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// deleteTopic returns when the topic is gone.
func (d *deployment) deleteTopic(t *testing.T, topic string) {
	t.Helper()
	adm := kadm.NewClient(newClient(t, d.env.Cluster))
	deleted, err := adm.DeleteTopics(t.Context(), topic)
	if err == nil {
		err = deleted.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		left, err := adm.ListTopics(t.Context())
		if err == nil && !left.Has(topic) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("topic %s does not go: %v", topic, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
