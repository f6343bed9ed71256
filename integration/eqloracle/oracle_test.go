package eqloracle

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"testing"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang/eql"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// query is one in both dialects.
type query struct {
	ours, theirs string
	// fold has the other engine compare without regard to case, everywhere.
	fold bool
}

// theirs asks the other engine: which events complete each of the queries, in order.
func theirs(t *testing.T, queries []query, events [][]byte) [][]int {
	t.Helper()
	python := os.Getenv("OKTASTREAM_EQL_ORACLE")
	if python == "" {
		t.Skip("OKTASTREAM_EQL_ORACLE does not name an interpreter with the other engine, see the package's documentation")
	}
	type text struct {
		Text string `json:"text"`
		Fold bool   `json:"fold"`
	}
	job := struct {
		Events  []json.RawMessage `json:"events"`
		Queries []text            `json:"queries"`
	}{}
	for _, e := range events {
		job.Events = append(job.Events, e)
	}
	for _, q := range queries {
		job.Queries = append(job.Queries, text{q.theirs, q.fold})
	}
	in, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "oracle.py")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var answers []json.RawMessage
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(queries) {
		t.Fatalf("%d answers to %d queries: %v", len(answers), len(queries), err)
	}
	found := make([][]int, len(queries))
	for i, a := range answers {
		if err := json.Unmarshal(a, &found[i]); err != nil {
			t.Fatalf("%s\n%s", queries[i].theirs, a)
		}
	}
	return found
}

func compile(t *testing.T, text string) (match.Expr, *rules.Stateful) {
	t.Helper()
	r := &source.Report{}
	where, stateful := eql.Compile(&source.Node{Kind: source.Scalar, Type: source.String, Text: text}, eql.Options{CategoryField: "category"}, r)
	if !r.OK() {
		t.Fatalf("%s\n%v", text, r.Diagnostics)
	}
	return where, stateful
}

// matches are the events that meet each of the queries, by the definition of what conditions mean; the index has to agree.
func matches(t *testing.T, queries []query, events [][]byte) [][]int {
	t.Helper()
	fields := event.NewFields()
	b := match.NewBuilder(fields)
	var where []match.Expr
	for _, q := range queries {
		w, _ := compile(t, q.ours)
		where = append(where, w)
		b.Add(w)
	}
	matcher, d := b.Build().NewMatcher(), event.NewDecoder(fields)
	found := make([][]int, len(queries))
	for i, raw := range events {
		ev, err := d.Decode(raw, event.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		indexed := matcher.Match(ev, nil)
		for k, w := range where {
			holds := match.Eval(w, ev)
			if holds != slices.Contains(indexed, k) {
				t.Fatalf("the index does not agree about\n%s\n%s", queries[k].ours, raw)
			}
			if holds {
				found[k] = append(found[k], i)
			}
		}
	}
	return found
}

// differing is the first event that only one of a and b has; both are sorted.
func differing(a, b []int) (i int, onlyA, found bool) {
	for k := range max(len(a), len(b)) {
		switch {
		case k == len(b) || k < len(a) && a[k] < b[k]:
			return a[k], true, true
		case k == len(a) || b[k] < a[k]:
			return b[k], false, true
		}
	}
	return 0, false, false
}

func marshal(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return raw
}
