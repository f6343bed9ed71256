package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// startTimeout bounds a node's way from exec to serving. Three JVMs that start at once on two cores need some 15 s.
const startTimeout = 90 * time.Second

// StartProcesses starts a cluster of child processes below dir, which receives data and logs. It needs a JRE in PATH,
// and Maven where the jars are not cached. The processes die with this one.
func StartProcesses(ctx context.Context, dir string, opts Options) (Cluster, error) {
	jars, err := Jars(ctx)
	if err != nil {
		return nil, err
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return nil, err
	}
	count := max(opts.Nodes, 1)
	const each = 5
	ports, err := FreePorts(each * count)
	if err != nil {
		return nil, err
	}
	c := &processes{java: java, jars: jars, dir: dir, client: opts.Client, nodes: make([]process, count)}
	var all []Node
	var linked []int
	for i := range count {
		p := ports[each*i:]
		linked = append(linked, p[3])
		all = append(all, Node{
			ID: i + 1, Bind: "127.0.0.1", Host: "127.0.0.1",
			Port: p[0], Internal: p[1], Controller: p[2], LinkPort: p[3],
			Advertised: fmt.Sprintf("127.0.0.1:%d", p[0]),
			LinkTold:   fmt.Sprintf("127.0.0.1:%d", p[4]),
			Dir:        filepath.Join(dir, fmt.Sprintf("data-%d", i+1)),
		})
	}
	if c.links, err = NewLinks(all, linked); err != nil {
		return nil, err
	}
	id := NewClusterID()
	for i, n := range all {
		c.brokers = append(c.brokers, n.Advertised)
		c.nodes[i].data = n.Dir
		if err := os.WriteFile(c.file(i, "properties"), []byte(Properties(n, all, opts.Properties)), 0o600); err != nil {
			return nil, errors.Join(err, c.Close())
		}
		out, err := c.command([]string{"-Xmx256m", "-XX:TieredStopAtLevel=1"}, "kafka.tools.StorageTool", "format", "-t", id, "-c", c.file(i, "properties")).CombinedOutput()
		if err != nil {
			return nil, errors.Join(fmt.Errorf("format node %d: %w\n%s", i, err, Tail(out)), c.Close())
		}
	}
	for i := range count {
		if err := c.launch(i); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	// A controller quorum needs a majority, so the nodes are waited for together.
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for i := range count {
		if err := c.waitStarted(ctx, i); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	if err := WaitReady(ctx, c.brokers, c.client...); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

type processes struct {
	java, jars, dir string
	brokers         []string
	client          []kgo.Opt
	links           []*Link
	nodes           []process
	closing         sync.Once
}

type process struct {
	data string
	cmd  *exec.Cmd
	gone chan struct{} // closed when cmd has ended; nil before the first launch
	mark int64         // size of the log when cmd was launched
}

func (c *processes) Engine() string {
	return fmt.Sprintf("child processes, %d × Apache Kafka %s from Maven's jars", len(c.nodes), Version())
}

func (c *processes) Brokers() []string { return c.brokers }

func (c *processes) Client() []kgo.Opt {
	return append(slices.Clone(c.client), kgo.SeedBrokers(c.brokers...))
}

func (c *processes) Links() []*Link { return c.links }

func (c *processes) Log(node int) ([]byte, error) { return os.ReadFile(c.file(node, "log")) }

func (c *processes) file(node int, ending string) string {
	return filepath.Join(c.dir, fmt.Sprintf("kafka-%d.%s", node+1, ending))
}

func (c *processes) command(java []string, class string, args ...string) *exec.Cmd {
	return exec.Command(c.java, append(append(slices.Clone(java),
		"-XX:+UseSerialGC", "-Dkafka.logs.dir="+c.dir,
		"-Dlog4j2.configurationFile="+filepath.Join(c.jars, "log4j2.properties"),
		"-cp", filepath.Join(c.jars, "libs", "*"), class,
	), args...)...)
}

// launch starts a node's process without waiting for it to serve.
func (c *processes) launch(node int) error {
	p := &c.nodes[node]
	if p.running() {
		return fmt.Errorf("node %d is running", node)
	}
	log, err := os.OpenFile(c.file(node, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if p.mark, err = log.Seek(0, 2); err != nil {
		return errors.Join(err, log.Close())
	}
	p.cmd = c.command(Java, "kafka.Kafka", c.file(node, "properties"))
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.gone = make(chan struct{})
	started := make(chan error)
	go func(cmd *exec.Cmd, gone chan struct{}) {
		defer close(gone)
		defer log.Close()
		unlock := dieWithParent(cmd)
		defer unlock()
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait() // how a broker ended is in its log
		}
	}(p.cmd, p.gone)
	return <-started
}

func (p *process) running() bool {
	if p.gone == nil {
		return false
	}
	select {
	case <-p.gone:
		return false
	default:
		return true
	}
}

// waitStarted returns when the node's log says that it serves.
func (c *processes) waitStarted(ctx context.Context, node int) error {
	p := &c.nodes[node]
	for {
		out, err := c.Log(node)
		if err != nil {
			return err
		}
		if strings.Contains(string(out[min(p.mark, int64(len(out))):]), "Kafka Server started") {
			return nil
		}
		select {
		case <-p.gone:
			return fmt.Errorf("node %d ended while starting\n%s", node, Tail(out))
		case <-ctx.Done():
			return fmt.Errorf("node %d does not start: %w\n%s", node, ctx.Err(), Tail(out))
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (c *processes) Start(ctx context.Context, node int) error {
	if err := c.launch(node); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := c.waitStarted(ctx, node); err != nil {
		return err
	}
	return WaitReady(ctx, c.running(), c.client...)
}

// running returns the addresses of the nodes that are up: with one down on purpose, the others are the whole cluster.
func (c *processes) running() []string {
	var up []string
	for i := range c.nodes {
		if c.nodes[i].running() {
			up = append(up, c.brokers[i])
		}
	}
	return up
}

func (c *processes) Stop(ctx context.Context, node int) error {
	return c.signal(ctx, node, syscall.SIGTERM)
}

func (c *processes) Kill(ctx context.Context, node int) error {
	return c.signal(ctx, node, syscall.SIGKILL)
}

func (c *processes) signal(ctx context.Context, node int, sig syscall.Signal) error {
	p := &c.nodes[node]
	if !p.running() {
		return fmt.Errorf("node %d is not running", node)
	}
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.gone:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("node %d outlives %v: %w", node, sig, ctx.Err())
	}
}

func (c *processes) Close() error {
	var errs []error
	c.closing.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		for i := range c.nodes {
			if c.nodes[i].running() {
				errs = append(errs, c.Kill(ctx, i))
			}
			errs = append(errs, os.RemoveAll(c.nodes[i].data))
		}
		errs = append(errs, CloseLinks(c.links))
	})
	return errors.Join(errs...)
}

// Tail returns the end of a log, for error messages: a broker prints much before it says what is wrong.
func Tail(log []byte) string {
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}
