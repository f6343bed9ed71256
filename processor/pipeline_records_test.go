package processor

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules/engine"
	"oktastream/rules/event"
)

func headers(r *kgo.Record) map[string]string {
	m := make(map[string]string)
	for _, h := range r.Headers {
		m[strings.TrimPrefix(h.Key, deadLetterPrefix)] = string(h.Value)
	}
	return m
}

// Bad records become dead letters, with their neighbours unharmed, in the transaction that passes over them.
func TestPipelineDeadLetters(t *testing.T) {
	t.Parallel()
	c, cl := newInput(t, 1)
	at := time.Unix(1700000000, 0)
	good := func(i int) []byte { return eventJSON(fmt.Sprint("e", i), "u0", at) }
	page := fmt.Appendf(nil, `[%s,"nonsense",%s]`, good(1), good(2))
	records := []*kgo.Record{
		{Value: good(0)},
		{Key: []byte("k"), Value: []byte("{not json"), Headers: []kgo.RecordHeader{{Key: "origin", Value: []byte("forwarder")}}},
		{Value: page},
		{Value: eventJSON("panic", "u0", at)},
		{Value: good(3)},
		{Value: eventJSON("late panic", "u0", at)},
		{Value: good(4)},
	}
	for _, r := range records {
		r.Topic = inputTopic
	}
	if err := cl.ProduceSync(context.Background(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	e := counting()
	e.ingest = func() ingester {
		return byActor{onProcess: func(ev *event.Event) {
			if ev.ID() == "panic" {
				panic("a defect in ingest")
			}
		}}
	}
	e.task = func() detector {
		d := newCounter()
		d.onHandle = func(m engine.Message) {
			if m.Observation != nil && m.Observation.ID == "late panic" {
				d.dirty["wu0"] = 1000 // half done
				panic("a defect in detect")
			}
		}
		return d
	}
	p := start(t, c, e, nil)
	adm := kadm.NewClient(cl)
	eventually(t, 20*time.Second, "four dead letters and the alert", func() bool {
		return len(readAll(t, c, "g-dlq")) == 4 && len(alertsByActor(t, c)["u0"]) == 1 && lag(t, adm, "g", inputTopic) == 0
	})
	p.stop(t)
	if got := alertsByActor(t, c)["u0"]; len(got) != 1 || got[0] != 5 {
		t.Errorf("counts %v, want [5]: five good events", got)
	}
	type letter struct{ Value, Key, Topic, Offset, Stage, Code, Element, Origin string }
	var got []letter
	for _, r := range readAll(t, c, "g-dlq") {
		h := headers(r)
		if h["message"] == "" || h["group"] == "" || h["timestamp"] == "" || h["partition"] == "" {
			t.Errorf("headers %v lack something", h)
		}
		l := letter{string(r.Value), string(r.Key), h["topic"], h["offset"], h["stage"], h["code"], h["element"], h["origin"]}
		if l.Stage == "detect" {
			l.Value, l.Key, l.Offset = "", "", ""
		}
		got = append(got, l)
	}
	want := []letter{
		{Value: "{not json", Key: "k", Topic: inputTopic, Offset: "1", Stage: "ingest", Code: codeUndecodable, Origin: "forwarder"},
		{Value: `"nonsense"`, Topic: inputTopic, Offset: "2", Stage: "ingest", Code: codeUndecodable, Element: "1"},
		{Value: string(eventJSON("panic", "u0", at)), Topic: inputTopic, Offset: "3", Stage: "ingest", Code: codePanic},
		{Topic: "g-repartition", Stage: "detect", Code: codePanic},
	}
	bySource := func(l letter) string { return l.Stage + l.Offset }
	if diff := cmp.Diff(sorted(want, bySource), sorted(got, bySource)); diff != "" {
		t.Errorf("dead letters (-want +got):\n%s", diff)
	}
	if got := metricValue(t, p, "oktastream_panics_total"); got != 2 {
		t.Errorf("panics_total = %v, want 2", got)
	}
}

// A dead letter carries each header of its record once and as it was, and nobody but us says why it is one.
func TestPipelineDeadLetterHeaders(t *testing.T) {
	t.Parallel()
	c, cl := newInput(t, 1)
	send := func(n int) {
		for i := range n {
			r := &kgo.Record{Topic: inputTopic, Value: []byte("{not json"), Headers: []kgo.RecordHeader{
				{Key: "origin", Value: []byte("forwarder")}, {Key: "hop", Value: []byte("1")}, {Key: "hop", Value: []byte("2")}, {Key: "n", Value: []byte(strconv.Itoa(i))},
				{Key: "__oktastream.errors.code", Value: []byte("panic")}, {Key: "__OKTASTREAM.errors.Message", Value: []byte("all is well")},
				{Key: "__oktastream.errors.element", Value: []byte("7")}}}
			if err := cl.ProduceSync(context.Background(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	send(30)
	p := start(t, c, counting(), nil)
	for _, n := range []int{30, 60} { // the second time in memory that has been used before
		eventually(t, 20*time.Second, "the dead letters", func() bool { return len(readAll(t, c, "g-dlq")) == n })
		if n == 30 {
			send(30)
		}
	}
	p.stop(t)
	for i, r := range readAll(t, c, "g-dlq") {
		seen := map[string][]string{}
		for _, h := range r.Headers {
			seen[h.Key] = append(seen[h.Key], string(h.Value))
		}
		want := map[string][]string{"origin": {"forwarder"}, "hop": {"1", "2"}, "n": {strconv.Itoa(i % 30)}, "__oktastream.errors.code": {codeUndecodable},
			"input.__oktastream.errors.code": {"panic"}, "input.__OKTASTREAM.errors.Message": {"all is well"}, "input.__oktastream.errors.element": {"7"}}
		for key, values := range want {
			if diff := cmp.Diff(values, seen[key]); diff != "" {
				t.Errorf("letter %d, header %s (-want +got):\n%s", i, key, diff)
			}
		}
		for key, values := range seen {
			if _, ok := want[key]; !ok && (len(values) != 1 || !strings.HasPrefix(key, deadLetterPrefix) || key == deadLetterPrefix+"element") {
				t.Errorf("letter %d has header %s: %q", i, key, values)
			}
		}
	}
}

// A record that no topic takes must not be tried forever.
func TestPipelineTooLarge(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	createInput(t, c, 1)
	if err := c.CreateTopic("g-dlq", 1, map[string]string{"max.message.bytes": "3000"}); err != nil {
		t.Fatal(err)
	}
	cl := newClient(t, c, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	long := strings.Repeat("x", 5000)
	for _, v := range []string{"{" + long, string(eventJSON("e", long, time.Unix(1700000000, 0)))} {
		send(t, cl, inputTopic, 0, v)
	}
	feed(t, cl, 0, 5, 1, 1)
	p := start(t, c, counting(), func(c *Config) { c.MaxRequestSize = 4000 })
	wantExactly(t, c, kadm.NewClient(cl), 5, 1, 20*time.Second)
	p.stop(t)
	letters := readAll(t, c, "g-dlq")
	if len(letters) != 2 {
		t.Fatalf("%d dead letters, want 2", len(letters))
	}
	for i, code := range []string{codeUndecodable, codeObservation} {
		h := headers(letters[i])
		if n, err := strconv.Atoi(h["truncated"]); h["code"] != code || err != nil || n < 5000 || len(letters[i].Value) < 1000 || len(letters[i].Value) > 3000 {
			t.Errorf("dead letter %d: %d bytes, headers %v", i, len(letters[i].Value), h)
		}
	}
}
