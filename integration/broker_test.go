package integration

import (
	"testing"

	"oktastream/integration/suite"
)

// The in-process broker gives what the guarantees stand on; Apache Kafka is asked the same in containers.
func TestBroker(t *testing.T) {
	suite.Broker(t, newFake(t))
}
