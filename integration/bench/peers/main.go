package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	sigma "github.com/bradleyjkemp/sigma-go"
	"github.com/bradleyjkemp/sigma-go/evaluator"
	gojson "github.com/goccy/go-json"

	"oktastream/processor/envelope"
	"oktastream/processor/feed"
	"oktastream/rules"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/lang"
)

var (
	count  = flag.Int("events", 2000, "events of one round")
	rounds = flag.Int("rounds", 15, "rounds")
	result = flag.String("json", "", "file to write the rows to")
)

// contender evaluates all rules for an event and returns how many match.
type contender struct {
	name  string
	match func(raw []byte) (int, error)
}

func main() {
	flag.Parse()
	log.SetFlags(0)
	if err := run(); err != nil {
		log.Println("peers:", err)
		os.Exit(1)
	}
}

func run() error {
	dir := os.Getenv("OKTASTREAM_CORPUS")
	if dir == "" {
		fmt.Println("OKTASTREAM_CORPUS is not set: no public rules to compare engines with")
		return nil
	}
	files, err := filepath.Glob(filepath.Join(dir, "rules", "sigma-okta", "*.yml"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no rules in %s: %v", dir, err)
	}
	var events [][]byte
	for item := range feed.New(feed.Options{Seed: 1, Events: *count, Campaigns: 5, Duration: 24 * time.Hour}) {
		events = append(events, item.JSON)
	}
	ours, n, err := product(files)
	if err != nil {
		return err
	}
	peers, err := sigmaGo(files)
	if err != nil {
		return err
	}
	script, err := benthos()
	if err != nil {
		return err
	}
	return compare(events, n, append([]contender{ours}, append(peers, script)...))
}

func product(files []string) (contender, int, error) {
	loaded := lang.Load(files)
	set, diags := rules.NewSet(loaded.Rules)
	if len(diags) > 0 {
		return contender{}, 0, fmt.Errorf("%v", diags)
	}
	var u envelope.Unwrapper
	var out engine.Output
	d, g := event.NewDecoder(set.Fields()), engine.NewIngest(set, engine.Options{})
	return contender{"oktastream", func(raw []byte) (int, error) {
		out.Alerts, out.Observations = out.Alerts[:0], out.Observations[:0]
		for _, f := range u.Unwrap(raw).Events {
			ev, err := d.Decode(f.JSON, event.Meta{})
			if err != nil {
				return 0, err
			}
			g.Process(ev, &out)
		}
		return len(out.Alerts), nil
	}}, len(set.Rules()), nil
}

// sigmaGo evaluates rule by rule over flat maps, which is what it takes; with the standard decoder and with a fast one.
func sigmaGo(files []string) ([]contender, error) {
	var rs []*evaluator.RuleEvaluator
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		r, err := sigma.ParseRule(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		rs = append(rs, evaluator.ForRule(r))
	}
	evaluate := func(decode func([]byte, any) error) func([]byte) (int, error) {
		return func(raw []byte) (n int, err error) {
			var m map[string]any
			if err := decode(raw, &m); err != nil {
				return 0, err
			}
			flat := make(map[string]any, 80)
			flatten(m, "", flat)
			for _, r := range rs {
				if res, err := r.Matches(context.Background(), flat); err == nil && res.Match {
					n++
				}
			}
			return n, nil
		}
	}
	return []contender{
		{"sigma-go v0.6.6, encoding/json", evaluate(json.Unmarshal)},
		{"sigma-go v0.6.6, goccy/go-json", evaluate(func(raw []byte, v any) error { return gojson.Unmarshal(raw, v) })},
	}, nil
}

func flatten(m map[string]any, prefix string, out map[string]any) {
	for k, v := range m {
		switch v := v.(type) {
		case map[string]any:
			flatten(v, prefix+k+".", out)
		case []any:
			for _, el := range v {
				if el, ok := el.(map[string]any); ok {
					flatten(el, prefix+k+".", out)
				}
			}
		default:
			out[prefix+k] = v
		}
	}
}

// row is as the rows of the command bench.
type row struct {
	What    string  `json:"what"`
	Value   float64 `json:"value"`
	Target  float64 `json:"target,omitempty"`
	AtLeast bool    `json:"at_least,omitempty"`
	Rounds  int     `json:"rounds"`
	Note    string  `json:"note"`
}

func compare(events [][]byte, n int, cs []contender) error {
	used, matches := make([][]time.Duration, len(cs)), make([]int, len(cs))
	for round := -1; round < *rounds; round++ {
		for i, c := range cs {
			before, found := cpu(), 0
			for _, raw := range events {
				m, err := c.match(raw)
				if err != nil {
					return fmt.Errorf("%s: %w", c.name, err)
				}
				found += m
			}
			if matches[i] = found; round >= 0 {
				used[i] = append(used[i], (cpu()-before)/time.Duration(len(events)))
			}
		}
	}
	fmt.Printf("\n| %d public Sigma rules, decoding included, CPU over oktastream's | measured | target | | how |\n| --- | ---: | ---: | --- | --- |\n", n)
	var rows []row
	for i, c := range cs {
		var ratios []float64
		for r := range used[i] {
			ratios = append(ratios, float64(used[i][r])/float64(used[0][r]))
		}
		slices.Sort(ratios)
		slices.Sort(used[i])
		r := row{What: c.name, Value: ratios[len(ratios)/2], Rounds: *rounds,
			Note: fmt.Sprintf("%.2f µs an event, %d matches in %d events", float64(used[i][len(used[i])/2])/1e3, matches[i], len(events))}
		target, verdict := "", ""
		if i > 0 {
			r.Target, r.AtLeast = 10, true
			if target, verdict = "≥ 10", "met"; r.Value < r.Target {
				verdict = "not met"
			}
		}
		fmt.Printf("| %s | %.3g | %s | %s | %s |\n", r.What, r.Value, target, verdict, r.Note)
		rows = append(rows, r)
	}
	if *result == "" {
		return nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	if err := enc.Encode(rows); err != nil {
		return err
	}
	return os.WriteFile(*result, b.Bytes(), 0o644)
}

func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
