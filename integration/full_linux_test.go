package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"oktastream/integration/kafkatest"
	"oktastream/integration/suite"
)

const noSpace = "no space left on device"

// Where something is written to a disk that is full: commands end with exit code 3 and say so, leave nothing half-written
// behind, and the live process, which writes nothing but its log, goes on.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skipf("a device that is always full is needed: %v", err)
	}
	defer full.Close()
	binary, err := suite.Build(t.Context(), t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	events := filepath.Join(t.TempDir(), "events.ndjson")
	line := `{"uuid":"1","published":"2026-01-01T00:00:00Z","eventType":"user.session.impersonation.initiate","outcome":{"result":"SUCCESS"}}`
	if err := os.WriteFile(events, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	refuses := func(t *testing.T, stdout *os.File, env []string, args ...string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, binary, args...)
		cmd.Env = append(os.Environ(), env...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if stdout != nil {
			cmd.Stdout = stdout
		}
		err := cmd.Run()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(stderr.String(), noSpace) {
			t.Errorf("%s: %v, want exit code 3 and %q:\n%s", args, err, noSpace, &stderr)
		}
	}
	t.Run("Stdout", func(t *testing.T) {
		for _, args := range []string{
			"eval " + events, "eval -o ecs " + events, "backtest " + events, "backtest -o json " + events, "rules list", "rules check",
			"rules check -o sarif", "rules show okta_session_impersonation", "rules coverage " + events, "schema rule", "version",
			"explain --rule okta_session_impersonation " + events, "demo --events 100",
		} {
			refuses(t, full, nil, strings.Fields(args)...)
		}
	})
	t.Run("Files", func(t *testing.T) {
		dir := t.TempDir()
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4k,nr_inodes=2"); err != nil {
			t.Skipf("a file system that is full needs the right to mount one: %v", err)
		}
		defer syscall.Unmount(dir, 0)
		if err := os.WriteFile(filepath.Join(dir, "all"), []byte("x"), 0o600); err != nil { // the last inode
			t.Fatal(err)
		}
		refuses(t, nil, nil, "rules", "test", "../rules/pack", "--junit", filepath.Join(dir, "report.xml"))
		refuses(t, nil, nil, "rules", "import", "../rules/pack", "-o", filepath.Join(dir, "mine"))
		refuses(t, nil, []string{"TMPDIR=" + dir}, "run", "-X", "http=none", "-X", fmt.Sprintf("embedded.port=%d", freePort(t)))
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) != 1 {
			t.Errorf("left behind: %v, %v", entries, err)
		}
	})
	t.Run("Log", func(t *testing.T) {
		address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
		cmd := exec.Command(binary, "run", "-X", "http="+address, "-X", fmt.Sprintf("embedded.port=%d", freePort(t)))
		cmd.Stdout, cmd.Stderr = full, full
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		defer func() {
			cmd.Process.Signal(syscall.SIGTERM)
			if err := <-done; err != nil {
				t.Errorf("after SIGTERM: %v", err)
			}
		}()
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			answer, err := http.Get("http://" + address + "/readyz")
			if err == nil {
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				if answer.StatusCode == http.StatusOK {
					return
				}
			}
			select {
			case err := <-done:
				done <- err
				t.Fatalf("ended: %v", err)
			default:
			}
			if time.Now().After(deadline) {
				t.Fatal("not ready after 30 s")
			}
		}
	})
}

func freePort(t *testing.T) int {
	t.Helper()
	ports, err := kafkatest.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	return ports[0]
}
