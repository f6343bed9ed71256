package processor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor/offline"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
)

// hostile is a record that somebody who can write events, or breaks while writing them, may send.
type hostile struct {
	name    string
	value   []byte
	headers int
	letters int    // dead letters that it becomes
	why     string // in their message
}

// around puts text into an otherwise good event that no rule of twoRules asks for.
func around(member, text string) []byte {
	return []byte(`{"uuid":"hostile","published":"2024-05-01T12:00:00Z","eventType":"hostile.event",` + strconv.Quote(member) + `:` + text + `}`)
}

func repeat(s string, bytes int) string { return strings.Repeat(s, bytes/len(s)) }

// inString wraps an event in JSON in a string, n times: each level doubles the backslashes.
func inString(n int) []byte {
	v := around("displayMessage", `"x"`)
	for range n {
		quoted, _ := json.Marshal(string(v))
		v = []byte(`{"message":` + string(quoted) + `}`)
	}
	return v
}

func hostileRecords() []hostile {
	page := func(n int, bad ...int) []byte {
		var b bytes.Buffer
		for i := range n {
			b.WriteByte("[,"[min(i, 1)])
			if slices.Contains(bad, i) {
				b.WriteString(`{"no":"event"}`)
				continue
			}
			b.Write(around("n", strconv.Itoa(i)))
		}
		b.WriteByte(']')
		return b.Bytes()
	}
	noise := make([]byte, 10<<20)
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	return []hostile{
		{name: "empty", value: nil, letters: 1},
		{name: "null", value: []byte(`null`), letters: 1},
		{name: "a string", value: []byte(`"event"`), letters: 1},
		{name: "an empty object", value: []byte(`{}`), letters: 1},
		{name: "a megabyte of space", value: []byte(repeat(" ", 1<<20)), letters: 1},
		{name: "ten megabytes of noise", value: noise, letters: 1},
		{name: "a header flood", value: []byte("{"), headers: 10_000, letters: 1},
		{name: "brackets, a million deep", value: []byte(repeat("[", 1_000_000)), letters: 1, why: "deep"},
		{name: "objects, 100,000 deep", value: around("a", repeat(`{"a":`, 500_000)+"1"+repeat("}", 100_000)), letters: 1, why: "deep"},
		{name: "arrays, 400 deep", value: around("a", repeat("[", 400)+repeat("]", 400))},
		{name: "JSON in strings, 12 levels", value: inString(12), letters: 1, why: "more wrappings than this"},
		{name: "JSON in a string of nine megabytes", value: []byte(`{"message":` + strconv.Quote(string(around("a", strconv.Quote(repeat("x", 9<<20))))) + `}`)},
		{name: "a string of nine megabytes", value: around("displayMessage", strconv.Quote(repeat("x", 9<<20)))},
		{name: "a string that does not end", value: around("displayMessage", `"`+repeat("x", 1<<20))[:1<<20], letters: 1},
		{name: "a name of one megabyte", value: around(repeat("k", 1<<20), "1")},
		{name: "100,000 members", value: around("a", func() string {
			var b strings.Builder
			for i := range 100_000 {
				fmt.Fprintf(&b, `%c"k%d":%d`, "{,"[min(i, 1)], i, i)
			}
			return b.String() + "}"
		}())},
		{name: "one member, 100,000 times", value: around("a", "{"+strings.TrimSuffix(strings.Repeat(`"k":1,`, 100_000), ",")+"}")},
		{name: "20,000 targets", value: around("target", "["+strings.TrimSuffix(strings.Repeat(`{"type":"User","alternateId":"t@example.com"},`, 20_000), ",")+"]")},
		{name: "the same member twice", value: around("eventType", `"other"`)},
		{name: "invalid UTF-8", value: around("displayMessage", "\"\xff\xfe\x80\"")},
		{name: "a lone surrogate", value: around("displayMessage", `"\ud800 \udc00\ud800"`)},
		{name: "NUL in a string", value: around("displayMessage", `"a\u0000b"`)},
		{name: "NUL as it is", value: around("displayMessage", "\"a\x00b\""), letters: 1},
		{name: "NaN", value: around("a", "NaN"), letters: 1},
		{name: "Infinity", value: around("a", "-Infinity"), letters: 1},
		{name: "a number of a million digits", value: around("a", repeat("9", 1_000_000))},
		{name: "a number out of range", value: around("a", "1e999999999")},
		{name: "a byte order mark", value: append([]byte("\xef\xbb\xbf"), around("a", "1")...)},
		{name: "UTF-16", value: []byte("{\x00\"\x00u\x00"), letters: 1},
		{name: "gzip", value: []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"), letters: 1},
		{name: "a registry's frame without a body", value: []byte{0, 0, 0, 0, 7}, letters: 1},
		{name: "something behind the event", value: append(around("a", "1"), '}'), letters: 1},
		{name: "members of other types", value: []byte(`{"uuid":"hostile2","published":"2024-05-01T12:00:00Z","eventType":"hostile.event","actor":"ada","client":[1],"target":{"a":1},"outcome":7,"debugContext":null}`)},
		{name: "the year 9999", value: []byte(`{"uuid":"hostile3","published":"9999-12-31T23:59:59Z","eventType":"hostile.event"}`)},
		{name: "the year 1", value: []byte(`{"uuid":"hostile4","published":"0001-01-01T00:00:00Z","eventType":"hostile.event"}`)},
		{name: "no time that there is", value: []byte(`{"uuid":"hostile5","published":"2024-13-41T27:00:00+99:99","eventType":"hostile.event"}`)},
		{name: "an id of one megabyte", value: []byte(`{"uuid":"` + repeat("u", 900_000) + `","published":"2024-05-01T12:00:00Z","eventType":"user.session.start","actor":{"alternateId":"hostile@example.com"}}`)},
		{name: "a group key of one megabyte", value: []byte(`{"uuid":"hostile6","published":"2024-05-01T12:00:00Z","eventType":"user.session.start","actor":{"alternateId":"` + repeat("a", 2<<20) + `"}}`), letters: 1, why: "too large"},
		{name: "a page with a bad element", value: page(1000, 500), letters: 1},
		{name: "a page with 100 bad elements", value: page(200, sequence(100, 200)...), letters: 100},
		{name: "a page of too many", value: page(10_100), letters: 1, why: "events"},
	}
}

func sequence(from, to int) (s []int) {
	for i := from; i < to; i++ {
		s = append(s, i)
	}
	return s
}

// goodEvents are those of twoRules' stories: three starts within minutes by each of n actors, and a token of each.
func goodEvents(n int, at time.Time) [][]byte {
	var out [][]byte
	for i := range n {
		for j, eventType := range []string{"user.session.start", "user.session.start", "system.api_token.create", "user.session.start"} {
			out = append(out, fmt.Appendf(nil, `{"uuid":"good-%d-%d","published":%q,"eventType":%q,"actor":{"alternateId":"good%d@example.com"}}`,
				i, j, at.Add(time.Duration(j)*time.Second).Format(time.RFC3339Nano), eventType, i))
		}
	}
	return out
}

// ofGood names the alerts about good events.
func ofGood(alerts []alert.Alert) []string {
	var out []string
	for _, a := range alerts {
		who := ""
		if len(a.Group) > 0 {
			who = a.Group[0].Value
		}
		if ids := fmt.Sprint(a.Evidence.Events); strings.Contains(who, "good") || strings.Contains(ids, "good-") {
			out = append(out, fmt.Sprint(a.ID, " ", a.Rule.ID, " ", who, " ", a.Count))
		}
	}
	slices.Sort(out)
	return out
}

// peak watches the heap until stop, which returns its largest size above that at the start.
func peak() (stop func() uint64) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	base := m.HeapInuse
	var most atomic.Uint64
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), m.HeapInuse))
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() uint64 {
		close(done)
		<-ended
		return max(most.Load(), base) - base
	}
}

// Between any two good events comes something hostile. The good ones give the alerts that they give by themselves, and
// what cannot be used is a dead letter that says where it was.
func TestHostileRecords(t *testing.T) {
	const limit = 12 << 20
	c := newCluster(t, kfake.BrokerConfigs(map[string]string{"message.max.bytes": strconv.Itoa(limit)}))
	createInput(t, c, 1)
	cl := newClient(t, c, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchMaxBytes(limit), kgo.ProducerBatchCompression(kgo.NoCompression()))
	bad := hostileRecords()
	good := goodEvents((len(bad)+3)/4, time.Now().UTC().Truncate(time.Second))
	where := map[int64]hostile{}
	for i, g := range good {
		records := []*kgo.Record{{Topic: inputTopic, Value: g}}
		if i < len(bad) {
			r := &kgo.Record{Topic: inputTopic, Value: bad[i].value}
			for n := range bad[i].headers {
				r.Headers = append(r.Headers, kgo.RecordHeader{Key: fmt.Sprint("h", n), Value: []byte(repeat("v", 100))})
			}
			records = append(records, r)
		}
		for _, r := range records {
			if err := cl.ProduceSync(context.Background(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
			if len(records) == 2 && r == records[1] {
				where[r.Offset] = bad[i]
			}
		}
	}
	set := twoRules(t)
	want, err := offline.Run(set, engine.Options{Org: "example"}, []offline.Input{file("good", bytes.Join(good, []byte("\n")))})
	if err != nil {
		t.Fatal(err)
	}
	cfg := testConfig(t, c, newNetwork())
	cfg.Org = "example"
	p, err := New(cfg, set)
	if err != nil {
		t.Fatal(err)
	}
	heap := peak()
	began := time.Now()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	var got []alert.Alert
	eventually(t, time.Minute, "the alerts of the good events", func() bool {
		got = nil
		for _, r := range readAll(t, c, "okta.alerts") {
			var a alert.Alert
			if err := json.Unmarshal(r.Value, &a); err != nil {
				t.Fatal(err)
			}
			got = append(got, a)
		}
		return len(ofGood(got)) >= len(ofGood(want.Alerts))
	})
	took := time.Since(began)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	most := heap()
	t.Logf("%v, %d MB above the start", took, most>>20)
	if most > 500<<20 {
		t.Errorf("the heap grew by %d MB", most>>20)
	}
	if diff := cmp.Diff(ofGood(want.Alerts), ofGood(got)); diff != "" || len(ofGood(got)) == 0 {
		t.Errorf("alerts about good events (-want +got):\n%s", diff)
	}
	letters := map[int64]int{}
	for _, r := range readAll(t, c, "g-dlq") {
		h := headers(r)
		at, err := strconv.ParseInt(h["offset"], 10, 64)
		if err != nil || h["topic"] != inputTopic || h["partition"] != "0" || h["message"] == "" || h["code"] == "" {
			t.Errorf("headers %v lack something", h)
		}
		letters[at]++
		if b := where[at]; b.why != "" && !strings.Contains(h["message"], b.why) {
			t.Errorf("%s: message %q does not say %q", b.name, h["message"], b.why)
		}
		if h["code"] == codePanic {
			t.Errorf("%s: %s", where[at].name, h["message"])
		}
	}
	for _, at := range slices.Sorted(maps.Keys(where)) {
		if b := where[at]; letters[at] != b.letters {
			t.Errorf("%s: %d dead letters, want %d", b.name, letters[at], b.letters)
		}
		delete(letters, at)
	}
	if len(letters) > 0 {
		t.Errorf("dead letters of good events: %v", letters)
	}
}

func file(name string, text []byte) offline.Input {
	return offline.Input{Name: name, Size: int64(len(text)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }}
}

// The same through eval: each hostile record is a file between good ones.
func TestHostileFiles(t *testing.T) {
	bad := hostileRecords()
	good := goodEvents(10, time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC))
	set := twoRules(t)
	want, err := offline.Run(set, engine.Options{Org: "example"}, []offline.Input{file("good", bytes.Join(good, []byte("\n")))})
	if err != nil {
		t.Fatal(err)
	}
	inputs := []offline.Input{file("good1", bytes.Join(good[:20], []byte("\n")))}
	for _, b := range bad {
		inputs = append(inputs, file(b.name, b.value))
	}
	inputs = append(inputs, file("good2", bytes.Join(good[20:], []byte("\n"))))
	heap := peak()
	began := time.Now()
	got, err := offline.Run(set, engine.Options{Org: "example"}, inputs)
	if err != nil {
		t.Fatal(err)
	}
	took, most := time.Since(began), heap()
	t.Logf("%v, %d MB above the start", took, most>>20)
	if most > 500<<20 || took > time.Minute {
		t.Errorf("%v, and the heap grew by %d MB", took, most>>20)
	}
	if diff := cmp.Diff(ofGood(want.Alerts), ofGood(got.Alerts)); diff != "" || len(ofGood(got.Alerts)) == 0 {
		t.Errorf("alerts about good events (-want +got):\n%s", diff)
	}
	for i, b := range bad {
		f := got.Files[i+1]
		// What has no text at all is no record of a file, and a file may hold any number of events.
		fine := len(bytes.TrimSpace(b.value)) == 0 || b.why == "too large" || b.name == "a page of too many"
		if (f.Rejected > 0 || f.Err != nil) != (b.letters > 0 && !fine) {
			t.Errorf("%s: %d rejected, error %v", b.name, f.Rejected, f.Err)
		}
		for _, p := range f.Problems {
			if p.File != b.name || p.Line < 1 || p.Reason == "" {
				t.Errorf("%s: problem %v", b.name, p)
			}
		}
	}
}
