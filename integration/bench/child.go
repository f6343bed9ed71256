package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// child is this program, run again for one part of a measurement until its standard input ends.
type child struct {
	cmd *exec.Cmd
	in  io.Closer
}

// startSelf returns the child and the line that it prints when it is ready.
func startSelf(args ...string) (*child, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", err
	}
	cmd := exec.Command(self, args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	c := &child{cmd: cmd, in: in}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, "", errors.Join(err, c.close())
	}
	return c, strings.TrimSpace(line), nil
}

func (c *child) close() error {
	return errors.Join(c.in.Close(), c.cmd.Wait())
}

// used is the CPU time of a child that has been closed.
func (c *child) used() time.Duration {
	u, ok := c.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
