package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Files reads the files of rules: rules, their tests, and the lists and samples that they name. Whoever may write a rule
// must not thereby read what else is on the machine, nor keep a command busy: only regular files are read, up to a size,
// and only those that lie, with links resolved, below the directories that were given. A path that was given itself is
// read wherever it leads: that is its giver's choice.
type Files struct {
	fsys  fs.FS    // nil for the files of the machine
	given []string // paths of files, with /
	roots []string // directories, absolute and without links; unused with fsys
}

const (
	maxFolders = 64      // one in the other
	maxEntries = 500_000 // of one tree: files and folders of all kinds
)

// ErrNotFollowed says that a link to a folder outside of the directory of the rules is left alone.
var ErrNotFollowed = errors.New("a link to a folder outside, which is not followed: name the folder itself to have its rules")

// NewFiles is a reader for paths that were given: files, and directories with everything below. With a root, the files
// that rules name may also lie below that directory.
func NewFiles(paths []string, root string) *Files {
	f := &Files{}
	if root != "" {
		f.root(root)
	}
	for _, p := range paths {
		p = filepath.Clean(p)
		if info, err := os.Stat(p); err == nil && info.IsDir() {
			f.root(p)
			continue
		}
		f.given = append(f.given, filepath.ToSlash(p))
		f.root(filepath.Dir(p))
	}
	return f
}

// FilesIn is a reader for a file system, which has nothing outside.
func FilesIn(fsys fs.FS) *Files { return &Files{fsys: fsys} }

func (f *Files) root(dir string) {
	if full, err := resolve(dir); err == nil && !slices.Contains(f.roots, full) {
		f.roots = append(f.roots, full)
	}
}

// resolve is the absolute path of what a path leads to.
func resolve(name string) (string, error) {
	full, err := filepath.Abs(filepath.FromSlash(name))
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(full)
}

// Read returns a file that was given, or was found below a directory that was. Of a larger file than limit it returns a
// byte more than that, so that whoever parses it sees so.
func (f *Files) Read(name string, limit int) ([]byte, error) {
	if f.fsys != nil {
		return readRegular(f.fsys.Open, func(name string) (fs.FileInfo, error) { return fs.Stat(f.fsys, name) }, name, limit)
	}
	full, err := resolve(name)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(f.given, name) && !inside(full, f.roots) {
		return nil, errors.New("the link leads out of the directory of the rules, and is not followed")
	}
	return readRegular(func(name string) (fs.File, error) { return os.Open(name) }, os.Stat, full, limit)
}

// ReadNamed returns a file that another file names, by a path relative to that, and its own name.
func (f *Files) ReadNamed(by, name string, limit int) (full string, data []byte, err error) {
	name = strings.ReplaceAll(name, `\`, "/")
	full = path.Join(path.Dir(by), name)
	if path.IsAbs(name) || filepath.IsAbs(name) {
		return full, nil, errors.New("the path is not relative to the file that names it")
	}
	if f.fsys != nil {
		data, err = f.Read(full, limit)
		return full, data, err
	}
	// placeholders.yaml may stand above the directories that were given: what it names stays below itself.
	below := f.roots
	if dir, err := resolve(path.Dir(by)); err == nil {
		below = append(slices.Clone(below), dir)
	}
	// Whether a file outside exists is no business of a rule either, so the way there is judged before its end.
	if abs, err := filepath.Abs(filepath.FromSlash(full)); err != nil || !leads(abs, below) {
		return full, nil, errors.New("it lies outside of the directory of the rules (rules.files.root allows another)")
	}
	target, err := resolve(full)
	if err != nil {
		return full, nil, err
	}
	data, err = readRegular(func(name string) (fs.File, error) { return os.Open(name) }, os.Stat, target, limit)
	return full, data, err
}

// leadsOut tells whether a link leads to a folder outside.
func (f *Files) leadsOut(name string) bool {
	if f.fsys != nil {
		return false
	}
	full, err := resolve(name)
	if err != nil || inside(full, f.roots) {
		return false
	}
	info, err := os.Stat(full)
	return err == nil && info.IsDir()
}

// leads tells whether an absolute path leads, with links resolved, into one of the directories. Of one that does not exist
// the part that does is judged.
func leads(name string, dirs []string) bool {
	for at := name; ; at = filepath.Dir(at) {
		full, err := filepath.EvalSymlinks(at)
		if err == nil {
			rest, err := filepath.Rel(at, name)
			return err == nil && inside(filepath.Join(full, rest), dirs)
		}
		if _, err := os.Lstat(at); err == nil || at == filepath.Dir(at) {
			return false // a link to nothing that can be resolved
		}
	}
}

// inside tells whether a resolved path lies in or below one of the directories.
func inside(full string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(dir string) bool {
		rel, err := filepath.Rel(dir, full)
		return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
	})
}

// readRegular asks what a file is before it opens it: to open a pipe is to wait for its writer.
func readRegular(open func(string) (fs.File, error), stat func(string) (fs.FileInfo, error), name string, limit int) ([]byte, error) {
	info, err := stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	file, err := open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if info, err = file.Stat(); err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	return io.ReadAll(io.LimitReader(file, int64(limit)+1))
}

// Same is what two names of one file have in common.
func (f *Files) Same(name string) string {
	if f.fsys == nil {
		if full, err := resolve(name); err == nil {
			return full
		}
	}
	return name
}

// Stat is what a path leads to.
func (f *Files) Stat(name string) (fs.FileInfo, error) {
	if f.fsys != nil {
		return fs.Stat(f.fsys, name)
	}
	return os.Stat(filepath.FromSlash(name))
}

// Walk visits the files below a directory in the order of their names, by names that begin with that of the directory.
// Hidden files and folders are left out: among them are those that macOS puts beside others (._name). What cannot be
// read is told to fail. A link to a folder is not followed: what lies below the directory is visited anyway, and of a link
// that leads out fail is told ErrNotFollowed.
func (f *Files) Walk(dir string, visit func(name string), fail func(name string, err error)) {
	fsys, root := f.fsys, dir
	full := func(name string) string { return name }
	if fsys == nil {
		fsys, root = os.DirFS(filepath.FromSlash(dir)), "."
		full = func(name string) string { return path.Join(dir, name) }
	}
	entries := 0
	err := fs.WalkDir(fsys, root, func(name string, d fs.DirEntry, err error) error {
		entries++
		hidden := name != root && strings.HasPrefix(d.Name(), ".")
		switch {
		case err != nil:
			fail(full(name), err)
			if d.IsDir() {
				return fs.SkipDir
			}
		case entries > maxEntries:
			fail(full(root), fmt.Errorf("there are more than %d files and folders below it", maxEntries))
			return fs.SkipAll
		case d.IsDir() && hidden:
			return fs.SkipDir
		case d.IsDir() && strings.Count(name, "/") >= maxFolders:
			fail(full(name), fmt.Errorf("folders are nested deeper than %d", maxFolders))
			return fs.SkipDir
		case hidden || d.IsDir():
		case d.Type()&fs.ModeSymlink != 0 && f.leadsOut(full(name)):
			fail(full(name), ErrNotFollowed)
		default:
			visit(full(name))
		}
		return nil
	})
	if err != nil {
		fail(full(root), err)
	}
}
