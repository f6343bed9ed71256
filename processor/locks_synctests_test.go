//go:build synctests

package processor

// durableLocks: the Kafka client waits for its own locks in a way that virtual time can pass over.
const durableLocks = true
