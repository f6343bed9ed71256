package eqloracle

import (
	"slices"
	"testing"
)

// differences are what the engines answer otherwise, each with what decides. Their list is complete for what the random
// tests found; those draw around it.
var differences = []struct {
	name, condition, event string
	fold, ours             bool // theirs is the contrary of ours
	decides                string
}{
	{"case", `s == "ADA"`, `"s": "ada"`, true, false, "the reference: == regards case, and : does not"},
	{"not of null", `not s == "x"`, ``, false, true, "an exclusion must not hide events that say nothing about what is excluded, see eql.Compile"},
	{"unequal to null", `s != "x"`, ``, false, true, "as not of null"},
	{"not in, of null", `s not in ("x")`, ``, false, true, "as not of null"},
	{"one character", `s like "a?a"`, `"s": "aXa"`, false, true, "the reference: ? matches one character"},
	{"whole expression", `s regex "ad"`, `"s": "ada"`, false, false, "the reference: regular expressions match the whole text"},
	{"nothing between", `between(s, "x", "y") == ""`, `"s": "ada"`, false, true, "the reference: an empty text"},
	{"division", `(0 - n) / 2 == -3`, `"n": 7`, false, true, "Elasticsearch divides whole numbers as Java does, towards zero"},
	{"remainder", `(0 - n) % 4 == -3`, `"n": 7`, false, true, "as division"},
	{"base 16 without 0x", `number(s, 16) == 171`, `"s": "ab"`, false, true, "the reference: the base says how the digits are read"},
	{"sign", `number(s) == 5`, `"s": "+5"`, false, false, "Elasticsearch refuses this sign"},
	{"decimal as text", `string(d) == "17"`, `"d": 17.0`, false, true, "open: the reference does not say; for a field of decimals Elasticsearch would write 17.0"},
	{"any element", `list == "ada"`, `"list": ["bob", "ada"]`, false, true, "a field with several values meets a comparison if any does, see eql.Compile"},
	{"empty array", `list == null`, `"list": []`, false, true, "Elasticsearch indexes no value for an empty array"},
	{"number in a text", `s == 31`, `"s": "31"`, false, true, "the System Log holds numbers in strings, see eql.Compile"},
}

func TestDifferences(t *testing.T) {
	var queries []query
	var events [][]byte
	for _, d := range differences {
		queries = append(queries, query{"any where " + d.condition, "any where " + d.condition, d.fold})
		event := `{"uuid": "u", "published": "2026-01-02T03:04:05.678Z", "category": "any"`
		if d.event != "" {
			event += ", " + d.event
		}
		events = append(events, []byte(event+"}"))
	}
	them := theirs(t, queries, events)
	us := matches(t, queries, events)
	for i, d := range differences {
		if we, they := slices.Contains(us[i], i), slices.Contains(them[i], i); we != d.ours || they == d.ours {
			t.Errorf("%s: ours %v, theirs %v; %s", d.name, we, they, d.decides)
		}
	}
}

// TestSequenceDifferences: what sequences answer otherwise.
func TestSequenceDifferences(t *testing.T) {
	event := func(second string, kind, actor string) step {
		s := step{At: "2026-01-02T03:04:" + second + ".000Z", ID: "e" + second, Category: "any", EventType: kind}
		if actor != "" {
			s.Actor = map[string]string{"id": actor}
		}
		return s
	}
	for _, c := range []struct {
		name, text   string
		steps        []step
		ours, theirs int // groups with a match, matches
		decides      string
	}{
		{"no value to join by", `sequence by actor.id with maxspan=1m [any where eventType == "a"] [any where eventType == "b"]`,
			[]step{event("01", "a", ""), event("02", "b", "")}, 0, 1, "the reference: null keys do not join unless the field is marked optional"},
		{"missing event", `sequence by actor.id with maxspan=1m [any where eventType == "a"] ![any where eventType == "x"] [any where eventType == "b"]`,
			[]step{event("01", "a", "k"), event("02", "b", "k")}, 1, 0, "the reference: a missing event must not occur; theirs waits for another event to stand in its place"},
		{"until that completes", `sequence by actor.id with maxspan=1m [any where eventType == "a"] [any where eventType == "b"] until [any where eventType == "b"]`,
			[]step{event("01", "a", "k"), event("02", "b", "k")}, 1, 0, "an event that completes the sequence does not come before its end, see package window"},
	} {
		var events [][]byte
		for _, s := range c.steps {
			events = append(events, marshal(s))
		}
		them := len(theirs(t, []query{{c.text, c.text, false}}, events)[0])
		if us := len(completions(t, c.text, []string{"actor"}, c.steps)); us != c.ours || them != c.theirs {
			t.Errorf("%s: ours %d, theirs %d; %s", c.name, us, them, c.decides)
		}
	}
}
