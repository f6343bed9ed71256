package suite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"oktastream/integration/kafkatest"
	"oktastream/integration/oracle"
	"oktastream/integration/workload"
)

// Build builds the oktastream binary into dir and returns its path. With race it reports data races, and ends with code
// 66 on one.
func Build(ctx context.Context, dir string, race bool) (string, error) {
	root, err := kafkatest.Root()
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "oktastream")
	args := []string{"build", "-o", binary}
	if race {
		args = append(args, "-race")
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./cmd/oktastream")...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build oktastream: %w\n%s", err, out)
	}
	return binary, nil
}

// eval returns what `oktastream eval` finds in the events: the reference.
func eval(t *testing.T, binary string, events []workload.Event) []oracle.Alert {
	t.Helper()
	var in bytes.Buffer
	for _, e := range events {
		if e.JSON != nil {
			in.Write(e.JSON)
			in.WriteByte('\n')
		}
	}
	args := []string{"eval", "-o", "native"}
	for _, dir := range ruleDirs(t) {
		args = append(args, "-r", dir)
	}
	cmd := exec.CommandContext(t.Context(), binary, append(args, "-")...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in, &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("eval: %v\n%s", err, kafkatest.Tail(stderr.Bytes()))
	}
	alerts, err := oracle.Read(&stdout)
	if err != nil {
		t.Fatalf("eval: %v", err)
	}
	return alerts
}

// process is one running `oktastream run`.
type process struct {
	cmd  *exec.Cmd
	log  string        // file with its stdout and stderr, behind those of its predecessors
	from int64         // where they begin
	gone chan struct{} // closed when it has ended
}

// start starts `oktastream run` with these arguments. It is killed when the test ends; a test that wants a proper end
// calls stop.
func start(t *testing.T, binary, log string, args ...string) *process {
	t.Helper()
	return launch(t, exec.Command(binary, append([]string{"run"}, args...)...), log)
}

// launch starts cmd, which is or becomes the binary.
func launch(t *testing.T, cmd *exec.Cmd, log string) *process {
	t.Helper()
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, log: log, from: info.Size(), gone: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = f, f
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.gone)
		defer f.Close()
		p.cmd.Wait() // its end is read from ProcessState
	}()
	t.Cleanup(func() {
		if p.running() {
			p.kill(t)
		}
	})
	return p
}

func (p *process) running() bool {
	select {
	case <-p.gone:
		return false
	default:
		return true
	}
}

// kill is kill -9.
func (p *process) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	<-p.gone
}

// freeze stops the process where it is (SIGSTOP): to the cluster it is dead, and it will not know.
func (p *process) freeze(t *testing.T) { p.signal(t, syscall.SIGSTOP) }

// thaw lets a frozen process go on (SIGCONT), with whatever it believed before.
func (p *process) thaw(t *testing.T) { p.signal(t, syscall.SIGCONT) }

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Errorf("%v: %v; it ended by itself:\n%s", s, err, p.tail())
	}
}

// says waits until the process has printed text.
func (p *process) says(t *testing.T, text string) {
	t.Helper()
	const patience = time.Minute
	for deadline := time.Now().Add(patience); !strings.Contains(p.own(), text); time.Sleep(50 * time.Millisecond) {
		p.check(t)
		if time.Now().After(deadline) {
			t.Fatalf("waited %v for %q:\n%s", patience, text, p.tail())
		}
	}
}

// stop asks for a graceful end, and wants one. A process that is not up yet would be ended by the signal itself.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.says(t, "msg=starting")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("SIGTERM: %v; it ended by itself:\n%s", err, p.tail())
		return
	}
	select {
	case <-p.gone:
	case <-time.After(30 * time.Second):
		t.Errorf("still running 30 s after SIGTERM:\n%s", p.tail())
		p.kill(t)
		return
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d after SIGTERM:\n%s", code, p.tail())
	}
}

// check fails the test if the process has ended although nobody asked it to.
func (p *process) check(t *testing.T) {
	t.Helper()
	if !p.running() {
		t.Fatalf("oktastream run ended by itself: %v\n%s", p.cmd.ProcessState, p.tail())
	}
}

func (p *process) tail() string { return kafkatest.Tail([]byte(p.all())) }

// own is what the process has printed.
func (p *process) own() string {
	all := p.all()
	return all[min(int(p.from), len(all)):]
}

// all is what the process has printed, and those before it in the same slot.
func (p *process) all() string {
	out, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(out)
}
