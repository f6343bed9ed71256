package kafkatest

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// FreePorts returns n loopback ports that nobody listens on. They lie below the range from which the kernel takes
// source ports: a client that keeps dialling a dead broker's port inside that range can end up connected to itself,
// and any outgoing connection may take the port before the broker comes back.
func FreePorts(n int) ([]int, error) {
	const low, high = 15000, 32000
	var ports []int
	seen := map[int]bool{}
	for range 1000 {
		if len(ports) == n {
			return ports, nil
		}
		port := low + rand.IntN(high-low)
		if seen[port] {
			continue
		}
		seen[port] = true
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue // taken
		}
		l.Close()
		ports = append(ports, port)
	}
	return nil, fmt.Errorf("found %d free loopback ports of the %d wanted", len(ports), n)
}
