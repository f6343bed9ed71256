package processor

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(body)
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	c, cl := newInput(t, 2)
	feed(t, cl, 0, 50, 4, 2)
	send(t, cl, inputTopic, 0, "{")
	p := start(t, c, counting(), nil)
	h := handler(p.metrics, p.status)
	if code, body := get(t, h, "/healthz"); code != 200 || body != "ok\n" {
		t.Errorf("/healthz: %d %q", code, body)
	}
	wantExactly(t, c, kadm.NewClient(cl), 50, 4, 20*time.Second)
	code, body := get(t, h, "/readyz")
	var r Readiness
	if err := json.Unmarshal([]byte(body), &r); err != nil || code != 200 || !r.Ready || len(r.Tasks) != 4 {
		t.Errorf("/readyz: %d %s %v", code, body, err)
	}
	code, body = get(t, h, "/metrics")
	if code != 200 {
		t.Errorf("/metrics: %d", code)
	}
	for _, name := range []string{
		"build_info", "ruleset_info", "rules_loaded", "records_consumed_total", "records_consumed_bytes_total", "consumer_lag_records",
		"events_decoded_total", "event_decode_errors_total", "event_delay_seconds", "observations_total", "watermark_timestamp_seconds",
		"rule_alerts_total", "alert_latency_seconds", "dlq_records_total", "partitions_assigned", "rebalances_total", "transactions_total",
		"commit_duration_seconds", "window_keys", "state_bytes", "state_restore_records_remaining", "state_restore_duration_seconds",
		"panics_total", "kafka_connects_total",
	} {
		if !strings.Contains(body, "\noktastream_"+name) {
			t.Errorf("no metric oktastream_%s", name)
		}
	}
	for _, line := range []string{
		`oktastream_events_decoded_total{envelope="bare"} 50`,
		`oktastream_event_decode_errors_total{reason="event"} 1`,
		`oktastream_dlq_records_total{reason="undecodable"} 1`,
		`oktastream_observations_total 50`,
		`oktastream_rule_alerts_total{rule_id="count",severity="low"} 8`,
		`oktastream_partitions_assigned{stage="detect"} 4`,
		`oktastream_partitions_assigned{stage="ingest"} 2`,
		`oktastream_rules_loaded 1`,
	} {
		if !strings.Contains(body, "\n"+line+"\n") {
			name, _, _ := strings.Cut(line, "{")
			t.Errorf("no line %s; there is\n%s", line, grep(body, name))
		}
	}
	p.stop(t)
	code, body = get(t, h, "/readyz")
	if code != http.StatusServiceUnavailable || !strings.Contains(body, "waits for its assignment") {
		t.Errorf("/readyz after the end: %d %s", code, body)
	}
	// What is no longer owned has no series.
	_, body = get(t, h, "/metrics")
	for _, name := range []string{"consumer_lag_records{", "watermark_timestamp_seconds{", "window_keys{", "state_bytes{"} {
		if strings.Contains(body, "oktastream_"+name) {
			t.Errorf("oktastream_%s is still there:\n%s", name, grep(body, name))
		}
	}
}

func grep(text, what string) string {
	var out []string
	for line := range strings.Lines(text) {
		if strings.Contains(line, what) {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}

func TestHealthzNamesWhatIsStuck(t *testing.T) {
	s := newStatus(1, "f")
	w := &worker{name: "ingest-0"}
	s.start([]*worker{w})
	w.beat.Store(time.Now().Add(-stuckAfter - time.Second).UnixNano())
	h := handler(newMetrics("v", "f", 1), s)
	if code, body := get(t, h, "/healthz"); code != http.StatusServiceUnavailable || !strings.Contains(body, "ingest-0") {
		t.Errorf("%d %q", code, body)
	}
	w.beat.Store(time.Now().UnixNano())
	if code, _ := get(t, h, "/healthz"); code != 200 {
		t.Errorf("%d", code)
	}
}

func TestServe(t *testing.T) {
	addr, stop, err := serve("127.0.0.1:0", handler(newMetrics("v", "f", 0), newStatus(0, "f")), func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + addr + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if _, _, err := serve(addr, nil, nil); err == nil {
		t.Error("two listeners on one address")
	}
	stop()
	if _, err := client.Get("http://" + addr + "/healthz"); err == nil {
		t.Error("still served")
	}
}

// Who connects and is slow, or says too much, is let go.
func TestServerBounds(t *testing.T) {
	t.Parallel()
	s := newServer(http.NotFoundHandler())
	for name, d := range map[string]time.Duration{"read header": s.ReadHeaderTimeout, "read": s.ReadTimeout, "write": s.WriteTimeout, "idle": s.IdleTimeout} {
		if d <= 0 || d > time.Minute {
			t.Errorf("%s time-out %v", name, d)
		}
	}
	addr, stop, err := serve("127.0.0.1:0", http.NotFoundHandler(), func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	req, err := http.NewRequest("GET", "http://"+addr+"/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Long", strings.Repeat("x", 64<<10))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return // the connection is closed before all is sent
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of 64 KiB is answered with %s", resp.Status)
	}
}
