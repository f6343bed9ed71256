package containers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	tcnetwork "github.com/testcontainers/testcontainers-go/network"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/kafkatest"
)

const (
	startTimeout = 90 * time.Second
	external     = 9092 // the clients' port inside a container
	linked       = 9094 // that of clients that come by a link
)

// Start starts a cluster of containers from image, which must keep the official image's contract: server.properties is
// read from /mnt/shared/config, the cluster id and the heap come from the environment.
func Start(ctx context.Context, image string, opts kafkatest.Options) (kafkatest.Cluster, error) {
	count := max(opts.Nodes, 1)
	const each = 3
	ports, err := kafkatest.FreePorts(each * count)
	if err != nil {
		return nil, err
	}
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, err
	}
	c := &cluster{docker: docker, image: image, client: opts.Client}
	if c.network, err = tcnetwork.New(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	var all []kafkatest.Node
	var behind []int // the host ports behind the links
	for i := range count {
		p := ports[each*i:]
		behind = append(behind, p[1])
		all = append(all, kafkatest.Node{
			ID: i + 1, Host: fmt.Sprintf("kafka-%d", i+1), Port: external, Internal: 19092, Controller: 9093, LinkPort: linked,
			Advertised: fmt.Sprintf("127.0.0.1:%d", p[0]), LinkTold: fmt.Sprintf("127.0.0.1:%d", p[2]), Dir: "/var/lib/kafka/data",
		})
	}
	if c.links, err = kafkatest.NewLinks(all, behind); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	id := kafkatest.NewClusterID()
	for i, n := range all {
		c.brokers = append(c.brokers, n.Advertised)
		if err := c.create(ctx, n, behind[i], id, kafkatest.Properties(n, all, opts.Properties)); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	// A controller quorum needs a majority, so the nodes are waited for together.
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for i := range c.nodes {
		if err := c.waitStarted(ctx, i); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	if err := kafkatest.WaitReady(ctx, c.brokers, c.client...); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

type cluster struct {
	docker  *testcontainers.DockerClient
	image   string
	network *testcontainers.DockerNetwork
	brokers []string
	client  []kgo.Opt
	links   []*kafkatest.Link
	nodes   []node
	closing sync.Once
}

type node struct {
	container *testcontainers.DockerContainer
	starts    int // how often it was started: as many times its log must say so
	up        bool
}

// create makes a node's container and starts it, without waiting for the broker to serve; behind is the host port of its
// link. Host ports are fixed: a mapped one changes at each start, and the broker could not tell its clients.
func (c *cluster) create(ctx context.Context, n kafkatest.Node, behind int, id, properties string) error {
	_, port, _ := strings.Cut(n.Advertised, ":")
	bindings, inside := network.PortMap{}, []string{}
	for from, to := range map[int]string{external: port, linked: strconv.Itoa(behind)} {
		p := network.MustParsePort(strconv.Itoa(from) + "/tcp")
		inside = append(inside, p.String())
		bindings[p] = []network.PortBinding{{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: to}}
	}
	box, err := testcontainers.Run(ctx, c.image,
		tcnetwork.WithNetwork([]string{n.Host}, c.network),
		testcontainers.WithExposedPorts(inside...),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
			h.PortBindings = bindings
		}),
		testcontainers.WithEnv(map[string]string{"CLUSTER_ID": id, "KAFKA_HEAP_OPTS": strings.Join(kafkatest.Java, " ")}),
		testcontainers.WithFiles(testcontainers.ContainerFile{
			Reader: strings.NewReader(properties), ContainerFilePath: "/mnt/shared/config/server.properties", FileMode: 0o644,
		}),
	)
	if box != nil {
		c.nodes = append(c.nodes, node{container: box, starts: 1, up: err == nil})
	}
	if err != nil {
		return fmt.Errorf("container of node %d: %w", n.ID-1, err)
	}
	return nil
}

func (c *cluster) Engine() string {
	return fmt.Sprintf("containers, %d × image %s", len(c.nodes), c.image)
}

func (c *cluster) Brokers() []string { return c.brokers }

func (c *cluster) Client() []kgo.Opt {
	return append(slices.Clone(c.client), kgo.SeedBrokers(c.brokers...))
}

func (c *cluster) Links() []*kafkatest.Link { return c.links }

func (c *cluster) Log(node int) ([]byte, error) {
	r, err := c.nodes[node].container.Logs(context.Background())
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// waitStarted returns when the node's log says, as often as it was started, that it serves.
func (c *cluster) waitStarted(ctx context.Context, i int) error {
	n := &c.nodes[i]
	for {
		out, err := c.Log(i)
		if err != nil {
			return err
		}
		if bytes.Count(out, []byte("Kafka Server started")) >= n.starts {
			return nil
		}
		state, err := n.container.State(ctx)
		if err != nil {
			return err
		}
		if !state.Running {
			return fmt.Errorf("node %d ended with code %d while starting\n%s", i, state.ExitCode, kafkatest.Tail(out))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("node %d does not start: %w\n%s", i, ctx.Err(), kafkatest.Tail(out))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (c *cluster) Start(ctx context.Context, i int) error {
	n := &c.nodes[i]
	if n.up {
		return fmt.Errorf("node %d is running", i)
	}
	if err := n.container.Start(ctx); err != nil {
		return err
	}
	n.starts++
	n.up = true
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := c.waitStarted(ctx, i); err != nil {
		return err
	}
	var up []string
	for j := range c.nodes {
		if c.nodes[j].up {
			up = append(up, c.brokers[j])
		}
	}
	return kafkatest.WaitReady(ctx, up, c.client...)
}

func (c *cluster) Stop(ctx context.Context, i int) error {
	n := &c.nodes[i]
	if !n.up {
		return fmt.Errorf("node %d is not running", i)
	}
	grace := 30 * time.Second
	if err := n.container.Stop(ctx, &grace); err != nil {
		return err
	}
	n.up = false
	return nil
}

// Kill goes to the daemon itself: testcontainers-go has no kill on its containers.
func (c *cluster) Kill(ctx context.Context, i int) error {
	n := &c.nodes[i]
	if !n.up {
		return fmt.Errorf("node %d is not running", i)
	}
	if _, err := c.docker.ContainerKill(ctx, n.container.GetContainerID(), client.ContainerKillOptions{Signal: "KILL"}); err != nil {
		return err
	}
	n.up = false
	for {
		state, err := n.container.State(ctx)
		if err != nil || !state.Running {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("node %d outlives SIGKILL: %w", i, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (c *cluster) Close() error {
	var errs []error
	c.closing.Do(func() {
		for _, n := range c.nodes {
			errs = append(errs, testcontainers.TerminateContainer(n.container, testcontainers.StopTimeout(0)))
		}
		if c.network != nil {
			errs = append(errs, c.network.Remove(context.Background()))
		}
		errs = append(errs, c.docker.Close(), kafkatest.CloseLinks(c.links))
	})
	return errors.Join(errs...)
}
