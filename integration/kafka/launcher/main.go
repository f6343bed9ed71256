package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

const (
	java       = "/opt/java/bin/java" // where image.sh puts the JRE
	properties = "/mnt/shared/config/server.properties"
	formatted  = "/var/lib/kafka/data/meta.properties" // log.dirs is what the suite says
)

func main() {
	if err := launch(); err != nil {
		fmt.Fprintln(os.Stderr, "launcher:", err)
		os.Exit(1)
	}
}

// launch formats the storage and becomes the broker; it returns only when it fails.
func launch() error {
	id := os.Getenv("CLUSTER_ID")
	if id == "" {
		return fmt.Errorf("CLUSTER_ID is not set")
	}
	classpath := []string{"-Dlog4j2.configurationFile=/opt/kafka/log4j2.properties", "-Dkafka.logs.dir=/tmp", "-cp", "/opt/kafka/libs/*"}
	// Once is enough, and a JVM takes its time.
	if _, err := os.Stat(formatted); err != nil {
		if err := format(id, classpath); err != nil {
			return err
		}
	}
	args := append([]string{java, "-XX:+UseSerialGC"}, strings.Fields(os.Getenv("KAFKA_HEAP_OPTS"))...)
	args = append(append(args, classpath...), "kafka.Kafka", properties)
	return syscall.Exec(java, args, os.Environ())
}

func format(id string, classpath []string) error {
	format := exec.Command(java, append(append([]string{"-XX:TieredStopAtLevel=1"}, classpath...),
		"kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", id, "-c", properties)...)
	format.Stdout, format.Stderr = os.Stdout, os.Stderr
	if err := format.Run(); err != nil {
		return fmt.Errorf("format: %w", err)
	}
	return nil
}
