package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const product = `package product

const fixed = 1 + 2

var held = 3 * 4

func f(a, b int) int {
	if a < b && a != 0 {
		a++
	}
	for {
		if a < b && a != 0 {
			break
		}
	}
	return a
}
`

func folder(t *testing.T) string {
	dir := t.TempDir()
	for name, text := range map[string]string{"product.go": product, "product_test.go": "package product\n\nvar one = 2 - 1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Operators of the product's files are found, not those of constants and tests; each mutant differs in its operator alone,
// and has a key of its own though the same line stands twice.
func TestMutants(t *testing.T) {
	dir := folder(t)
	all, err := mutants(dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	keys := map[string]bool{}
	for _, m := range all {
		found = append(found, m.was+m.with)
		text, err := m.apply()
		if err != nil {
			t.Fatal(err)
		}
		if want := product[:m.start] + m.with + product[m.start+len(m.was):]; string(text) != want || !strings.HasPrefix(product[m.start:], m.was) {
			t.Errorf("%s became %s at %d:%d:\n%s", m.was, m.with, m.line, m.col, text)
		}
		key, err := m.key()
		if err != nil || keys[key] {
			t.Errorf("key %q: %v, twice: %v", key, err, keys[key])
		}
		keys[key] = true
	}
	if got, want := strings.Join(found, " "), "*/ &&|| <<= <>= !=== ++-- &&|| <<= <>= !=== breakcontinue"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// An excuse has a reason, and holds for its key however the file changes before the line.
func TestExcuses(t *testing.T) {
	dir := folder(t)
	all, err := mutants(dir)
	if err != nil {
		t.Fatal(err)
	}
	key, err := all[1].key()
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "excused.txt")
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(name, "# comment\n\n"+key+"\tonly speed\n")
	write(filepath.Join(dir, "product.go"), strings.Replace(product, "const", "// New.\nconst", 1))
	if all, err = mutants(dir); err != nil {
		t.Fatal(err)
	}
	later, err := all[1].key()
	reasons, readErr := readExcused(name)
	if err != nil || readErr != nil || reasons[later] != "only speed" || len(reasons) != 1 {
		t.Errorf("%q: %v, %v, %v", later, reasons, err, readErr)
	}
	for _, text := range []string{key + "\n", key + "\t\n"} {
		write(name, text)
		if _, err := readExcused(name); err == nil || !strings.Contains(err.Error(), "excused.txt:1: ") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if reasons, err := readExcused(filepath.Join(dir, "none")); err != nil || len(reasons) != 0 {
		t.Errorf("no file: %v, %v", reasons, err)
	}
}
