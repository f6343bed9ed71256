//go:build unix

package main

import (
	"os"
	"syscall"
)

// lock fails at once when another process has the file locked.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
