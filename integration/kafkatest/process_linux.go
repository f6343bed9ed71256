package kafkatest

import (
	"os/exec"
	"runtime"
	"syscall"
)

// dieWithParent lets the kernel kill cmd when this process ends, however it ends. The kernel ties this to the thread
// that starts cmd, so the calling goroutine keeps its thread until it calls unlock, after cmd has ended.
func dieWithParent(cmd *exec.Cmd) (unlock func()) {
	runtime.LockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return runtime.UnlockOSThread
}
