//go:build noembedded

package embedded

import "errors"

// Broker is none: the build tag noembedded leaves the broker out, for images that always have a Kafka.
type Broker struct{}

// Start fails.
func Start(Options) (*Broker, error) {
	return nil, errors.New("bootstrap.servers is not set, and this build has no in-process broker (tag noembedded): name the brokers of your Kafka in bootstrap.servers")
}

func (*Broker) Addr() string   { return "" }
func (*Broker) Banner() string { return "" }
func (*Broker) Close()         {}
