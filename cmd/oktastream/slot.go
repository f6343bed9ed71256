package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
)

// slot is a number that no other running process of this host and group has, so that a process which takes the place
// of a killed one gets its name: the transactional ids made of it abort at once what the other left open, instead of
// holding back every reader until the transaction times out.
type slot struct {
	name string
	file *os.File
}

const maxSlots = 64

// claimSlot takes the lowest free slot. The lock ends with the process, however it ends.
func claimSlot(group string) (*slot, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("host name: %w; set instance", err)
	}
	var last error
	for n := range maxSlots {
		name := fmt.Sprintf("%s-%d", host, n)
		path := filepath.Join(os.TempDir(), fmt.Sprintf("oktastream-%s-%d.lock", cmp.Or(group, "oktastream"), n))
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			last = err // another user's, or no room for a file
			continue
		}
		if err := lock(f); err != nil {
			f.Close()
			continue
		}
		return &slot{name, f}, nil
	}
	if last != nil {
		return nil, fmt.Errorf("%w: %w", errNoSlot, last)
	}
	return nil, errNoSlot
}

// release gives the slot back. The file stays: removing it would race with a process that has just opened it.
func (s *slot) release() { s.file.Close() }
