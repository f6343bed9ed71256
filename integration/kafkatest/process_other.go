//go:build !linux

package kafkatest

import "os/exec"

// dieWithParent does nothing where the kernel has no such tie: a test that is itself killed leaves its brokers behind.
func dieWithParent(*exec.Cmd) (unlock func()) { return func() {} }
