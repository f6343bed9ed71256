package oktafilter

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"

	"oktastream/rules"
	"oktastream/rules/match"
)

// TestCatalogue parses every System Log expression of Okta's own catalogue of detections.
func TestCatalogue(t *testing.T) {
	corpus := os.Getenv("OKTASTREAM_CORPUS")
	if corpus == "" {
		t.Skip("OKTASTREAM_CORPUS does not name a directory of public rules and events")
	}
	files, err := filepath.Glob(filepath.Join(corpus, "rules", "okta-customer-detections", "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	expressions := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Detection struct {
				Okta struct {
					OIE string `yaml:"OIE"`
				} `yaml:"okta_systemlog"`
			} `yaml:"detection"`
		}
		if err := yaml.Unmarshal(text, &doc); err != nil {
			t.Errorf("%s: %v", filepath.Base(file), err)
			continue
		}
		if doc.Detection.Okta.OIE == "" {
			continue
		}
		expressions++
		x, problems := Parse(doc.Detection.Okta.OIE, match.Pos{})
		for _, p := range problems {
			if p.Level == rules.Error {
				t.Errorf("%s: %+v", filepath.Base(file), p)
			} else {
				t.Logf("%s: %s %s (%s)", filepath.Base(file), p.Code, p.Message, p.Hint)
			}
		}
		if len(match.Paths(x)) == 0 {
			t.Errorf("%s: the expression reads nothing", filepath.Base(file))
		}
	}
	const published = 37
	if expressions != published {
		t.Errorf("%d expressions, want %d", expressions, published)
	}
}
