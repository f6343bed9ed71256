package feed

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func events(t *testing.T, n int) [][]byte {
	t.Helper()
	var out [][]byte
	for it := range New(Options{Events: 300}) {
		if out = append(out, it.JSON); len(out) == n {
			break
		}
	}
	return out
}

// inner finds a LogEvent in an envelope by brute force: any object with the uuid, also inside of text.
func inner(v any, uuid string) map[string]any {
	switch x := v.(type) {
	case string:
		if strings.HasPrefix(x, "{") {
			var y any
			if json.Unmarshal([]byte(x), &y) == nil {
				return inner(y, uuid)
			}
		}
	case []any:
		for _, y := range x {
			if m := inner(y, uuid); m != nil {
				return m
			}
		}
	case map[string]any:
		if x["uuid"] == uuid {
			return x
		}
		for _, y := range x {
			if m := inner(y, uuid); m != nil {
				return m
			}
		}
	}
	return nil
}

func TestWrap(t *testing.T) {
	es := events(t, 3)
	for _, env := range Envelopes() {
		in := es
		if !env.Many() {
			in = es[:1]
		}
		got, err := Wrap(env, in...)
		if err != nil {
			t.Errorf("%s: %v", env, err)
			continue
		}
		again, err := Wrap(env, in...)
		if err != nil || !bytes.Equal(got, again) {
			t.Errorf("%s: not the same bytes twice: %v", env, err)
		}
		if env == Confluent {
			got = got[5:]
		}
		var v any
		if err := json.Unmarshal(got, &v); err != nil {
			t.Errorf("%s: %v", env, err)
			continue
		}
		for _, e := range in {
			var want map[string]any
			if err := json.Unmarshal(e, &want); err != nil {
				t.Fatal(err)
			}
			m := inner(v, want["uuid"].(string))
			if m == nil {
				t.Errorf("%s: event %v is not in %s", env, want["uuid"], got)
				continue
			}
			if a, b := string(marshal(m["actor"])), string(marshal(want["actor"])); a != b {
				t.Errorf("%s: actor %s, want %s", env, a, b)
			}
			_, hasRequest := m["request"]
			c, _ := m["client"].(map[string]any)
			_, hasChain := c["ipChain"]
			if hook := env == Hook; hasRequest == hook || hasChain != hook {
				t.Errorf("%s: request %v, client.ipChain %v", env, hasRequest, hasChain)
			}
		}
	}
}

func TestWrapRefuses(t *testing.T) {
	es := events(t, 2)
	for name, f := range map[string]func() ([]byte, error){
		"two in one":   func() ([]byte, error) { return Wrap(EventBridge, es...) },
		"none":         func() ([]byte, error) { return Wrap(Raw) },
		"empty hook":   func() ([]byte, error) { return Wrap(Hook) },
		"unknown":      func() ([]byte, error) { return Wrap("pigeon", es[0]) },
		"not JSON":     func() ([]byte, error) { return Wrap(HEC, []byte("x")) },
		"no published": func() ([]byte, error) { return Wrap(HEC, []byte("{}")) },
	} {
		if _, err := f(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if page, err := Wrap(Page); err != nil || string(page) != "[]" {
		t.Errorf("empty page: %s, %v", page, err)
	}
}
