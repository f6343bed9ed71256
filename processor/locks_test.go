//go:build !synctests

package processor

// durableLocks: in virtual time a goroutine that waits for a sync.Mutex stops the clock. A member that commits while it
// joins again waits so inside the Kafka client; hence tests with two members of a group need its build tag synctests,
// which replaces its locks. `make test` sets it.
const durableLocks = false
