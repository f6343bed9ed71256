package lang

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

const catalogueEntry = `title: Console opened and closed
id: 0123456789abcdef0123456789abcdef
description: |
  Somebody was there.
references:
  - null
  - https://example.com/a
author:
  - Ada
  - Grace
created_date: '2025-01-02'
modified_date: 2025-02-03
threat:
  Tactic:
    - Initial Access
  Technique:
    - T1078: Valid Accounts
    - T1550.004: Use Alternate Authentication Material.Web Session Cookie
prevention:
  - Lock the door.
  - Close the window.
detection:
  okta_systemlog:
    OIE: |
      eventType eq "user.session.access_admin_app"
    datadog: source:okta
  splunk: index=main
false_positives:
  - Administrators.
`

// entry replaces the detection of catalogueEntry; its lines begin with two blanks.
func entry(detection string) string {
	head, rest, _ := strings.Cut(catalogueEntry, "detection:\n")
	_, tail, _ := strings.Cut(rest, "false_positives:")
	return head + "detection:\n" + detection + "false_positives:" + tail
}

func loadEntry(t *testing.T, name, text string) Result {
	t.Helper()
	r := LoadFS(fstest.MapFS{name: {Data: []byte(text)}}, ".")
	agree(t, r)
	return r
}

func TestCatalogueMetadata(t *testing.T) {
	r := loadEntry(t, "detections/console.yml", catalogueEntry)
	if len(r.Rules) != 1 {
		t.Fatal(r.Diagnostics)
	}
	rule := r.Rules[0]
	if rule.Name != "console" || rule.ID != "0123456789abcdef0123456789abcdef" || rule.Title != "Console opened and closed" || rule.Language != "okta" || rule.Kind() != "single" {
		t.Errorf("%+v", rule)
	}
	want := rules.Meta{
		Description:    "Somebody was there.\n\nPrevention:\n- Lock the door.\n- Close the window.",
		Author:         "Ada, Grace",
		Version:        "2025-02-03",
		References:     []string{"https://example.com/a"},
		FalsePositives: []string{"Administrators."},
		Tags:           []string{"attack.initial-access", "attack.t1078", "attack.t1550.004"},
		Attack:         rules.NewAttack([]string{"attack.initial-access", "attack.t1078", "attack.t1550.004"}),
		Severity:       "medium", Risk: 47, Kind: "detection",
	}
	if diff := cmp.Diff(want, rule.Meta); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got, want := match.String(rule.Where), `(equal "eventType" fold "user.session.access_admin_app")`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if diff := cmp.Diff([]string{"1:1 note OKS0113", "26:5 note OKS0802", "27:3 note OKS0802"}, list(r.Diagnostics)); diff != "" {
		t.Errorf("-want +got\n%s%v", diff, r.Diagnostics)
	}
}

// Keys of ours in an entry go before what is made of the catalogue's.
func TestCatalogueCompleted(t *testing.T) {
	r := loadEntry(t, "hunts/x.yml", catalogueEntry+"level: high\ntags: [attack.t1539]\noktastream: {risk: 5}\n")
	if len(r.Rules) != 1 {
		t.Fatal(r.Diagnostics)
	}
	m := r.Rules[0].Meta
	if m.Severity != "high" || m.Risk != 5 || m.Kind != "detection" || len(m.Tags) != 1 {
		t.Errorf("%+v", m)
	}
}

func TestCatalogueHunts(t *testing.T) {
	for name, want := range map[string]string{
		"hunts/console.yml": "signal", "any/hunt_console.yml": "signal", "detections/console.yml": "detection", "hunting.yml": "detection",
	} {
		r := loadEntry(t, name, catalogueEntry)
		if len(r.Rules) != 1 || r.Rules[0].Meta.Kind != want {
			t.Errorf("%s: want %s, got %+v %v", name, want, r.Rules, r.Diagnostics)
		}
	}
}

func TestCatalogueDetection(t *testing.T) {
	session, enrolled := `(equal "eventType" fold "user.session.start")`, `(equal "eventType" fold "device.enrollment.create")`
	either := "(or " + enrolled + " " + session + ")"
	tests := []struct {
		name, detection string
		want            string // the condition, if it loads
		diags           []string
	}{
		{"text", "  okta_systemlog: eventType eq \"user.session.start\"\n", session, nil},
		{"folded text", "  okta_systemlog: >\n    eventType eq\n    \"user.session.start\"\n", session, nil},
		{"one variant", "  okta_systemlog:\n    OIE: eventType eq \"user.session.start\"\n", session, nil},
		{"variants are alternatives", "  okta_systemlog:\n    OIE: eventType eq \"user.session.start\"\n    Classic: eventType eq \"device.enrollment.create\"\n", either, nil},
		{"list", "  okta_systemlog:\n  - eventType eq \"user.session.start\"\n  - eventType eq \"device.enrollment.create\"\n", either, nil},
		{"list of maps", "  okta_systemlog:\n  - OIE: eventType eq \"user.session.start\"\n  - OIE: [eventType eq \"device.enrollment.create\"]\n", either, nil},
		{"empty variant", "  okta_systemlog:\n    OIE: eventType eq \"user.session.start\"\n    Classic: ''\n", session, nil},
		{"explanation", "  explanation: why\n  okta_systemlog: eventType eq \"user.session.start\"\n", session, nil},
		{"unknown key", "  okta_systemlog: eventType eq \"user.session.start\"\n  okta_system_log: x\n", session, []string{"24:3 note OKS0111"}},
		{"Splunk only", "  explanation: why\n  splunk: |\n    index=main | stats dc(actor.id) by client.ipAddress\n", "", []string{"24:3 note OKS0802", "24:3 unsupported OKS0801"}},
		{"Splunk beside an empty expression", "  okta_systemlog:\n  splunk: index=main\n", "", []string{"24:3 note OKS0802", "24:3 unsupported OKS0801"}},
		{"no search at all", "  okta_systemlog:\n    OIE: null\n", "", []string{"23:3 error OKS0801"}},
		{"error in an expression", "  okta_systemlog:\n    OIE: |\n      eventType eq\n      outcome.result eq \"x\"\n", "", []string{"26:7 error OKS0207"}},
		{"error in one of two", "  okta_systemlog:\n    OIE: eventType eq \"user.session.start\"\n    Classic: eventType is \"x\"\n", "", []string{"25:24 error OKS0206"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := loadEntry(t, "x.yml", entry(tt.detection))
			got := ""
			if len(r.Rules) == 1 {
				got = match.String(r.Rules[0].Where)
			}
			if got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			var diags []string
			for _, d := range list(r.Diagnostics) {
				if d != "1:1 note OKS0113" { // no level
					diags = append(diags, d)
				}
			}
			if diff := cmp.Diff(tt.diags, diags); diff != "" {
				t.Errorf("-want +got\n%s%v", diff, r.Diagnostics)
			}
			if unsupported := strings.Contains(strings.Join(tt.diags, " "), "unsupported"); unsupported != (r.Files[0].Status == Unsupported) {
				t.Errorf("status %s", r.Files[0].Status)
			}
		})
	}
}

func TestCatalogueThreat(t *testing.T) {
	tests := []struct {
		name, threat string
		tags         string
		codes        string
	}{
		{"text", "{Tactic: Initial Access, Technique: 'T1078: Valid Accounts'}", "attack.initial-access attack.t1078", ""},
		{"bare id", "{Technique: [T1078]}", "attack.t1078", ""},
		{"lower case", "{technique: [t1078]}", "attack.t1078", ""},
		{"another name than ATT&CK's", "{Technique: [{T1090: Account Manipulation}]}", "attack.t1090", "OKS0803"},
		{"renamed tactic", "{Tactic: [Defense Evasion]}", "attack.defense-evasion", "OKS0122"},
		{"unknown technique", "{Technique: [T99: Magic]}", "attack.t99", "OKS0122"},
		{"unknown key", "{Mood: [Bad]}", "", "OKS0111"},
		{"nothing", "null", "", ""},
		{"a list where a name should be", "{Technique: [[T1078]]}", "", "OKS0111"},
	}
	before, rest, _ := strings.Cut(catalogueEntry, "threat:\n")
	_, after, _ := strings.Cut(rest, "prevention:")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := loadEntry(t, "x.yml", before+"threat: "+tt.threat+"\nprevention:"+after)
			if len(r.Rules) != 1 {
				t.Fatal(r.Diagnostics)
			}
			if got := strings.Join(r.Rules[0].Meta.Tags, " "); got != tt.tags {
				t.Errorf("tags %q, want %q", got, tt.tags)
			}
			var codes []string
			for _, d := range r.Diagnostics {
				if d.Line == 13 {
					codes = append(codes, d.Code)
				}
			}
			if got := strings.Join(codes, " "); got != tt.codes {
				t.Errorf("codes %q, want %q: %v", got, tt.codes, r.Diagnostics)
			}
		})
	}
}

// A Sigma rule stays one, whatever its selections are called.
func TestCatalogueLeavesSigmaAlone(t *testing.T) {
	r := loadEntry(t, "x.yml", "title: x\nid: 3f2504e0-4f89-41d3-9a0c-0305e82c3301\nlevel: low\ndetection:\n  okta_systemlog:\n    eventType: user.session.start\n  splunk:\n    outcome.result: FAILURE\n  condition: okta_systemlog and splunk\n")
	if len(r.Rules) != 1 || r.Rules[0].Language != "sigma" {
		t.Fatal(r.Rules, r.Diagnostics)
	}
	// Without a condition, a selection of that name in Sigma's form is Sigma's mistake to report.
	r = loadEntry(t, "x.yml", "title: x\nlevel: low\ndetection:\n  splunk:\n    outcome.result: FAILURE\n")
	if len(r.Rules) != 0 || r.Files[0].Language != "sigma" || r.Files[0].Status != Failed {
		t.Fatal(r.Files, r.Diagnostics)
	}
}

// TestCatalogueRuns evaluates a loaded entry.
func TestCatalogueRuns(t *testing.T) {
	r := loadEntry(t, "x.yml", entry("  okta_systemlog:\n    OIE: eventType eq \"user.session.start\" AND result eq \"FAILURE\"\n    Classic: target.0.displayName eq \"Vault\"\n"))
	if len(r.Rules) != 1 {
		t.Fatal(r.Diagnostics)
	}
	decoder := event.NewDecoder(event.NewFields())
	for text, want := range map[string]bool{
		`{"eventType":"user.session.start","outcome":{"result":"FAILURE"}}`:                       true,
		`{"eventType":"user.session.start","outcome":{"result":"SUCCESS"}}`:                       false,
		`{"eventType":"user.session.end","target":[{"displayName":"vault"}]}`:                     true,
		`{"eventType":"user.session.end","target":[{"displayName":"a"},{"displayName":"Vault"}]}`: false,
	} {
		ev, err := decoder.Decode([]byte(text), event.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		if got := match.Eval(r.Rules[0].Where, ev); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}

// TestCatalogueCorpus loads Okta's own files: 37 have a System Log expression, and nine exist only as Splunk searches.
func TestCatalogueCorpus(t *testing.T) {
	corpus := os.Getenv("OKTASTREAM_CORPUS")
	if corpus == "" {
		t.Skip("OKTASTREAM_CORPUS does not name a directory of public rules and events")
	}
	dir := filepath.Join(corpus, "rules", "okta-customer-detections")
	r := Load([]string{dir})
	agree(t, r)
	counts := map[Status]int{}
	for _, f := range r.Files {
		counts[f.Status]++
		text, err := os.ReadFile(f.File)
		if err != nil {
			t.Fatal(err)
		}
		has := strings.Contains(string(text), "okta_systemlog:")
		if has != (f.Status == OK) {
			t.Errorf("%s is %s, and has a System Log expression: %v", f.File, f.Status, has)
		}
		if f.Status == Unsupported && !strings.Contains(string(text), "splunk: |") {
			t.Errorf("%s is unsupported without being a Splunk search", f.File)
		}
	}
	if counts[OK] != 37 || counts[Unsupported] != 9 || len(r.Files) != 46 {
		t.Errorf("%v of %d files", counts, len(r.Files))
	}
	reasons := 0
	for _, d := range r.Diagnostics {
		if d.Level == rules.Unsupported {
			reasons++
			if d.Line < 2 || !strings.Contains(d.Message, "Splunk") {
				t.Error(d)
			}
		} else if d.Level != rules.Note {
			t.Error(d)
		}
	}
	if reasons != 9 {
		t.Errorf("%d reasons", reasons)
	}
	for _, rule := range r.Rules {
		if rule.Meta.Attack == nil || rule.Meta.Description == "" || !strings.Contains(rule.Meta.Description, "Prevention:") {
			t.Errorf("%s has lost metadata: %+v", rule.Name, rule.Meta)
		}
	}
}

func FuzzCatalogue(f *testing.F) {
	f.Add(catalogueEntry)
	f.Add(entry("  okta_systemlog:\n  - OIE: [a eq \"b\"]\n  - [[c pr]]\n  splunk: x\n"))
	f.Add("threat: [a]\nprevention: x\nauthor: {a: b}\nreferences: {}\nfalse_positives: [[x]]\ndetection: {okta_systemlog: a pr}\n")
	f.Fuzz(func(t *testing.T, text string) {
		agree(t, loadFiles(map[string]string{"hunts/f.yml": text}))
	})
}
