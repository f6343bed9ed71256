//go:build unix

package source

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestPipe: a pipe without a writer keeps nobody waiting.
func TestPipe(t *testing.T) {
	name := filepath.Join(t.TempDir(), "r.yml")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Skip(err)
	}
	done := make(chan error)
	go func() {
		_, err := NewFiles([]string{name}, "").Read(filepath.ToSlash(name), 100)
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil {
			t.Error("a pipe was read")
		}
	case <-time.After(time.Minute):
		t.Fatal("still waiting for a writer")
	}
}
