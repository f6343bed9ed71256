package processor

import (
	"runtime"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/plugin/kprom"

	"oktastream/rules/engine"
)

// namespace begins every metric's name. Names and labels are an interface: a label never carries a user, an address or
// a title.
const namespace = "oktastream"

// metrics are the counters of one Run, in a registry of their own.
type metrics struct {
	registry *prometheus.Registry

	records      *prometheus.CounterVec   // topic, partition
	bytes        *prometheus.CounterVec   // topic, partition
	lag          *prometheus.GaugeVec     // topic, partition; owned ones only
	held         *prometheus.GaugeVec     // topic, partition
	decoded      *prometheus.CounterVec   // envelope
	decodeErrors *prometheus.CounterVec   // reason
	empty        *prometheus.CounterVec   // envelope
	delay        prometheus.Histogram     // published to consumed
	observations prometheus.Counter       // sent to the detect stage
	clock        *prometheus.GaugeVec     // topic, partition
	assumed      *prometheus.CounterVec   // topic, partition, org, path, reason
	stalled      *prometheus.GaugeVec     // topic, partition, org, path
	alerts       *prometheus.CounterVec   // rule_id, severity
	latency      *prometheus.HistogramVec // severity; published to committed
	deadLetters  *prometheus.CounterVec   // reason
	panics       prometheus.Counter
	lost         *prometheus.CounterVec // topic
	otherRules   prometheus.Counter     // clocks from ingest workers with other rules

	assigned     *prometheus.GaugeVec     // stage
	rebalances   *prometheus.CounterVec   // stage, kind
	transactions *prometheus.CounterVec   // worker, result
	commit       *prometheus.HistogramVec // worker
	rebuilds     *prometheus.CounterVec   // worker
	slow         *prometheus.CounterVec   // worker
	pollLimit    *prometheus.GaugeVec     // worker

	late       *prometheus.CounterVec // rule_id
	unusable   *prometheus.CounterVec // rule_id
	duplicates *prometheus.CounterVec // rule_id
	matches    *prometheus.CounterVec // rule_id
	suppressed *prometheus.CounterVec // rule_id
	evictions  *prometheus.CounterVec // rule_id
	noKey      *prometheus.CounterVec // rule_id, reason

	windows         *prometheus.GaugeVec // partition
	state           *prometheus.GaugeVec // partition
	taskClock       *prometheus.GaugeVec // partition
	restoring       *prometheus.GaugeVec // partition
	restoreDuration prometheus.Histogram
}

// newMetrics labels oktastream_build_info with version and oktastream_ruleset_info with fingerprint.
func newMetrics(version, fingerprint string, rules int) *metrics {
	registry := prometheus.NewRegistry()
	m := &metrics{registry: registry}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
		registry.MustRegister(v)
		return v
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, labels)
		registry.MustRegister(v)
		return v
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
		registry.MustRegister(v)
		return v
	}
	short := prometheus.ExponentialBuckets(0.001, 2, 14)
	long := prometheus.ExponentialBuckets(0.01, 2.5, 16)

	m.records = counter("records_consumed_total", "Records read, also those of transactions that were aborted later.", "topic", "partition")
	m.bytes = counter("records_consumed_bytes_total", "Bytes of keys and values of records read.", "topic", "partition")
	m.lag = gauge("consumer_lag_records", "Offsets between the position and the end of an owned partition; what an open transaction holds back counts.", "topic", "partition")
	m.held = gauge("open_transaction_seconds", "How long an open transaction has held back the records behind it, of an owned partition.", "topic", "partition")
	m.decoded = counter("events_decoded_total", "Events decoded in committed transactions.", "envelope")
	m.decodeErrors = counter("event_decode_errors_total", "Records or elements of records that hold no event, in committed transactions.", "reason")
	m.empty = counter("envelopes_empty_total", "Pages and other batches without any event in them, in committed transactions.", "envelope")
	m.delay = histogram("event_delay_seconds", "From an event's published to its arrival here.", long).WithLabelValues().(prometheus.Histogram)
	m.observations = counter("observations_total", "Observations sent to the detect stage in committed transactions.").WithLabelValues()
	m.clock = gauge("watermark_timestamp_seconds", "How far an owned partition of the input has come in event time: the least of its sources.", "topic", "partition")
	m.assumed = counter("event_times_assumed_total", "Events whose time was not believed (future) or not readable (unreadable), by source.", "topic", "partition", "org", "path", "reason")
	m.stalled = gauge("clock_stalled_seconds", "For how long records of an owned source have come without moving its clock.", "topic", "partition", "org", "path")
	m.alerts = counter("rule_alerts_total", "Alerts in committed transactions.", "rule_id", "severity")
	m.latency = histogram("alert_latency_seconds", "From the published of the event that completed the alert to its commit.", long, "severity")
	m.deadLetters = counter("dlq_records_total", "Dead letters in committed transactions.", "reason")
	m.panics = counter("panics_total", "Records whose processing panicked; each is a dead letter.").WithLabelValues()
	m.lost = counter("records_lost_total", "Offsets of the input that the log no longer held when they were to be read.", "topic")
	m.otherRules = counter("ruleset_mismatches_total", "Clock records from ingest workers that run other rules than this process: it grows while a rollout lasts.").WithLabelValues()

	m.assigned = gauge("partitions_assigned", "Partitions owned by this process.", "stage")
	m.rebalances = counter("rebalances_total", "Changes of assignment.", "stage", "kind")
	m.transactions = counter("transactions_total", "Transactions by result: committed, aborted or unknown.", "worker", "result")
	m.commit = histogram("commit_duration_seconds", "From the last record to the end of a committed transaction.", short, "worker")
	m.rebuilds = counter("session_rebuilds_total", "Sessions given up because of an error.", "worker")

	m.slow = counter("slow_batches_total", "Batches whose handling took too long, after which polls take fewer records.", "worker")
	m.pollLimit = gauge("poll_records_limit", "Records that one poll may take: fewer while handling them takes too long.", "worker")

	m.matches = counter("rule_matches_total", "Events that met a condition of the rule.", "rule_id")
	m.late = counter("events_late_total", "Observations behind the watermark, by rule.", "rule_id")
	m.unusable = counter("events_late_unusable_total", "Observations behind the watermark that only closed windows of the rule could have used.", "rule_id")
	m.duplicates = counter("events_duplicate_total", "Observations that a window of the rule had already.", "rule_id")
	m.suppressed = counter("rule_suppressed_total", "Completions of an episode that has been announced.", "rule_id")
	m.evictions = counter("window_evictions_total", "Windows given up for lack of memory.", "rule_id")
	m.noKey = counter("window_missing_key_total", "Events that a rule could not group: a member of the key is missing, or there are too many keys.", "rule_id", "reason")

	m.windows = gauge("window_keys", "Windows of an owned task.", "partition")
	m.state = gauge("state_bytes", "Memory that the windows of an owned task hold, approximately.", "partition")
	m.taskClock = gauge("task_watermark_timestamp_seconds", "Clock of an owned task.", "partition")
	m.restoring = gauge("state_restore_records_remaining", "Changelog offsets that a restore still has to read.", "partition")
	m.restoreDuration = histogram("state_restore_duration_seconds", "Time to restore one task.", long).WithLabelValues().(prometheus.Histogram)

	gauge("build_info", "1.", "version", "goversion").WithLabelValues(version, runtime.Version()).Set(1)
	gauge("ruleset_info", "1; the label is the fingerprint of the loaded rules.", "hash").WithLabelValues(fingerprint).Set(1)
	gauge("rules_loaded", "Rules in the rule set.").WithLabelValues().Set(float64(rules))
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// client returns a hook that counts what one client does. The series go when the client is closed.
func (m *metrics) client(name string) kgo.Opt {
	return kgo.WithHooks(kprom.NewMetrics(namespace+"_kafka", kprom.Registerer(m.registry), kprom.Gatherer(m.registry),
		kprom.WithStaticLabel(prometheus.Labels{"client": name})))
}

// tally holds counts back until the transaction that they belong to has committed.
type tally map[prometheus.Counter]float64

func (t tally) add(c prometheus.Counter, n float64) { t[c] += n }

func (t tally) commit() {
	for c, n := range t {
		c.Add(n)
	}
	clear(t)
}

func label(partition int32) string { return strconv.Itoa(int(partition)) }

func (m *metrics) setLag(s source, n int64) {
	m.lag.WithLabelValues(s.topic, label(s.partition)).Set(float64(max(0, n)))
}

// forget deletes the series of a partition that is no longer owned.
func (m *metrics) forget(topic string, partition int32) {
	m.lag.DeleteLabelValues(topic, label(partition))
	m.clock.DeleteLabelValues(topic, label(partition))
	m.held.DeleteLabelValues(topic, label(partition))
	m.stalled.DeletePartialMatch(prometheus.Labels{"topic": topic, "partition": label(partition)})
}

// forgetTask deletes the series of a task that has moved.
func (m *metrics) forgetTask(partition int32) {
	for _, g := range []*prometheus.GaugeVec{m.windows, m.state, m.taskClock, m.restoring} {
		g.DeleteLabelValues(label(partition))
	}
}

// rules adds one transaction's counts by rule; ids are those of the set, in its order.
func (m *metrics) rules(t tally, ids []string, stats engine.Stats) {
	add := func(v *prometheus.CounterVec, n int, labels ...string) {
		if n > 0 {
			t.add(v.WithLabelValues(labels...), float64(n))
		}
	}
	for i, s := range stats {
		if s == (engine.RuleStats{}) {
			continue
		}
		id := ids[i]
		add(m.matches, s.Matched, id)
		add(m.late, s.Late, id)
		add(m.unusable, s.Unusable, id)
		add(m.duplicates, s.Duplicate, id)
		add(m.suppressed, s.Held, id)
		add(m.evictions, s.Evicted, id)
		add(m.noKey, s.Missing, id, "missing")
		add(m.noKey, s.Overflow, id, "overflow")
	}
}
