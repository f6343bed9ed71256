package lint

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oktastream/rules"
	"oktastream/rules/lang"
)

func TestIgnore(t *testing.T) {
	const bad = `eventType eq "zone.deactivated"`
	typo := "query: " + bad
	for _, tt := range []struct {
		name    string
		text    string
		want    []string
		ignored int
	}{
		{"without", head + "language: okta\n" + typo + "\n", []string{"5:22+16 warning OKS0701"}, 0},
		{"on the line", head + "language: okta\n" + typo + " # oktastream: ignore OKS0701\n", nil, 1},
		{"on the line above", head + "language: okta\n# oktastream: ignore OKS0701\n" + typo + "\n", nil, 1},
		{"above, with other comments between", head + "language: okta\n# oktastream: ignore OKS0701\n# more\n\n" + typo + "\n",
			[]string{"5:1+28 note OKS0718", "8:22+16 warning OKS0701"}, 0},
		{"above, with a comment between", head + "language: okta\n# oktastream: ignore OKS0701\n# more\n" + typo + "\n", nil, 1},
		{"two lines above", head + "# oktastream: ignore OKS0701\nlanguage: okta\n" + typo + "\n",
			[]string{"4:1+28 note OKS0718", "6:22+16 warning OKS0701"}, 0},
		{"for the file", "# oktastream: ignore OKS0701 Okta announced it\n" + head + "language: okta\n" + typo + "\n", nil, 1},
		{"for the file, below other comments", "# a rule\n#\n\n# oktastream: ignore OKS0701\n---\n" + head + "language: okta\n" + typo + "\n", nil, 1},
		{"another code", head + "language: okta\n" + typo + " # oktastream: ignore OKS0702\n",
			[]string{"5:22+16 warning OKS0701", "5:40+28 note OKS0718"}, 0},
		{"several codes", head + "language: okta\n" + typo + " # oktastream: ignore OKS0702, OKS0701: both\n", []string{"5:40+43 note OKS0718"}, 1},
		{"an unknown code", head + "language: okta\n" + typo + " # oktastream: ignore OKS0799 OKS0701\n", []string{"5:40+36 warning OKS0717"}, 1},
		{"no code", head + "language: okta\n" + typo + " # oktastream: ignore this\n", []string{"5:22+16 warning OKS0701", "5:40+25 warning OKS0719"}, 0},
		{"an unused ignore that is meant", "# oktastream: ignore OKS0718\n" + head + "language: okta # oktastream: ignore OKS0701\nquery: eventType eq \"zone.delete\"\n", nil, 1},
		{"in a text", head + "language: okta\nquery: " + bad + "\ndescription: '# oktastream: ignore OKS0701'\n", []string{"5:22+16 warning OKS0701"}, 0},
		{"in a block of text", head + "language: okta\nquery: " + bad + "\ndescription: |\n  # oktastream: ignore OKS0701\n  x\n", []string{"5:22+16 warning OKS0701"}, 0},
		{"for a block of text", head + "language: okta\n# oktastream: ignore OKS0701\nquery: |\n  outcome.result pr and\n  " + bad + "\n", nil, 1},
		{"for a folded text", head + "language: okta\nquery: >- # oktastream: ignore OKS0701\n  outcome.result pr and\n  " + bad + "\ndescription: x\n", nil, 1},
		{"for quoted text of several lines", head + "language: okta\n# oktastream: ignore OKS0701\nquery: 'outcome.result pr and\n  " + bad + "'\n", nil, 1},
		{"what follows a block of text", head + "language: okta\n# oktastream: ignore OKS0704\ndescription: |\n  x\n  y\nquery: actor.ID pr and eventType eq \"zone.delete\"\n",
			[]string{"5:1+28 note OKS0718", "9:8+8 note OKS0704"}, 0},
		{"a diagnostic of the loader", selection("eventType: zone.deactivated # oktastream: ignore OKS0310"), nil, 1},
		{"a defect", head + "language: okta\n# oktastream: ignore OKS0713\nquery: eventType eq \"zone.delete\" and eventType eq \"zone.update\"\n", nil, 1},
		{"an error cannot be ignored", head + "language: okta\nquery: eventType eq # oktastream: ignore OKS0207\n",
			[]string{"5:20+1 error OKS0207", "5:21+28 note OKS0718"}, 0},
		{"a rule that is not supported cannot be ignored", "# oktastream: ignore OKS0308 OKS0121\n" + head + "language: eql\nquery: any where true\n",
			[]string{"1:1+36 note OKS0718", "1:1+36 note OKS0718", "5:11+3 unsupported OKS0121"}, 0},
		{"for the second document", head + "language: okta\nquery: eventType eq \"zone.delete\"\n---\n# oktastream: ignore OKS0117\ntitle: second\nlevel: low\nlanguage: okta\nquery: eventType eq \"zone.update\"\n", nil, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rep := checkFiles(map[string]string{"r.yml": tt.text}, Options{})
			if diff := cmp.Diff(tt.want, list(rep), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, numbered(tt.text))
			}
			if len(rep.Ignored) != tt.ignored {
				t.Errorf("%d ignored, want %d: %v", len(rep.Ignored), tt.ignored, rep.Ignored)
			}
			if rep.Summary().Ignored != tt.ignored {
				t.Errorf("%+v", rep.Summary())
			}
		})
	}
}

// What is ignored does not make the command fail, and what is not does.
func TestIgnoredIsClean(t *testing.T) {
	text := query(`eventType eq "zone.deactivated"`)
	if rep := checkFiles(map[string]string{"r.yml": text}, Options{}); rep.Summary().Clean() {
		t.Error("the finding is lost")
	}
	if rep := checkFiles(map[string]string{"r.yml": "# oktastream: ignore OKS0701\n" + text}, Options{}); !rep.Summary().Clean() {
		t.Error(rep.Findings())
	}
	// A level that makes an error of a warning keeps it ignorable: the rule loads.
	levels := map[string]rules.Level{UnknownType: rules.Error, NoTest: Off}
	if rep := checkFiles(map[string]string{"r.yml": "# oktastream: ignore OKS0701\n" + text}, Options{Levels: levels}); !rep.Summary().Clean() {
		t.Error(rep.Findings())
	}
}

// Whatever a file holds, looking at it neither panics nor loses a diagnostic of the loader.
func FuzzCheck(f *testing.F) {
	f.Add(query(`eventType eq "zone.deactivated"`) + "# oktastream: ignore OKS0701")
	f.Add("# oktastream: ignore OKS0799, x\n" + selection("eventType|cased: A", "b|re: .", "target.id: null"))
	f.Add(correlation("eventType: [a, b]", "type: value_count", "group-by: [x, client.zone]", "timespan: 9d", "condition: {field: x, gte: 2}", "aliases: {x: {base: actor.ID}}"))
	f.Add(steps("a", "b") + "oktastream: {suppress: {max: 9d}, join: {a: x.y}}\n")
	f.Add(query(`eventType eq ""`))
	f.Add("query: |\n  a\n#oktastream: ignore\n\t")
	f.Add("a: &a [*a]\n---\n? b\n")
	f.Fuzz(func(t *testing.T, text string) {
		rep := checkFiles(map[string]string{"r.yml": text}, Options{Feed: EventHook})
		for _, w := range []func(*Report, *strings.Builder) error{
			func(r *Report, b *strings.Builder) error { return r.WriteText(b) },
			func(r *Report, b *strings.Builder) error { return r.WriteJSON(b) },
			func(r *Report, b *strings.Builder) error { return r.WriteSARIF(b, "1") },
			func(r *Report, b *strings.Builder) error { return r.WriteJUnit(b) },
			func(r *Report, b *strings.Builder) error { return r.WriteGitHub(b) },
		} {
			if err := w(rep, &strings.Builder{}); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range rep.Findings() {
			if Explain(f.Code) == nil {
				t.Errorf("%s is not explained", f.Code)
			}
			if text, before, length := f.Excerpt(); f.Length > 0 && (before > len([]rune(text)) || length < 1) {
				t.Errorf("%s: %d before and %d of %q", f.Error(), before, length, text)
			}
		}
		failed := slices.ContainsFunc(rep.Rules, func(r RuleReport) bool { return r.Status == lang.Failed })
		if errs := slices.ContainsFunc(rep.Findings(), func(f Finding) bool { return f.Level == rules.Error && !f.lint }); failed != errs && len(rep.Loose) == 0 {
			t.Errorf("failed %v, errors %v", failed, errs)
		}
	})
}
