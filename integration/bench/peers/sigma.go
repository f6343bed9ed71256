package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing/fstest"

	sigma "github.com/bradleyjkemp/sigma-go"
	"github.com/bradleyjkemp/sigma-go/evaluator"
	gojson "github.com/goccy/go-json"
	sigmarules "github.com/markuskont/go-sigma-rule-engine"
	"gopkg.in/yaml.v2"

	"oktastream/rules"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/lang"
)

// publicRules are the texts of the public Sigma rules that can be run as they are: one has placeholders for a company's
// own names.
func publicRules() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(os.Getenv("OKTASTREAM_CORPUS"), "rules", "sigma-okta", "*.yml"))
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if _, err := load([]string{string(text)}); err == nil {
			texts = append(texts, string(text))
		}
	}
	if len(texts) < 20 {
		return nil, fmt.Errorf("only %d of %d public rules load", len(texts), len(files))
	}
	return texts, nil
}

// publicPart evaluates the public rules, if they are there.
func publicPart(t *table, events [][]byte) error {
	if os.Getenv("OKTASTREAM_CORPUS") == "" {
		fmt.Println("OKTASTREAM_CORPUS is not set: no public rules to compare engines with")
		return nil
	}
	texts, err := publicRules()
	if err != nil {
		return err
	}
	cs, err := sigmaEngines(texts)
	if err != nil {
		return err
	}
	scripts, err := benthos()
	if err != nil {
		return err
	}
	ts, err := compare(append(cs, scripts...), events, *rounds)
	if err != nil {
		return err
	}
	return t.add(fmt.Sprintf("%d public Sigma rules, decoding included", len(texts)), 10, len(events), ts)
}

// sigmaEngines are the product, and others that take Sigma rules as they are: with the standard decoder and with a fast one.
func sigmaEngines(texts []string) ([]contender, error) {
	ours, err := product(texts)
	if err != nil {
		return nil, err
	}
	cs := []contender{ours}
	for _, engine := range []struct {
		name string
		load func(texts []string) (func(flat map[string]any) (int, error), error)
	}{{"sigma-go v0.6.6", sigmaGo}, {"go-sigma-rule-engine v0.3.0", ruleEngine}} {
		match, err := engine.load(texts)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", engine.name, err)
		}
		cs = append(cs, decoding(engine.name+", encoding/json", json.Unmarshal, match),
			decoding(engine.name+", goccy/go-json", func(raw []byte, v any) error { return gojson.Unmarshal(raw, v) }, match))
	}
	return cs, nil
}

// decoding makes of an event the flat map that these engines take.
func decoding(name string, decode func([]byte, any) error, match func(flat map[string]any) (int, error)) contender {
	return contender{name, func(raw []byte) (int, error) {
		var m map[string]any
		if err := decode(raw, &m); err != nil {
			return 0, err
		}
		flat := make(map[string]any, 80)
		flatten(m, "", flat)
		return match(flat)
	}}
}

// load is how the product reads Sigma rules. All must load.
func load(texts []string) (*rules.Set, error) {
	files := fstest.MapFS{}
	for i, text := range texts {
		files[fmt.Sprintf("%04d.yml", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	loaded := lang.LoadFS(files, ".")
	for _, f := range loaded.Files {
		if f.Status != lang.OK {
			return nil, fmt.Errorf("%s: %s, %v", f.File, f.Status, loaded.Diagnostics)
		}
	}
	set, diags := rules.NewSet(loaded.Rules)
	if len(diags) > 0 {
		return nil, fmt.Errorf("%v", diags)
	}
	if len(set.Rules()) == 0 {
		return nil, errors.New("no rule")
	}
	return set, nil
}

// product does with an event what the pipeline does with a record that is what the one before it was: decoding tells that
// there is no envelope. Peers say that a rule matches; this one has the alert by then.
func product(texts []string) (contender, error) {
	set, err := load(texts)
	if err != nil {
		return contender{}, err
	}
	var out engine.Output
	d, g := event.NewDecoder(set.Fields()), engine.NewIngest(set, engine.Options{})
	return contender{"oktastream", func(raw []byte) (int, error) {
		ev, err := d.Decode(raw, event.Meta{})
		if err != nil {
			return 0, err
		}
		if !ev.Complete() {
			return 0, errors.New("an event in an envelope")
		}
		out.Alerts, out.Observations = out.Alerts[:0], out.Observations[:0]
		g.Process(ev, &out)
		return len(out.Alerts), nil
	}}, nil
}

func sigmaGo(texts []string) (func(flat map[string]any) (int, error), error) {
	var rs []*evaluator.RuleEvaluator
	for _, text := range texts {
		r, err := sigma.ParseRule([]byte(text))
		if err != nil {
			return nil, err
		}
		rs = append(rs, evaluator.ForRule(r))
	}
	return func(flat map[string]any) (n int, err error) {
		for _, r := range rs {
			res, err := r.Matches(context.Background(), flat)
			if err != nil {
				return 0, err
			}
			if res.Match {
				n++
			}
		}
		return n, nil
	}, nil
}

// flatEvent is an event as go-sigma-rule-engine asks for its fields.
type flatEvent map[string]any

func (flatEvent) Keywords() ([]string, bool) { return nil, false }

// Select has texts for truth values: no rule of this engine holds for others.
func (e flatEvent) Select(name string) (any, bool) {
	v, ok := e[name]
	if b, is := v.(bool); is {
		return strconv.FormatBool(b), ok
	}
	return v, ok && v != nil
}

func ruleEngine(texts []string) (func(flat map[string]any) (int, error), error) {
	var rs []*sigmarules.Tree
	for _, text := range texts {
		h := sigmarules.RuleHandle{NoCollapseWS: true}
		if err := yaml.Unmarshal([]byte(text), &h.Rule); err != nil {
			return nil, err
		}
		r, err := sigmarules.NewTree(h)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", h.Title, err)
		}
		rs = append(rs, r)
	}
	return func(flat map[string]any) (n int, err error) {
		for _, r := range rs {
			if _, matched := r.Eval(flatEvent(flat)); matched {
				n++
			}
		}
		return n, nil
	}, nil
}

// flatten gives members the names that rules have for them. Of several elements of an array the last counts.
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
