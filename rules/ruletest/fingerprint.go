package ruletest

import (
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Fingerprint tells whether anything that rules and tests at paths are made of has changed: the names, sizes and times
// of the files below folders, and of those beside files that are named (their tests, samples and lists), but for hidden
// ones. What cannot be read is part of it, as an error.
func Fingerprint(paths []string) string {
	h := fnv.New64a()
	for _, p := range paths {
		info, err := os.Stat(p)
		if err == nil && !info.IsDir() {
			p = filepath.Dir(p)
		}
		stamp(h, p)
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

func stamp(h io.Writer, root string) {
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			fmt.Fprintf(h, "%q %v\n", name, err)
			return nil
		}
		if strings.HasPrefix(d.Name(), ".") && name != root {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if info, err := d.Info(); err == nil && !d.IsDir() {
			fmt.Fprintf(h, "%q %d %d\n", name, info.Size(), info.ModTime().UnixNano())
		}
		return nil
	})
	if err != nil {
		fmt.Fprintf(h, "%q %v\n", root, err)
	}
}
