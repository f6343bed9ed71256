package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// outFile is a file to write.
type outFile struct {
	name string
	text []byte
}

// writeAll writes files into a folder, which is made if it is missing. Without force it writes nothing if one of them
// exists. It returns the paths.
func writeAll(dir string, files []outFile, force bool) ([]string, error) {
	var paths, exist []string
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		paths = append(paths, path)
		if _, err := os.Lstat(path); err == nil {
			exist = append(exist, path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if len(exist) > 0 && !force {
		verb := "exists"
		if len(exist) > 1 {
			verb = "exist"
		}
		return nil, fmt.Errorf("%s %s; nothing was written (--force replaces what exists)", strings.Join(exist, ", "), verb)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	for i, f := range files {
		if err := replace(paths[i], f.text, 0o644); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// replace writes a file so that a reader sees the old text or the new one, and nothing in between.
func replace(path string, text []byte, mode fs.FileMode) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".oktastream-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name()) // the first error says why
		}
	}()
	_, err = tmp.Write(text)
	err = errors.Join(err, tmp.Chmod(mode), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
