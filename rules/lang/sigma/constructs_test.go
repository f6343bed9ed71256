package sigma

import (
	"slices"
	"strings"
	"testing"
	"time"

	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// TestConstructVerdicts has one row per construct that is not about plain comparisons, see TestVerdicts for those.
func TestConstructVerdicts(t *testing.T) {
	const (
		device  = `"client":{"device":`
		display = `"displayMessage":`
	)
	target := func(elements string) string { return `"target":[` + elements + `]` }
	tests := []struct {
		name, detection string
		yes, no         []string
	}{
		{"keyword", "k: needle\ncondition: k\n", []string{display + `"a NEEDLE in it"`, target(`{"detailEntry":{"x":["needle"]}}`)}, []string{display + `"x"`, `"needle":"x"`, ``}},
		{"keywords: any", "k: [one, two]\ncondition: k\n", []string{display + `"one"`, display + `"two"`}, []string{display + `"three"`}},
		{"keywords|all", "k:\n  '|all': [one, two]\ncondition: k\n", []string{display + `"one",` + `"version":"two"`, display + `"two one"`}, []string{display + `"one"`}},
		{"keywords with wildcards", "k: ['a*z']\ncondition: k\n", []string{display + `"xabzx"`}, []string{display + `"a","version":"z"`}},
		{"keyword, number", "k: [64500]\ncondition: k\n", []string{`"securityContext":{"asNumber":64500}`, display + `"AS64500"`}, []string{`"securityContext":{"asNumber":6450}`}},
		{"keywords|cased", "k:\n  '|cased': Needle\ncondition: k\n", []string{display + `"Needle"`}, []string{display + `"needle"`}},
		{"keywords|startswith", "k:\n  '|startswith': needle\ncondition: k\n", []string{display + `"Needle x"`}, []string{display + `"a needle"`}},
		{"keywords|re", "k:\n  '|re': '^n.e'\ncondition: k\n", []string{display + `"nee"`}, []string{display + `"Nee"`}},
		{"keywords|cidr", "k:\n  '|cidr': 192.0.2.0/24\ncondition: k\n", []string{`"client":{"ipAddress":"192.0.2.9"}`}, []string{`"client":{"ipAddress":"192.0.3.9"}`}},
		{"keywords and maps in one list", "k:\n  - needle\n  - severity: WARN\ncondition: k\n", []string{display + `"needle"`, `"severity":"WARN"`}, []string{`"severity":"INFO"`}},
		{"base64", selectionOf(`client.device|base64: foobar`), []string{device + `"Zm9vYmFy"}`}, []string{device + `"foobar"}`, device + `"xZm9vYmFy"}`}},
		{"base64|contains", selectionOf(`client.device|base64|contains: foobar`), []string{device + `"xZm9vYmFyx"}`}, []string{device + `"foobar"}`}},
		{"base64offset", selectionOf(`client.device|base64offset|contains: foobar`), []string{device + `"Zm9vYmFy"}`, device + `"IGZvb2Jhcg=="}`, device + `"ICBmb29iYXI="}`, device + `"eHh4Zm9vYmFyeHh4"}`}, []string{device + `"Zm9v"}`}},
		{"base64offset|contains|all", selectionOf(`client.device|base64offset|contains|all: [foobar, quux]`), []string{device + `"Zm9vYmFyIHF1dXg="}`}, []string{device + `"Zm9vYmFy"}`, device + `"cXV1eA=="}`}},
		{"wide", selectionOf(`client.device|wide: ab`), []string{device + `"a\u0000b\u0000"}`}, []string{device + `"ab"}`}},
		{"utf16le", selectionOf(`client.device|utf16le|contains: ab`), []string{device + `"xa\u0000b\u0000"}`}, []string{device + `"\u0000a\u0000b"}`}},
		{"utf16be", selectionOf(`client.device|utf16be: ab`), []string{device + `"\u0000a\u0000b"}`}, []string{device + `"ab"}`}},
		{"wide|base64", selectionOf(`client.device|wide|base64: é😀`), []string{device + `"6QA92ADe"}`}, []string{device + `"w6nwn5iA"}`}},
		{"utf16|base64", selectionOf(`client.device|utf16|base64: foo`), []string{device + `"//5mAG8AbwA="}`}, []string{device + `"ZgBvAG8A"}`}},
		{"utf16be|base64offset", selectionOf(`client.device|utf16be|base64offset|contains: foo`), []string{device + `"AGYAbwBv"}`, device + `"IABmAG8Abw=="}`}, []string{device + `"ZgBvAG8A"}`}},
		{"windash", selectionOf(`client.device|windash: 'cmd -a /b'`), []string{device + `"cmd -a /b"}`, device + `"CMD /a -b"}`, device + `"cmd –a —b"}`, device + `"cmd ―a /b"}`}, []string{device + `"cmd a b"}`, device + `"cmd +a /b"}`}},
		{"windash inside a word", selectionOf(`client.device|windash: 'a-b - c'`), []string{device + `"a-b - c"}`}, []string{device + `"a/b - c"}`, device + `"a-b / c"}`}},
		{"windash|contains|all", selectionOf(`client.device|windash|contains|all: [' -a', ' -b']`), []string{device + `"x /b -a"}`}, []string{device + `"x /b /c"}`}},
		{"contains|windash", selectionOf(`client.device|contains|windash: ' -a'`), []string{device + `"x /a y"}`}, []string{device + `"x a y"}`}},
		{"windash with a wildcard", selectionOf(`client.device|windash: '*-a?'`), []string{device + `"x/ab"}`}, []string{device + `"x/a"}`}},
		{"minute", `s: {published|minute: 4}` + "\ncondition: s\n", []string{``}, []string{`"published":"2026-01-02T03:05:05Z"`, `"published":null`}},
		{"hour", `s: {published|hour: [3, 22]}` + "\ncondition: s\n", []string{``, `"published":"2026-01-02T22:04:05+09:00"`}, []string{`"published":"2026-01-02T13:04:05Z"`}},
		{"hour|gte", `s: {published|hour|gte: 22}` + "\ncondition: s\n", []string{`"published":"2026-01-02T23:04:05Z"`}, []string{``}},
		{"hour|neq", `s: {published|hour|neq: 3}` + "\ncondition: s\n", []string{`"published":"2026-01-02T23:04:05Z"`}, []string{``}},
		{"day", `s: {published|day: 2}` + "\ncondition: s\n", []string{``}, []string{`"published":"2026-01-03T03:04:05Z"`}},
		{"week", `s: {published|week: 1}` + "\ncondition: s\n", []string{``}, []string{`"published":"2026-01-08T03:04:05Z"`}},
		{"month", `s: {published|month: 1}` + "\ncondition: s\n", []string{``}, []string{`"published":"2026-10-02T03:04:05Z"`}},
		{"year", `s: {published|year: 2026}` + "\ncondition: s\n", []string{``}, []string{`"published":"2025-01-02T03:04:05Z"`}},
		{"neq, list", selectionOf(`displayMessage|neq: [a, b]`), []string{display + `"c"`}, []string{display + `"a"`, display + `"b"`}},
		{"contains|neq", selectionOf(`displayMessage|contains|neq: a`), []string{display + `"b"`}, []string{display + `"xax"`}},
		{"neq null", selectionOf(`displayMessage|neq: null`), []string{display + `"b"`}, []string{display + `null`, ``}},
		{"cidr|neq", selectionOf(`client.ipAddress|cidr|neq: 10.0.0.0/8`), []string{`"client":{"ipAddress":"192.0.2.1"}`}, []string{`"client":{"ipAddress":"10.1.1.1"}`}},
		{"expand", selectionOf(`client.device|expand: '%servers%'`), []string{device + `"srv1"}`, device + `"BACKUP"}`}, []string{device + `"%servers%"}`, device + `"x"}`}},
		{"expand inside a text", selectionOf(`client.device|expand: 'a-%servers%-*'`), []string{device + `"a-srv1-z"}`, device + `"a-backup-"}`}, []string{device + `"srv1"}`}},
		{"expand, two placeholders", selectionOf(`client.device|expand: '%servers%/%servers%'`), []string{device + `"srv1/backup"}`}, []string{device + `"srv1"}`}},
		{"contains|expand", selectionOf(`client.device|contains|expand: '%servers%'`), []string{device + `"my backup"}`}, []string{device + `"x"}`}},
		{"expand, all: each value by any text", selectionOf(`client.device|contains|all|expand: ['%servers%', z]`), []string{device + `"backup z"}`, device + `"srvz"}`}, []string{device + `"backup"}`, device + `"z"}`}},
		{"expand, plain percent sign", selectionOf(`client.device|expand: '\%a%servers%'`), []string{device + `"%abackup"}`}, []string{device + `"abackup"}`}},
		{"expand, backslash before a placeholder", selectionOf(`client.device|expand: 'x\\%servers%'`), []string{device + `"x\\backup"}`}, []string{device + `"x%servers%"}`}},
		{"percent signs without expand", selectionOf(`client.device: '%servers%'`), []string{device + `"%servers%"}`}, []string{device + `"backup"}`}},
		{"array index", selectionOf(`'target[1].id': b`), []string{target(`{"id":"a"},{"id":"b"}`)}, []string{target(`{"id":"b"}`)}},
		{"array index with a dot", selectionOf(`target.1.id: b`), []string{target(`{"id":"a"},{"id":"b"}`)}, []string{target(`{"id":"b"}`)}},
		{"[any], same element", selectionOf(`'target[any]': {type: User, id|startswith: b}`), []string{target(`{"type":"user","id":"b1"}`)}, []string{target(`{"type":"User","id":"a"},{"type":"App","id":"b"}`), ``}},
		{"[any] of a field", selectionOf(`'target[any].id': b`), []string{target(`{"id":"a"},{"id":"b"}`)}, []string{target(`{"id":"a"}`)}},
		{"[all]", selectionOf(`'target[all]': {type: User}`), []string{target(`{"type":"User"},{"type":"User"}`)}, []string{target(`{"type":"User"},{"type":"App"}`), target(``), ``}},
		{"[all] of a field", selectionOf(`'target[all].id|startswith': b`), []string{target(`{"id":"b1"},{"id":"b2"}`)}, []string{target(`{"id":"b1"},{"x":1}`), ``}},
		{"[all_or_empty]", selectionOf(`'target[all_or_empty]': {type: User}`), []string{target(`{"type":"User"}`), target(``), ``}, []string{target(`{"type":"App"}`)}},
		{"[none]", selectionOf(`'target[none]': {type: User}`), []string{target(`{"type":"App"}`), target(``), ``}, []string{target(`{"type":"App"},{"type":"User"}`)}},
		{"[none] with neq", selectionOf(`'target[none]': {type|neq: User}`), []string{target(`{"type":"User"}`), ``}, []string{target(`{"type":"App"}`)}},
		{"[any] of texts", selectionOf(`'request.ipChain[any].ip|cidr': 10.0.0.0/8`), []string{`"request":{"ipChain":[{"ip":"192.0.2.1"},{"ip":"10.0.0.1"}]}`}, []string{`"request":{"ipChain":[{"ip":"192.0.2.1"}]}`}},
		{"[all] of texts", selectionOf(`'client.device[all]|contains': a`), []string{device + `["a","xax"]}`, device + `"a"}`}, []string{device + `["a","b"]}`, device + `[]}`}},
		{"[none] of texts, list", selectionOf(`'client.device[none]': [a, b]`), []string{device + `["c"]}`, ``}, []string{device + `["c","B"]}`}},
		{"the element itself", selectionOf(`'client.device[any]': {.|startswith: a, .|endswith: z}`), []string{device + `["az"]}`}, []string{device + `["a","z"]}`}},
		{"[any], list of maps", selectionOf(`'target[any]': [{type: User, id: a}, {type: App, id: b}]`), []string{target(`{"type":"App","id":"b"}`)}, []string{target(`{"type":"App","id":"a"}`)}},
		{"[any] with a condition", selectionOf(`'target[any]': {u: {type: User}, f: {id: [a, b]}, condition: u and not f}`), []string{target(`{"type":"User","id":"c"}`)}, []string{target(`{"type":"User","id":"a"},{"type":"App","id":"c"}`)}},
		{"[any] in [any]", selectionOf(`'target[any]': {type: Group, 'members[all]': {id|startswith: a}}`), []string{target(`{"type":"Group","members":[{"id":"a1"},{"id":"a2"}]}`)}, []string{target(`{"type":"Group","members":[{"id":"a1"},{"id":"b"}]},{"type":"x","members":[{"id":"a"}]}`)}},
		{"[any] behind a filter", selectionOf(`'target[type=User][none]': {id: a}`), []string{target(`{"type":"App","id":"a"}`)}, []string{target(`{"type":"User","id":"a"}`)}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x, report := compileText(t, tt.detection)
			if x == nil {
				t.Fatalf("does not compile: %v", report.Diagnostics)
			}
			for want, list := range map[bool][]string{true: tt.yes, false: tt.no} {
				for _, members := range list {
					if ev := decode(t, wrap(members)); match.Eval(x, ev) != want {
						t.Errorf("%s is %v for %s", match.String(x), !want, members)
					}
				}
			}
		})
	}
}

func TestConstructDiagnostics(t *testing.T) {
	field := func(text string) string { return "a:\n  " + text + "\ncondition: a\n" }
	tests := []struct{ name, detection, want string }{
		{"null among values", field("displayMessage: [x, null]"), "2:23 error OKS0301"},
		{"null with base64", field("displayMessage|base64: null"), "2:26 error OKS0307"},
		{"base64 of a wildcard", field("displayMessage|base64: 'a*'"), "2:26 error OKS0309"},
		{"base64 of nothing", field("displayMessage|base64: ''"), "2:26 error OKS0309"},
		{"base64 behind contains", field("displayMessage|contains|base64: a"), "2:27 error OKS0307"},
		{"base64 with re", field("displayMessage|base64|re: a"), "2:3 error OKS0307"},
		{"utf16 without base64", field("displayMessage|utf16: a"), "2:25 error OKS0309"},
		{"wide beyond ASCII", field("displayMessage|wide: é"), "2:24 error OKS0309"},
		{"hour with contains", field("published|hour|contains: 3"), "2:18 error OKS0307"},
		{"contains with hour", field("published|contains|hour: 3"), "2:22 error OKS0307"},
		{"hour twice", field("published|hour|minute: 3"), "2:18 error OKS0307"},
		{"hour with a text", field("published|hour: three"), "2:19 error OKS0309"},
		{"month 0", field("published|month: 0"), "2:20 error OKS0309"},
		{"hour with windash", field("published|windash|hour: 3"), "2:3 error OKS0307"},
		{"neq with gt", field("displayMessage|gt|neq: 3"), "2:3 error OKS0307"},
		{"neq with exists", field("displayMessage|exists|neq: true"), "2:3 error OKS0307"},
		{"expand with exists", field("displayMessage|exists|expand: true"), "2:3 error OKS0307"},
		{"expand without a placeholder", field("displayMessage|expand: x"), "2:26 warning OKS0307"},
		{"expand of an empty list", field("displayMessage|expand: '%empty%'"), "2:27 error OKS0314"},
		{"empty modifier", field("displayMessage|: x"), "2:18 error OKS0306"},
		{"gt with infinity", field("displayMessage|gt: Inf"), "2:22 error OKS0309"},
		{"gt with null", field("displayMessage|gt: null"), "2:22 error OKS0309"},
		{"keyword list with a list", "a: [[x]]\ncondition: a\n", "1:5 error OKS0301"},
		{"empty list of keywords", "a: []\ncondition: a\n", "1:4 error OKS0301"},
		{"keyword of wildcards", "a: ['*']\ncondition: a\n", "1:5 warning OKS0312"},
		{"keyword with exists", field("'|exists': true"), "2:3 error OKS0307"},
		{"quantifier without an array", field("'[any]': {x: y}"), "2:3 error OKS0115"},
		{"text behind a quantifier", field("'target[any]x': y"), "2:15 error OKS0115"},
		{"unknown quantifier", field("'target[some]': {type: y}"), "2:3 error OKS0115"},
		{"unknown field of an element", field("'target[any]': {typ: y}"), "2:19 warning OKS0116"},
		{"bad field of an element", field("'target[any]': {'x[': y}"), "2:19 error OKS0115"},
		{"choice of fields of an element", field("'target[any]': {id or type: y}"), "2:19 error OKS0115"},
		{"fieldref in an element", field("'target[any]': {id|fieldref: actor.id}"), "2:19 unsupported OKS0308"},
		{"block without a condition", field("'target[any]': {u: {type: User}}"), "2:19 warning OKS0116 2:23 error OKS0301"},
		{"unknown selection in a block", field("'target[any]': {u: {type: User}, condition: v}"), "2:47 error OKS0303"},
		{"value that is a map", field("actor: {id: y}"), "2:11 error OKS0301"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			x, report := compileText(t, tt.detection)
			if got := listDiagnostics(report.Diagnostics); got != tt.want {
				t.Errorf("got  %s\nwant %s\n%v", got, tt.want, report.Diagnostics)
			}
			if (x == nil) == report.OK() {
				t.Errorf("expression %v with %s", x, tt.want)
			}
		})
	}
}

// TestExpansionIsBounded: few lines cannot ask for more than a machine has.
func TestExpansionIsBounded(t *testing.T) {
	long := make([]string, 3000)
	for i := range long {
		long[i] = strings.Repeat("x", 100)
	}
	lists := func(string) ([]string, bool) { return long, true }
	var nested strings.Builder
	for i := range 40 {
		nested.WriteString(strings.Repeat(" ", i) + "'target[any]':\n")
	}
	for name, text := range map[string]string{
		"product":     "a:\n  displayMessage|expand: '%x%%x%'\ncondition: a\n",
		"repetition":  "a:\n  displayMessage|expand: [" + strings.TrimSuffix(strings.Repeat("'%x%',", 300), ",") + "]\ncondition: a\n",
		"bytes":       "a:\n  displayMessage|expand: '" + strings.Repeat("y", 100_000) + "%x%'\ncondition: a\n",
		"windash":     "a:\n  displayMessage|windash: '" + strings.Repeat(" -a", 10_000) + "'\ncondition: a\n",
		"deep arrays": "a:\n  " + strings.TrimSuffix(strings.Repeat("'target[any]': {", 12), " ") + "id: x" + strings.Repeat("}", 12) + "\ncondition: a\n",
	} {
		docs := source.Parse("rule.yml", []byte(text), source.RuleLimits)
		x := Compile(docs[0].Root, lists, docs[0].Report)
		codes := []string{}
		for _, d := range docs[0].Report.Diagnostics {
			codes = append(codes, d.Code)
		}
		if x != nil || !slices.Contains(codes, TooComplex) && !slices.Contains(codes, BadPattern) {
			t.Errorf("%s: %v", name, docs[0].Report.Diagnostics)
		}
	}
}

// TestLinear: texts made to be slow are not.
func TestLinear(t *testing.T) {
	const n = 100_000
	start := time.Now()
	for _, text := range []string{strings.Repeat("%", n), strings.Repeat("%a", n), strings.Repeat(`\`, n), strings.Repeat("-", n), strings.Repeat("*a", n), strings.Repeat("a%", n)} {
		placeholders(text)
		ps := pieces(text)
		lower(ps, "contains")
		if _, err := encode(ps, []string{"windash"}); err != nil {
			continue
		}
	}
	for _, key := range []string{strings.Repeat("[any]", n/10), strings.Repeat("[", n), strings.Repeat("|", n), strings.Repeat(`"`, n), strings.Repeat("a[", n)} {
		cutArray(key)
		cutField(key)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		selectionOf("displayMessage|contains|all: [a, b]"), selectionOf("'target[any]': {type: User, 'x[all]|re': a}"),
		"k: [a, '*', 1]\nc: {'|all': [x]}\ncondition: 1 of them\n", selectionOf("client.device|windash|wide|base64offset|contains: 'a -b'"),
		selectionOf("published|hour|gte: 3"), selectionOf("client.device|expand: '%servers%-%x%'"), selectionOf("client.ipAddress|cidr: 10.0.0.0/8"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, doc := range source.Parse("rule.yml", []byte(text), source.RuleLimits) {
			if doc.Root == nil {
				continue
			}
			x := Compile(doc.Root, testLists, doc.Report)
			if (x == nil) == doc.Report.OK() {
				t.Fatalf("expression %v, diagnostics %v", x, doc.Report.Diagnostics)
			}
			if x != nil {
				match.Eval(x, decode(t, wrap(`"displayMessage":"a","target":[{"type":"User"},null,1]`)))
				_ = match.String(x)
			}
			ParseFilter(doc.Root, testLists, &source.Report{})
			ParseCorrelation(doc.Root, &source.Report{})
		}
	})
}
