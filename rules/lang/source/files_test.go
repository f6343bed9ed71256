package source

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// tree writes files and links below a new directory; a text that begins with -> is a link.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if to, link := strings.CutPrefix(text, "->"); link {
			err = os.Symlink(to, name)
		} else {
			err = os.WriteFile(name, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestReadNamed: what a rule names lies, with links followed, below what was given, or below the root.
func TestReadNamed(t *testing.T) {
	dir := tree(t, map[string]string{
		"in/r.yml": "", "in/list": "fine", "in/sub/r.yml": "", "in/..2026/list": "mounted", "in/..data": "->..2026", "in/mounted": "->..data/list",
		"out/list": "secret", "in/link": "->../out/list", "in/folder": "->../out", "in/absolute": "->" + "/dev/zero", "in/round": "->round",
		"in/back": "->../in/list", "inner/list": "secret",
	})
	for _, c := range []struct{ by, name, want string }{
		{"in/r.yml", "list", "fine"},
		{"in/r.yml", "./sub/../list", "fine"},
		{"in/sub/r.yml", "../list", "fine"},
		{"in/r.yml", "mounted", "mounted"},
		{"in/r.yml", "back", "fine"},
		{"in/r.yml", "../in/list", "fine"},
		{"in/r.yml", "link", ""},
		{"in/r.yml", "folder/list", ""},
		{"in/r.yml", "folder/nothing", ""},
		{"in/r.yml", "absolute", ""},
		{"in/r.yml", "round", ""},
		{"in/r.yml", "../out/list", ""},
		{"in/r.yml", "../inner/list", ""},
		{"in/r.yml", `..\out\list`, ""},
		{"in/r.yml", filepath.Join(dir, "in/list"), ""},
		{"in/r.yml", "sub", ""},
		{"in/r.yml", "", ""},
	} {
		for _, given := range []string{"in", "in/r.yml"} {
			f := NewFiles([]string{filepath.Join(dir, given)}, "")
			_, data, err := f.ReadNamed(filepath.Join(dir, c.by), c.name, 100)
			if string(data) != c.want || (err == nil) != (c.want != "") {
				t.Errorf("%s given, %s names %s: %q, %v", given, c.by, c.name, data, err)
			}
			if errors.Is(err, fs.ErrNotExist) && strings.Contains(c.name, "folder") {
				t.Errorf("%s tells whether a file outside exists: %v", c.name, err)
			}
		}
	}
	f := NewFiles([]string{filepath.Join(dir, "in")}, filepath.Join(dir, "out"))
	for _, name := range []string{"../out/list", "link", "folder/list"} {
		if _, data, err := f.ReadNamed(filepath.Join(dir, "in/r.yml"), name, 100); string(data) != "secret" {
			t.Errorf("with a root, %s: %q, %v", name, data, err)
		}
	}
}

// TestRead: what was found must not lead out; what was given may.
func TestRead(t *testing.T) {
	dir := tree(t, map[string]string{"in/r.yml": "rule", "in/link.yml": "->../out.yml", "in/zero.yml": "->/dev/zero", "in/gone.yml": "->nowhere", "out.yml": "other"})
	in := func(name string) string { return filepath.ToSlash(filepath.Join(dir, name)) }
	found := NewFiles([]string{in("in")}, "")
	given := NewFiles([]string{in("in/link.yml"), in("in/zero.yml")}, "")
	for _, c := range []struct {
		from *Files
		name string
		want string
	}{
		{found, "in/r.yml", "rule"}, {found, "in/link.yml", ""}, {found, "in/zero.yml", ""}, {found, "in/gone.yml", ""}, {found, "in", ""}, {found, "out.yml", ""},
		{given, "in/link.yml", "other"}, {given, "in/zero.yml", ""},
	} {
		data, err := c.from.Read(in(c.name), 100)
		if string(data) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", c.name, data, err)
		}
	}
	if data, _ := found.Read(in("in/r.yml"), 2); len(data) != 3 {
		t.Errorf("of a file that is too large, %d bytes", len(data))
	}
}

// TestWalk: hidden files, those of macOS among them, are left out; depth is bounded; links to folders are not followed.
func TestWalk(t *testing.T) {
	deep := strings.Repeat("d/", 70)
	dir := tree(t, map[string]string{"in/a.yml": "", "in/._a.yml": "", "in/.git/x.yml": "", "in/sub/b.yml": "", "in/loop": "->.", "in/up": "->..", "in/file.yml": "->a.yml", "in/" + deep + "deep.yml": ""})
	var names, failed []string
	root := filepath.ToSlash(filepath.Join(dir, "in"))
	NewFiles([]string{root}, "").Walk(root, func(name string) { names = append(names, strings.TrimPrefix(name, root+"/")) },
		func(name string, err error) {
			failed = append(failed, strings.TrimPrefix(name, root+"/")+": "+err.Error())
		})
	if want := []string{"a.yml", "file.yml", "loop", "sub/b.yml"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
	if len(failed) != 2 || !strings.Contains(failed[0], "nested deeper") || failed[1] != "up: "+ErrNotFollowed.Error() {
		t.Error(failed)
	}
	names = nil
	FilesIn(fstest.MapFS{"a.yml": {}, "._b.yml": {}, "c/d.yml": {}}).Walk(".", func(name string) { names = append(names, name) }, func(string, error) { t.Error("failed") })
	if want := []string{"a.yml", "c/d.yml"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}
