package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/goccy/go-json"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor"
	"oktastream/processor/embedded"
)

// liveState runs the processor in a process of its own under a memory limit, against a broker in another one, until it
// has a number of open windows; then it ends it and measures how another process restores them.
func liveState(args []string) error {
	flags := flag.NewFlagSet("live-state", flag.ExitOnError)
	windows := flags.Int("windows", 1_000_000, "open windows; half of them have shown two devices")
	limit := flags.String("memory", "256MiB", "GOMEMLIMIT of the processor")
	patience := flags.Duration("patience", 30*time.Minute, "how long to wait for each phase")
	profile := flags.String("cpuprofile", "", "write a CPU profile of the process that restores")
	role := flags.String("role", "", "what a child process is: broker or processor")
	addr := flags.String("addr", "", "of the broker, for a processor")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch *role {
	case "broker":
		return serveBroker(ctx)
	case "processor":
		stop, err := profileTo(*profile)
		if err != nil {
			return err
		}
		defer stop()
		return serveProcessor(ctx, *addr)
	}
	broker, err := spawn(ctx, "", "-role", "broker")
	if err != nil {
		return err
	}
	defer broker.end()
	p, err := spawn(ctx, *limit, "-role", "processor", "-addr", broker.addr)
	if err != nil {
		return err
	}
	defer func() { p.end() }()

	events := *windows * 3 / 2
	began := time.Now()
	if err := produce(ctx, broker.addr, *windows, events); err != nil {
		return err
	}
	deadline := time.Now().Add(*patience)
	var counted float64
	var filled time.Duration
	var used time.Duration
	for quiet := 0; quiet < 10; { // the second devices may still be on their way when all windows are open
		got, err := p.metric("oktastream_window_keys")
		size, err2 := p.metric("oktastream_state_bytes")
		switch {
		case errors.Join(err, err2) != nil || int(got) < *windows:
		case size == counted:
			quiet++
		default:
			quiet, counted, filled, used = 0, size, time.Since(began), p.cpu()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%v windows after %v: %v, %v", got, *patience, err, err2)
		}
		time.Sleep(300 * time.Millisecond)
	}
	rss, peak := resident(p.cmd.Process.Pid)
	row("live: "+*limit+", events until the windows are open", "%d in %.0f s, %.1f µs CPU each, both stages", events, filled.Seconds(), used.Seconds()*1e6/float64(events))
	row("… resident memory of the process, now and at most", "%d MiB, %d MiB; windows as counted %.0f MiB", rss>>20, peak>>20, counted/(1<<20))
	p.end()

	began = time.Now()
	if p, err = spawn(ctx, *limit, "-role", "processor", "-addr", broker.addr, "-cpuprofile", *profile); err != nil {
		return err
	}
	seen := map[int64]bool{}
	var last processor.Readiness
	for deadline := time.Now().Add(*patience); ; {
		if r, err := p.readiness(); err == nil {
			last = r
			var done, total int64
			restored := len(r.Tasks) > 0
			for _, t := range r.Tasks {
				done, total, restored = done+t.Done, total+t.Total, restored && t.Restored
			}
			if !restored && done > 0 && done < total {
				seen[done] = true
			}
			if r.Ready && restored {
				break
			}
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not restored after %v: %+v", *patience, last)
		}
		time.Sleep(20 * time.Millisecond)
	}
	took, used := time.Since(began), p.cpu()
	_, peak = resident(p.cmd.Process.Pid)
	var records int64
	for _, t := range last.Tasks {
		records += t.Total
	}
	row("live: restore by a new process", "%.1f s on the clock from its start, %.1f s CPU, %d changelog offsets, %d states of /readyz", took.Seconds(), used.Seconds(), records, len(seen))
	row("… resident memory at most", "%d MiB", peak>>20)
	if len(seen) == 0 {
		return errors.New("/readyz has shown no progress")
	}
	return nil
}

func produce(ctx context.Context, addr string, windows, events int) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.DefaultProduceTopic(input), kgo.ProducerBatchCompression(kgo.Lz4Compression()))
	if err != nil {
		return err
	}
	defer cl.Close()
	var failed error
	for i := range events {
		s := sighting{session: i, n: i}
		if i >= windows {
			s = sighting{session: 2 * (i - windows), device: 1, n: i}
		}
		o := s.observation()
		value := fmt.Appendf(nil, `{"uuid":%q,"published":%q,%s`, o.ID, time.Unix(0, o.Time).UTC().Format(time.RFC3339Nano), o.Event[1:])
		cl.Produce(ctx, &kgo.Record{Value: value, Partition: int32(i % 4)}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed = err
			}
		})
	}
	return errors.Join(cl.Flush(ctx), failed)
}

func serveBroker(ctx context.Context) error {
	forever := map[string]string{"retention.bytes": "-1", "retention.ms": "-1"}
	b, err := embedded.Start(embedded.Options{Topics: []embedded.Topic{{Name: input, Partitions: 4, Config: forever}, {Name: alerts}}})
	if err != nil {
		return err
	}
	defer b.Close()
	fmt.Println(b.Addr())
	<-ctx.Done()
	return nil
}

func serveProcessor(ctx context.Context, addr string) error {
	set, err := deviceRules(1, 3)
	if err != nil {
		return err
	}
	const http = "127.0.0.1:0"
	r, w := io.Pipe()
	go announce(r)
	go processor.PaceCollector(ctx)
	return processor.Run(ctx, processor.Config{
		Client: []kgo.Opt{kgo.SeedBrokers(addr)}, Group: "live", Instance: "bench", Input: []string{input}, Alerts: alerts, CreateTopics: true, HTTP: http,
		Logger: slog.New(slog.NewJSONHandler(w, nil)),
	}, set)
}

// announce prints the address that the log tells, and passes on warnings.
func announce(log io.Reader) {
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var l struct{ Level, Msg, Addr string }
		if json.Unmarshal(lines.Bytes(), &l) == nil && l.Addr != "" && strings.HasPrefix(l.Msg, "serving") {
			fmt.Println(l.Addr)
		}
		if l.Level == "ERROR" || l.Level == "WARN" {
			fmt.Fprintln(os.Stderr, lines.Text())
		}
	}
}

// child is a process of this program that has printed an address.
type child struct {
	cmd  *exec.Cmd
	addr string
}

func spawn(ctx context.Context, memory string, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, append([]string{"live-state"}, args...)...)
	cmd.Stderr = os.Stderr
	if memory != "" {
		cmd.Env = append(os.Environ(), "GOMEMLIMIT="+memory)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = cmd.Process.Kill()
		return nil, fmt.Errorf("%v: %w", args, err)
	}
	return &child{cmd, strings.TrimSpace(line)}, nil
}

// end stops the process; it may be called again.
func (c *child) end() {
	if c.cmd.ProcessState == nil {
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
		_ = c.cmd.Wait()
	}
}

// metric is the sum over all labels.
func (c *child) metric(name string) (sum float64, err error) {
	resp, err := http.Get("http://" + c.addr + "/metrics")
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		var v float64
		if line := lines.Text(); strings.HasPrefix(line, name+"{") || strings.HasPrefix(line, name+" ") {
			if _, err := fmt.Sscan(line[strings.LastIndexByte(line, ' ')+1:], &v); err != nil {
				return 0, err
			}
			sum += v
		}
	}
	return sum, nil
}

func (c *child) readiness() (r processor.Readiness, err error) {
	resp, err := http.Get("http://" + c.addr + "/readyz")
	if err != nil {
		return r, err
	}
	defer resp.Body.Close()
	return r, json.NewDecoder(resp.Body).Decode(&r)
}

// cpu is the CPU time of the process, in the kernel's hundredths of a second.
func (c *child) cpu() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var user, system int64
	if len(fields) < 13 {
		return 0
	}
	_, _ = fmt.Sscan(fields[11], &user)
	_, _ = fmt.Sscan(fields[12], &system)
	return time.Duration(user+system) * 10 * time.Millisecond
}
