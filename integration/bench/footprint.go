package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// footprint builds the program as `make build` does, starts it against an empty broker, and looks at it.
func footprint(ctx context.Context, t *table) error {
	dir, err := os.MkdirTemp("", "oktastream-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "oktastream")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "oktastream/cmd/oktastream")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	info, err := os.Stat(binary)
	if err != nil {
		return err
	}
	t.add(atMost("binary, MB", float64(info.Size())/1e6, 40, 0, "stripped, without cgo"))

	b, err := startBroker(4, 0)
	if err != nil {
		return err
	}
	defer b.close()
	var starts []time.Duration
	resident := 0
	const runs = 5
	for range runs {
		took, bytes, err := start(ctx, binary, b.addr)
		if err != nil {
			return err
		}
		starts, resident = append(starts, took), max(resident, bytes)
	}
	t.add(
		atMost("start to ready without state, s", median(starts).Seconds(), 1, runs, "rules of the pack, topics created at the first start"),
		atMost("idle memory, MB resident", float64(resident)/1e6, 40, runs, "the largest of the runs, two seconds after ready"),
	)
	return nil
}

// start runs the program until it is ready and two seconds more.
func start(ctx context.Context, binary, broker string) (ready time.Duration, resident int, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, 0, err
	}
	addr := l.Addr().String()
	l.Close()
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, "run", "-X", "bootstrap.servers="+broker, "-X", "http="+addr, "--create-topics")
	cmd.Stderr, cmd.Stdout = &said, &said
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, 0, err
	}
	defer func() {
		err = errors.Join(err, cmd.Process.Signal(os.Interrupt), cmd.Wait())
		if err != nil {
			err = fmt.Errorf("%w: %s", err, said.String())
		}
	}()
	for {
		resp, err := http.Get("http://" + addr + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		if time.Since(began) > time.Minute {
			return 0, 0, errors.New("not ready after a minute")
		}
		time.Sleep(5 * time.Millisecond)
	}
	ready = time.Since(began)
	time.Sleep(2 * time.Second)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kb), "kB")))
			return ready, n << 10, err
		}
	}
	return 0, 0, errors.New("the system does not tell how much memory a process has")
}
