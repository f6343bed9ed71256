package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/licenseclassifier/v2/assets"
)

// Nothing is linked whose license is not known, or is not one of those that ask for no more than naming.
func TestLinkedLicenses(t *testing.T) {
	permissive := []string{"Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "0BSD", "BlueOak-1.0.0", "Unlicense"}
	all, err := linked("oktastream/cmd/oktastream")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, m := range all {
		paths = append(paths, m.path)
		for _, id := range strings.Split(m.license, "+") {
			// The Mozilla license asks that changes to its own files are published, and there are none.
			if !slices.Contains(permissive, id) && !(id == "MPL-2.0" && m.path == "github.com/hashicorp/golang-lru") {
				t.Errorf("%s %s: license %s", m.path, m.version, m.license)
			}
		}
	}
	for _, want := range []string{"std", "github.com/twmb/franz-go", "golang.org/x/sys"} {
		if !slices.Contains(paths, want) {
			t.Errorf("%s is not in the list", want)
		}
	}
}

func TestLicense(t *testing.T) {
	dir := t.TempDir()
	known, err := assets.DefaultClassifier()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := license(known.Match, dir); got != "unknown" || err != nil {
		t.Errorf("without a file: %q, %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "LICENSE"), []byte("All rights reserved. Ask us."), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, _ := license(known.Match, dir); got != "unknown" {
		t.Errorf("a text that is no known license: %q", got)
	}
}
