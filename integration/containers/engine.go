package containers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"oktastream/integration/kafkatest"
)

// What the environment may ask for.
const (
	// engineVariable: containers or processes; empty tries containers and then processes.
	engineVariable = "OKTASTREAM_KAFKA_ENGINE"
	// imageVariable: an image to use as it is, pulled where it is not there; or the word local for one built from this
	// machine's JRE. Empty tries the official image and then builds.
	imageVariable = "OKTASTREAM_KAFKA_IMAGE"
)

// Settings refuses an environment in which testcontainers-go would leave this machine: without the override it may take
// the machine for a container and dial its gateway, and its reaper is an image of its own.
func Settings() error {
	for name, value := range map[string]string{"TESTCONTAINERS_HOST_OVERRIDE": "127.0.0.1", "TESTCONTAINERS_RYUK_DISABLED": "true"} {
		if os.Getenv(name) != value {
			return fmt.Errorf("set %s=%s, as make integration does", name, value)
		}
	}
	return nil
}

// StartCluster starts Kafka in the engine that the environment asks for, or in the first that works; say is told what
// was tried. Child processes keep their logs in dir.
func StartCluster(ctx context.Context, dir string, opts kafkatest.Options, say func(format string, args ...any)) (kafkatest.Cluster, error) {
	engine := os.Getenv(engineVariable)
	switch engine {
	case "", "containers", "processes":
	default:
		return nil, fmt.Errorf("%s is %q; want containers, processes or nothing", engineVariable, engine)
	}
	var failed error
	if engine != "processes" {
		c, err := startContainers(ctx, opts, say)
		if err == nil || engine == "containers" {
			return c, err
		}
		failed = fmt.Errorf("containers: %w", err)
		say("no containers, so Kafka runs in child processes: %v", err)
	}
	c, err := kafkatest.StartProcesses(ctx, dir, opts)
	if err != nil {
		return nil, errors.Join(failed, fmt.Errorf("child processes: %w", err))
	}
	return c, nil
}

func startContainers(ctx context.Context, opts kafkatest.Options, say func(string, ...any)) (kafkatest.Cluster, error) {
	docker, err := testcontainers.NewDockerClientWithOpts(ctx)
	if err != nil {
		return nil, err
	}
	defer docker.Close()
	version, err := docker.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return nil, err
	}
	say("container engine %s, API %s", version.Version, docker.ClientVersion())
	image, err := chooseImage(ctx, docker, say)
	if err != nil {
		return nil, err
	}
	return Start(ctx, image, opts)
}

func chooseImage(ctx context.Context, docker *testcontainers.DockerClient, say func(string, ...any)) (string, error) {
	official, local := "apache/kafka:"+kafkatest.Version(), "oktastream-kafka:"+kafkatest.Version()
	switch image := os.Getenv(imageVariable); image {
	case "local":
	case "":
		err := pull(ctx, docker, official)
		if err == nil {
			return official, nil
		}
		say("%s cannot be had, so an image is built here: %v", official, err)
	default: // named, so nothing else will do
		return image, pull(ctx, docker, image)
	}
	_, err := kafkatest.Script(ctx, "image.sh", local, kafkatest.Version())
	return local, err
}

// pull fetches an image unless the engine has it.
func pull(ctx context.Context, docker *testcontainers.DockerClient, image string) error {
	if _, err := docker.ImageInspect(ctx, image); err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	progress, err := docker.ImagePull(ctx, image, client.ImagePullOptions{})
	if err != nil {
		return err
	}
	defer progress.Close()
	return progress.Wait(ctx)
}
