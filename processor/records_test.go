package processor

import (
	"bytes"
	"compress/gzip"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// Records of several documents and packed ones give their events live as they do in files, also where the record before was
// a bare event; a page without events is counted and is no dead letter.
func TestRecordsOfSeveralDocuments(t *testing.T) {
	g, r := noMatch(t)
	one := bytes.Clone(r.Value)
	two := bytes.ReplaceAll(one, []byte("0b8c"), []byte("0b8d"))
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(append(append(one, '\n'), two...))
	w.Close()
	events, empty := 0, 0
	for _, c := range []struct {
		name          string
		value         []byte
		kind          string
		events, empty int
	}{
		{"bare", one, "raw", 1, 0},
		{"lines", append(append(bytes.Clone(one), '\n'), two...), "raw", 2, 0},
		{"bare again", two, "raw", 1, 0},
		{"one behind the other", append(bytes.Clone(one), two...), "raw", 2, 0},
		{"gzip", packed.Bytes(), "raw", 2, 0},
		{"an empty page", []byte(`[]`), "", 0, 1},
		{"an empty page behind an event", append(bytes.Clone(one), `[]`...), "raw", 1, 1},
		{"an empty list beside an incomplete event", []byte(`{"eventType":"user.authentication.sso","actor":{},"published":"2023-11-14T22:13:20.000Z","log":"[]"}`), "raw", 1, 0},
	} {
		r.Value = c.value
		if err := g.process(r, nil); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		g.settle()
		events, empty = events+c.events, empty+c.empty
		count := func(counter prometheus.Counter) int { return int(g.tally[counter]) }
		if got := count(g.decoded("raw")); got != events {
			t.Errorf("%s: %d events so far, want %d", c.name, got, events)
		}
		if got := count(g.metrics.empty.WithLabelValues("array")); got != empty {
			t.Errorf("%s: %d empty so far, want %d", c.name, got, empty)
		}
	}
}
