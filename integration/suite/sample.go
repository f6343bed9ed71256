package suite

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// sample is what was seen at one time.
type sample struct {
	at        time.Duration // since the start
	events    int           // produced so far
	rss       float64       // bytes, of the process that is left alone
	objects   float64       // bytes of live heap, of the same
	routines  float64       // goroutines, of the same
	windows   float64       // of all processes
	state     float64       // bytes of windows, of all processes
	lag       float64       // records of the input and the repartition topic that are not committed yet
	entries   float64       // keys in the compacted changelog
	entryKB   float64       // kilobytes of these
	changelog float64       // end of the changelog, all partitions
}

// sampler looks at a deployment every few seconds.
type sampler struct {
	d       *deployment
	began   time.Time
	next    time.Time
	reader  *kgo.Client
	log     map[string]int // changelog key, with its partition → bytes of the latest record
	end     float64
	samples []sample
}

const sampleEvery = 10 * time.Second

func (d *deployment) sampler(t *testing.T) *sampler {
	t.Helper()
	now := time.Now()
	return &sampler{d: d, began: now, next: now.Add(sampleEvery), log: map[string]int{},
		reader: newClient(t, d.env.Cluster, kgo.ConsumeTopics(d.group+"-changelog"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
			kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.UnknownTopicRetries(-1))}
}

// sample looks, if it is time. What cannot be seen at the moment, because a process starts, is left out of the sample.
func (s *sampler) sample(t *testing.T, events int) {
	t.Helper()
	if time.Now().Before(s.next) {
		return
	}
	s.next = time.Now().Add(sampleEvery)
	x := sample{at: time.Since(s.began), events: events}
	for slot, port := range s.d.http {
		m, err := scrape(t.Context(), port)
		if err != nil {
			if slot == 0 {
				t.Errorf("metrics of the process that is left alone: %v", err)
			}
			continue
		}
		if slot == 0 {
			x.rss, x.routines, x.objects = m["process_resident_memory_bytes"], m["go_goroutines"], m["go_memstats_heap_alloc_bytes"]
		}
		x.windows += m["oktastream_window_keys"]
		x.state += m["oktastream_state_bytes"]
	}
	s.follow(t)
	for _, size := range s.log {
		x.entryKB += float64(size) / 1024
	}
	x.entries, x.changelog = float64(len(s.log)), s.end
	x.lag = s.lag(t)
	s.samples = append(s.samples, x)
}

// follow reads what the changelog has got since.
func (s *sampler) follow(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	for {
		fetches := s.reader.PollRecords(ctx, 50_000)
		if fetches.NumRecords() == 0 {
			return
		}
		for r := range fetches.RecordsAll() {
			key := fmt.Sprint(r.Partition, " ", string(r.Key))
			if r.Value == nil {
				delete(s.log, key)
			} else {
				s.log[key] = len(r.Key) + len(r.Value)
			}
		}
		if fetches.NumRecords() < 1000 {
			return
		}
	}
}

func (s *sampler) lag(t *testing.T) float64 {
	adm := kadm.NewClient(s.d.producer)
	total := 0.0
	for group, topic := range map[string]string{s.d.group: s.d.input, s.d.group + "-detect": s.d.repartition()} {
		ends, err := adm.ListEndOffsets(t.Context(), topic)
		if err != nil {
			t.Logf("lag: %v", err)
			continue
		}
		have, err := adm.FetchOffsets(t.Context(), group)
		if err != nil {
			t.Logf("lag: %v", err)
			continue
		}
		ends.Each(func(o kadm.ListedOffset) {
			at := int64(0)
			if h, ok := have.Lookup(topic, o.Partition); ok {
				at = h.At
			}
			total += float64(o.Offset - at)
		})
	}
	ends, err := adm.ListEndOffsets(t.Context(), s.d.group+"-changelog")
	if err == nil {
		s.end = 0
		ends.Each(func(o kadm.ListedOffset) { s.end += float64(o.Offset) })
	}
	return total
}

// scrape reads the metrics of a process, summed over labels.
func scrape(ctx context.Context, port int) (map[string]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/metrics", port), nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	sums := map[string]float64{}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		line := lines.Text()
		space := strings.LastIndexByte(line, ' ')
		if strings.HasPrefix(line, "#") || space < 0 {
			continue
		}
		name, _, _ := strings.Cut(line[:space], "{")
		value, err := strconv.ParseFloat(line[space+1:], 64)
		if err != nil {
			return nil, fmt.Errorf("metrics: %q: %w", line, err)
		}
		sums[name] += value
	}
	return sums, lines.Err()
}

// measures are what must not grow. The middle third of the run is compared with the last one by their medians: the last may
// be so many times as high, and so much more. The first third is for growing up: heap, connections, the longest window.
var measures = []struct {
	name  string
	of    func(sample) float64
	times float64
	more  float64
}{
	{"resident memory, MB", func(s sample) float64 { return s.rss / (1 << 20) }, 1.1, 10},
	{"live heap, MB", func(s sample) float64 { return s.objects / (1 << 20) }, 1.2, 5},
	{"goroutines", func(s sample) float64 { return s.routines }, 1.1, 10},
	{"windows", func(s sample) float64 { return s.windows }, 1.2, 10},
	{"bytes of windows, KB", func(s sample) float64 { return s.state / 1024 }, 1.2, 20},
	{"keys in the compacted changelog", func(s sample) float64 { return s.entries }, 1.2, 50},
	{"bytes of these, KB", func(s sample) float64 { return s.entryKB }, 1.2, 20},
	{"lag, records", func(s sample) float64 { return s.lag }, 1.5, 200},
}

func (s *sampler) thirds(of func(sample) float64) (middle, last float64) {
	n := len(s.samples)
	values := func(part []sample) (out []float64) {
		for _, x := range part {
			out = append(out, of(x))
		}
		return out
	}
	return median(values(s.samples[n/3 : 2*n/3])), median(values(s.samples[2*n/3:]))
}

// growth says what has grown.
func (s *sampler) growth() (out []string) {
	for _, m := range measures {
		if middle, last := s.thirds(m.of); last > m.times*middle+m.more {
			out = append(out, fmt.Sprintf("%s grew from %.1f in the middle third to %.1f in the last", m.name, middle, last))
		}
	}
	return out
}

// table shows the samples of every fifth minute, the verdict, and what was done to the processes.
func (s *sampler) table(toll map[string]int) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%7s %8s %7s %7s %10s %8s %8s %8s %8s %9s %6s\n", "minute", "events", "RSS MB", "heap MB", "goroutines", "windows", "state KB", "keys", "keys KB", "log end", "lag")
	shown := time.Duration(-1)
	for _, x := range s.samples {
		if m := x.at.Truncate(time.Minute); m/time.Minute%5 == 0 && m != shown {
			shown = m
			fmt.Fprintf(&b, "%7.0f %8d %7.1f %7.1f %10.0f %8.0f %8.0f %8.0f %8.0f %9.0f %6.0f\n", x.at.Minutes(), x.events, x.rss/(1<<20), x.objects/(1<<20),
				x.routines, x.windows, x.state/1024, x.entries, x.entryKB, x.changelog, x.lag)
		}
	}
	for _, m := range measures {
		middle, last := s.thirds(m.of)
		fmt.Fprintf(&b, "%-32s middle third %9.1f, last third %9.1f, at most %.1f times and %.0f more\n", m.name, middle, last, m.times, m.more)
	}
	var done []string
	for _, what := range slices.Sorted(maps.Keys(toll)) {
		done = append(done, fmt.Sprintf("%s: %d", what, toll[what]))
	}
	fmt.Fprintf(&b, "%s\n", strings.Join(done, ", "))
	return b.String()
}
