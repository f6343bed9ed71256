package lang

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"oktastream/rules"
	"oktastream/rules/lang/source"
)

// Rules come from repositories that many people write to. Whatever stands in them, loading ends soon, in bounded memory,
// with rules or with an error that has a position; and the rule beside it loads.
func TestHostileRules(t *testing.T) {
	const good = "title: Good\nid: 0b6f8c1e-4b0a-4e0e-9d54-200000000001\nquery: eventType eq \"a.b\"\nlanguage: okta\n"
	sigma := func(selection, condition string) string {
		return "title: Hostile\nid: 0b6f8c1e-4b0a-4e0e-9d54-200000000002\nlogsource: {product: okta, service: okta}\ndetection:\n" + selection + "  condition: " + condition + "\n"
	}
	okta := func(query string) string {
		return "title: Hostile\nid: 0b6f8c1e-4b0a-4e0e-9d54-200000000002\nlanguage: okta\nquery: " + strconv.Quote(query) + "\n"
	}
	elastic := func(language, query string) string {
		return "[rule]\nname = \"Hostile\"\nrule_id = \"0b6f8c1e-4b0a-4e0e-9d54-200000000002\"\nrisk_score = 47\nseverity = \"medium\"\nindex = [\"logs-okta*\"]\n" +
			"type = \"" + map[string]string{"kuery": "query", "eql": "eql", "esql": "esql"}[language] + "\"\nlanguage = \"" + language + "\"\nquery = '''\n" + query + "\n'''\n"
	}
	list := func(n int, item func(i int) string) string {
		var b strings.Builder
		b.WriteString("  selection:\n    eventType:\n")
		for i := range n {
			fmt.Fprintf(&b, "      - %s\n", item(i))
		}
		return b.String()
	}
	parens := func(n int, inner string) string { return strings.Repeat("(", n) + inner + strings.Repeat(")", n) }
	aliases := func() string {
		var b strings.Builder
		b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
		for i := 1; i < 30; i++ {
			fmt.Fprintf(&b, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1)
		}
		return b.String()
	}
	for _, c := range []struct {
		name, file, text string
		loads            bool
	}{
		{name: "a pattern that takes exponential time elsewhere", file: "h.yml", text: sigma("  selection:\n    actor.alternateId|re: '^(a+)+$'\n", "selection"), loads: true},
		{name: "a pattern with repetitions of repetitions", file: "h.yml", text: sigma("  selection:\n    actor.alternateId|re: '((a{1,1000}){1,1000}){1,1000}'\n", "selection")},
		{name: "a pattern of 200 kB", file: "h.yml", text: sigma("  selection:\n    actor.alternateId|re: '"+strings.Repeat("(a|b)", 40_000)+"'\n", "selection")},
		{name: "a thousand stars", file: "h.yml", text: sigma("  selection:\n    actor.alternateId: '"+strings.Repeat("*a", 1000)+"*'\n", "selection"), loads: true},
		{name: "15,000 literals", file: "h.yml", text: sigma(list(15_000, func(i int) string { return fmt.Sprint("t", i) }), "selection"), loads: true},
		{name: "10,000 patterns", file: "h.yml", text: sigma(list(10_000, func(i int) string { return fmt.Sprintf("'*a%d*b'", i) }), "selection"), loads: true},
		{name: "a condition of 10,000 terms", file: "h.yml", text: sigma("  selection: {eventType: a}\n", joined(10_000, " or ", func(int) string { return "selection" }))},
		{name: "a condition of 100,000 brackets", file: "h.yml", text: sigma("  selection: {eventType: a}\n", parens(100_000, "selection"))},
		{name: "a condition of 50,000 nots", file: "h.yml", text: sigma("  selection: {eventType: a}\n", strings.Repeat("not ", 50_000)+"selection")},
		{name: "an alias bomb", file: "h.yml", text: aliases() + good},
		{name: "an anchor that holds itself", file: "h.yml", text: "a: &a [*a]\n" + good},
		{name: "YAML, 100,000 deep", file: "h.yml", text: "a: " + strings.Repeat("[", 100_000) + "\n"},
		{name: "YAML, 40,000 deep and closed", file: "h.yml", text: "a: " + strings.Repeat("{a: ", 40_000) + "1" + strings.Repeat("}", 40_000) + "\n"},
		{name: "YAML, indented 600 times", file: "h.yml", text: func() string {
			var b strings.Builder
			for i := range 600 {
				b.WriteString(strings.Repeat(" ", i) + "a:\n")
			}
			return b.String()
		}()},
		{name: "a file of 64 megabytes", file: "h.yml", text: strings.Repeat("# comment\n", 64<<20/10)},
		{name: "20,000 documents", file: "h.yml", text: strings.Repeat("---\na: 1\n", 20_000)},
		{name: "20,000 keys", file: "h.yml", text: joined(20_000, "\n", func(i int) string { return fmt.Sprint("k", i, ": 1") })},
		{name: "a key of 250 kB", file: "h.yml", text: strings.Repeat("k", 250_000) + ": 1\n"},
		{name: "NUL and invalid UTF-8", file: "h.yml", text: "title: \x00\xff\xfe\n"},
		{name: "a filter of 8,000 terms", file: "h.yml", text: okta(joined(8_000, " or ", func(i int) string { return fmt.Sprintf(`actor.id eq "%d"`, i) })), loads: true},
		{name: "a filter of 100,000 brackets", file: "h.yml", text: okta(parens(100_000, `actor.id eq "1"`))},
		{name: "TOML, 100,000 deep", file: "h.toml", text: "a = " + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "\n"},
		{name: "TOML, tables 50,000 deep", file: "h.toml", text: "[" + joined(50_000, ".", func(int) string { return "a" }) + "]\nb = 1\n"},
		{name: "TOML, 10,000 tables", file: "h.toml", text: joined(10_000, "\n", func(i int) string { return fmt.Sprintf("[[a]]\nb = %d", i) })},
		{name: "TOML, a string of 32 megabytes", file: "h.toml", text: "a = '" + strings.Repeat("x", 32<<20) + "'\n"},
		{name: "kuery of 7,000 terms", file: "h.toml", text: elastic("kuery", joined(7_000, " or ", func(i int) string { return fmt.Sprintf(`okta.actor.id : "%d"`, i) }))},
		{name: "kuery of 100,000 brackets", file: "h.toml", text: elastic("kuery", parens(100_000, `okta.actor.id : "1"`))},
		{name: "EQL of 7,000 terms", file: "h.toml", text: elastic("eql", "any where "+joined(7_000, " or ", func(i int) string { return fmt.Sprintf(`okta.actor.id == "%d"`, i) }))},
		{name: "EQL of 100,000 brackets", file: "h.toml", text: elastic("eql", "any where "+parens(100_000, `okta.actor.id == "1"`))},
		{name: "EQL, a sequence of 6,000 steps", file: "h.toml", text: elastic("eql", "sequence "+joined(6_000, " ", func(int) string { return `[any where okta.actor.id == "1"]` }))},
		{name: "ESQL of 100,000 brackets", file: "h.toml", text: elastic("esql", "from logs-okta* | where "+parens(100_000, `okta.actor.id == "1"`))},
		{name: "ESQL of 7,000 commands", file: "h.toml", text: elastic("esql", "from logs-okta* "+strings.Repeat(`| where okta.actor.id == "1" `, 7_000))},
	} {
		t.Run(c.name, func(t *testing.T) {
			most, done := watchHeap()
			began := time.Now()
			r := LoadFS(fstest.MapFS{"a/good.yml": {Data: []byte(good)}, "a/" + c.file: {Data: []byte(c.text)}}, "a")
			took := time.Since(began)
			close(done)
			loaded := map[string]bool{}
			for _, r := range r.Rules {
				loaded[r.Title] = true
			}
			if !loaded["Good"] {
				t.Errorf("the rule beside it was not loaded: %.300v", fmt.Sprint(r.Diagnostics))
			}
			if c.loads && !loaded["Hostile"] {
				t.Errorf("not loaded: %.300v", fmt.Sprint(r.Diagnostics))
			}
			placed := 0
			for _, d := range r.Diagnostics {
				if len(d.Message) > 4096 {
					t.Errorf("a message of %d bytes: %.100s…", len(d.Message), d.Message)
				}
				if (d.Level == rules.Error || d.Level == rules.Unsupported) && d.File == "a/"+c.file && d.Code != "" && (d.Pos.Line > 0 || d.Code == source.TooLarge) {
					placed++
				}
			}
			if !loaded["Hostile"] && placed == 0 {
				t.Errorf("neither a rule nor a refusal with a position: %.300v", fmt.Sprint(r.Diagnostics))
			}
			if more := strings.Contains(fmt.Sprint(r.Diagnostics), "there are more of these"); len(r.Diagnostics) > 1000 || more != (len(r.Diagnostics) >= 200) {
				t.Errorf("%d diagnostics, and more: %v", len(r.Diagnostics), more)
			}
			if took > 20*time.Second || most.Load() > 1<<30 {
				t.Errorf("%v, and the heap grew by %d MB", took, most.Load()>>20)
			}
			t.Logf("%v, %d MB, loads %v: %.300v", took.Round(time.Millisecond), most.Load()>>20, loaded["Hostile"], fmt.Sprint(r.Diagnostics[min(1, len(r.Diagnostics)):]))
		})
	}
}

// joined is n items.
func joined(n int, sep string, item func(i int) string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = item(i)
	}
	return strings.Join(items, sep)
}

// Eight times the terms take some eight times as long, and not sixty-four times: the best of some turns of each.
func TestFilterGrowth(t *testing.T) {
	load := func(terms int) time.Duration {
		text := "title: Many\nid: 0f73b341-8879-46e2-95f3-970169fcd8eb\nlanguage: okta\nlevel: low\nquery: '" +
			joined(terms, " or ", func(i int) string { return fmt.Sprintf(`actor.id eq "%d"`, i) }) + "'\n"
		began := time.Now()
		if r := LoadFS(fstest.MapFS{"a/many.yml": {Data: []byte(text)}}, "a"); len(r.Rules) != 1 {
			t.Fatal(r.Diagnostics)
		}
		return time.Since(began)
	}
	few, many := load(1000), load(8000)
	for range 4 {
		few, many = min(few, load(1000)), min(many, load(8000))
	}
	if many > 30*few {
		t.Errorf("1,000 terms take %v, 8,000 take %v", few, many)
	}
	t.Log(few, many)
}

// watchHeap keeps the largest growth of the heap until done is closed.
func watchHeap() (most *atomic.Uint64, done chan struct{}) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	base := m.HeapInuse
	most, done = new(atomic.Uint64), make(chan struct{})
	go func() {
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most.Store(max(most.Load(), max(m.HeapInuse, base)-base))
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return most, done
}
