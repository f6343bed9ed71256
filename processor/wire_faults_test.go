//go:build synctests

package processor

import "github.com/twmb/franz-go/pkg/kmsg"

// mend undoes cut.
func (n *network) mend() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = false
}

// freeze holds back every byte until thaw.
func (n *network) freeze() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.frozen == nil {
		n.frozen = make(chan struct{})
	}
}

func (n *network) thaw() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.frozen != nil {
		close(n.frozen)
		n.frozen = nil
	}
}

// drop closes the connections of now; new ones may be made.
func (n *network) drop() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		c.Conn.Close()
	}
}

// breakAt closes the connection at the next count requests of the kind, or at their answers.
func (n *network) breakAt(key kmsg.Key, answer bool, count int) *breakage {
	b := &breakage{key: key, answer: answer, left: count}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.breaks = append(n.breaks, b)
	return b
}

func (n *network) hits(b *breakage) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return b.hits
}
