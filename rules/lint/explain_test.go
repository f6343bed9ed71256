package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// emitted finds the codes in the Go source of the module: every string that is nothing but a code.
func emitted(t *testing.T) map[string][]string {
	t.Helper()
	shape := regexp.MustCompile(`^OKS\d{4}$`)
	found := map[string][]string{}
	root := filepath.Join("..", "..")
	for _, dir := range []string{"rules", "cmd", "processor"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			src, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, src, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil && shape.MatchString(text) {
						found[text] = append(found[text], filepath.ToSlash(filepath.Dir(path)))
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return found
}

func TestEveryCodeIsExplained(t *testing.T) {
	found := emitted(t)
	if len(found) < 60 {
		t.Fatalf("only %d codes found in the source: the search is broken", len(found))
	}
	for code, where := range found {
		e := Explain(code)
		switch {
		case e == nil:
			t.Errorf("%s of %s has no explanation", code, where)
		case e.Title == "" || e.Text == "":
			t.Errorf("%s has no title or no text", code)
		}
		if slices.Sort(where); len(slices.Compact(where)) > 1 {
			t.Errorf("%s is used in %s: one code has one meaning", code, where)
		}
	}
	for _, code := range Codes() {
		if found[code] == nil {
			t.Errorf("%s is explained and never emitted", code)
		}
	}
}

func TestExplain(t *testing.T) {
	if e := Explain("oks0701"); e == nil || e.Code != "OKS0701" || !strings.Contains(e.Text, "catalogue") {
		t.Errorf("%+v", e)
	}
	if e := Explain("OKS9999"); e != nil {
		t.Errorf("%+v", e)
	}
	// Every finding of the linter comes with an example or refers to one, and with what to do.
	for _, code := range Codes() {
		e := Explain(code)
		if strings.HasPrefix(code, "OKS07") && !strings.Contains(e.Text, "Fix:") && !strings.Contains(e.Text, "see OKS") {
			t.Errorf("%s says nothing about what to do", code)
		}
	}
	if !slices.IsSorted(Codes()) {
		t.Error("codes are not sorted")
	}
}

// The mistakes that explanations show are the ones that bring their codes.
func TestExamples(t *testing.T) {
	okta := func(expression string) string { return head + "language: okta\nquery: " + expression + "\n" }
	sigma := func(condition string, lines ...string) string {
		return strings.Replace(selection(lines...), "condition: selection", "condition: "+condition, 1)
	}
	plain := selection("eventType: user.session.start")
	over := func(condition string) string {
		return correlation("eventType: user.session.start", "type: event_count", "group-by: [actor.id]", "timespan: 5m", "condition: "+condition)
	}
	for code, text := range map[string]string{
		"OKS0104": plain + "description: Watch out: this is not YAML\n",
		"OKS0106": selection("eventType: user.session.start", "eventType: user.session.end"),
		"OKS0107": selection("eventType: *.deactivate"),
		"OKS0108": head + "detection: !include common.yml\n",
		"OKS0110": "title: Something happened\nlevel: high\n",
		"OKS0111": plain + "oktastream:\n  supress: {for: 1h}\n",
		"OKS0112": plain + "oktastream: {risk: high}\n",
		"OKS0113": "query: eventType eq \"user.session.start\"\n",
		"OKS0114": plain + "oktastream: {lateness: 10 minutes}\n",
		"OKS0115": plain + "fields: [\"target[=User].id\", \"actor..id\"]\n",
		"OKS0116": selection("actor.alternatId: root@example.com"),
		"OKS0117": "level: low\nlanguage: okta\nquery: eventType eq \"user.session.start\"\n",
		"OKS0118": plain + "---\n" + plain,
		"OKS0119": plain + "oktastream:\n  indicators: {file: /etc/bad.yaml, fields: [client.ipAddress]}\n",
		"OKS0120": plain + "oktastream: {suppress: {by: [actor.id], for: 1h, max: 5m}}\n",
		"OKS0121": plain + "logsource: {product: windows, service: security}\n",
		"OKS0122": plain + "tags: [attack.defense-evasion, attack.initial_acces]\n",
		"OKS0123": plain + "oktastream: {lateness: 1m}\n",
		"OKS0124": plain + "status: deprecated\n",
		"OKS0125": plain + "---\na: *b\n",
		"OKS0201": okta("''"),
		"OKS0202": okta("eventType eq “user.session.start” && outcome.result eq \"FAILURE\""),
		"OKS0203": okta("eventType eq \"user.session.start"),
		"OKS0204": okta(`'actor.displayName eq "CORP\ada"'`),
		"OKS0205": okta(`'"user.session.start" eq eventType'`),
		"OKS0206": okta(`'eventType = "user.session.start"'`),
		"OKS0207": okta("eventType eq user.session.start"),
		"OKS0208": okta("outcome.reason co null"),
		"OKS0209": okta(`'(eventType eq "a" or eventType eq "b"'`),
		"OKS0210": okta(`'eventType eq "user.session.start" outcome.result eq "FAILURE"'`),
		"OKS0211": okta(`'` + strings.Repeat("(", 5000) + `eventType pr` + strings.Repeat(")", 5000) + `'`),
		"OKS0212": okta(`actor.alternatId eq "root@example.com"`),
		"OKS0213": okta(`actor..id eq "x"`),
		"OKS0214": okta("client.ipAddress eq 192.0.2.1"),
		"OKS0301": head + "detection:\n  selection: {}\n  condition: selection\n",
		"OKS0302": sigma("selection and", "eventType: user.session.start"),
		"OKS0303": sigma("selecton", "eventType: user.session.start"),
		"OKS0304": head + "detection:\n  selection: {eventType: user.session.start}\n  filter: {client.ipAddress|cidr: 10.0.0.0/8}\n  condition: selection\n",
		"OKS0305": sigma("not selection", "eventType: user.session.start"),
		"OKS0306": selection("target.displayName|contian: Admin"),
		"OKS0307": selection("client.ipAddress|cidr|contains: 10.0.0.0/8"),
		"OKS0308": sigma("selection | count() by user > 5", "eventType: user.session.start"),
		"OKS0309": selection("client.ipAddress|cidr: 10.0.0.0/33"),
		"OKS0310": selection("eventType: zone.deactivated"),
		"OKS0312": selection("target.displayName|contains: '*'"),
		"OKS0313": selection("actor.alternateId|contains|expand: '%admins%'"),
		"OKS0315": head + "filter:\n  selection: {actor.alternateId: scanner@example.com}\n  condition: not selection\n",
		"OKS0316": head + "filter:\n  rules: any\n  selection: {actor.alternateId: scanner@example.com}\n  condition: not selection\n",
		"OKS0317": plain + "name: some_rule\n---\nfilter:\n  rules: [some_rule]\n  selection: {actor.alternateId: scanner@example.com}\n  condition: selection\n",
		"OKS0318": plain + "name: some_rule\n---\nfilter:\n  rules: [some_rule]\n  selection: {actor.alternateId: scanner@example.com}\n  condition: not selection\noktastream: {expires: 2024-01-31, owner: secops}\n",
		"OKS0401": strings.Replace(over("{gte: 5}"), "rules: [base]", "rules: [bass]", 1),
		"OKS0402": strings.Replace(over("{gte: 5}"), "eventType:", "eventType|x:", 1),
		"OKS0404": over("{gte: 0}"),
		"OKS0406": strings.Replace(over("{gte: 5}"), "  group-by: [actor.id]\n", "", 1),
		"OKS0407": strings.Replace(over("{gte: 5}"), "group-by: [actor.id]", "group-by: [u]\n  aliases: {u: {first: actor.id}}", 1),
		"OKS0409": strings.Replace(over("{gte: 5}"), "level: informational", "level: low", 1),
		"OKS0720": selection("outcome.result: FAILED"),
		"OKS0801": head + "detection:\n  okta_systemlog:\n",
	} {
		found := false
		rep := checkFiles(map[string]string{"r.yml": text}, Options{})
		for _, f := range rep.Findings() {
			found = found || f.Code == code
		}
		if !found {
			t.Errorf("%s is not among %v for\n%s", code, rep.Findings(), text)
		}
	}
}
