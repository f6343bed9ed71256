//go:build !synctests

package processor

// durableLocks: in virtual time a goroutine that waits for a sync.Mutex stops the clock, and the Kafka client does wait so:
// a member that commits while it joins again, for one. Its build tag synctests replaces its locks by channels; the fault
// matrix needs that, and `make test` runs it so.
const durableLocks = false
