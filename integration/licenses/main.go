// Licenses prints module, version and license (SPDX) of everything that is linked into the binary, one a line.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	classifier "github.com/google/licenseclassifier/v2"
	"github.com/google/licenseclassifier/v2/assets"
)

func main() {
	found, err := linked("oktastream/cmd/oktastream")
	if err != nil {
		fmt.Fprintln(os.Stderr, "licenses:", err)
		os.Exit(1)
	}
	for _, m := range found {
		fmt.Printf("%s %s %s\n", m.path, m.version, m.license)
	}
}

const unknown = "unknown"

// module is a linked module and the licenses that its files hold.
type module struct{ path, version, license string }

// linked asks the go command, for all systems alike, so that the list does not depend on who prints it.
func linked(pkg string) ([]module, error) {
	dirs := map[module]string{}
	for _, goos := range []string{"linux", "darwin", "windows"} {
		cmd := exec.Command("go", "list", "-deps", "-json=Module", pkg)
		cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		for d := json.NewDecoder(bytes.NewReader(out)); ; {
			var p struct {
				Module *struct {
					Path, Version, Dir string
					Main               bool
				}
			}
			if err := d.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				return nil, fmt.Errorf("go list: %w", err)
			}
			if p.Module != nil && !p.Module.Main {
				dirs[module{path: p.Module.Path, version: p.Module.Version}] = p.Module.Dir
			}
		}
	}
	out, err := exec.Command("go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	root, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	dirs[module{path: "std", version: version}] = root
	known, err := assets.DefaultClassifier()
	if err != nil {
		return nil, err
	}
	var all []module
	for _, m := range slices.SortedFunc(maps.Keys(dirs), func(a, b module) int { return strings.Compare(a.path, b.path) }) {
		if m.license, err = license(known.Match, dirs[m]); err != nil {
			return nil, fmt.Errorf("%s: %w", m.path, err)
		}
		// Its file names the license and holds the notice alone, which the classifier does not take for it.
		if m.path == "github.com/ua-parser/uap-go" && m.license == unknown {
			m.license = "Apache-2.0"
		}
		all = append(all, m)
	}
	return all, nil
}

// license names what the license files of a module hold, as far as it is known; anything else is "unknown".
func license(match func([]byte) classifier.Results, dir string) (string, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	ids := map[string]bool{}
	for _, f := range files {
		name := strings.ToUpper(f.Name())
		if f.IsDir() || !strings.HasPrefix(name, "LICEN") && !strings.HasPrefix(name, "COPYING") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return "", err
		}
		for _, m := range match(text).Matches {
			if m.MatchType == "License" {
				ids[m.Name] = true
			}
		}
	}
	if len(ids) == 0 {
		return unknown, nil
	}
	return strings.Join(slices.Sorted(maps.Keys(ids)), "+"), nil
}
