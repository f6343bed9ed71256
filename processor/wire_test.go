package processor

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// network is what a process's clients dial through. It can be cut, which stands in for kill -9: nothing more leaves, and
// the group is not told. It can be frozen, which stands in for a stopped process or a broken route. And it can break a
// connection at one request of a kind, before the broker has it or after it has answered.
type network struct {
	dial func(context.Context, string, string) (net.Conn, error)

	mu     sync.Mutex
	conns  map[*wire]bool
	down   bool
	frozen chan struct{} // closed by thaw; nil when not frozen
	breaks []*breakage
}

// breakage closes a connection instead of sending a request, or instead of handing on its answer.
type breakage struct {
	key    kmsg.Key
	answer bool // the request gets through
	left   int  // how many
	hits   int
}

var errCut = errors.New("the network is cut")

func newNetwork() *network {
	return &network{dial: (&net.Dialer{}).DialContext, conns: make(map[*wire]bool)}
}

func (n *network) DialContext(ctx context.Context, kind, addr string) (net.Conn, error) {
	if err := n.wait(ctx.Done()); err != nil {
		return nil, err
	}
	c, err := n.dial(ctx, kind, addr)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down {
		c.Close()
		return nil, errCut
	}
	w := &wire{Conn: c, net: n, closed: make(chan struct{})}
	n.conns[w] = true
	return w, nil
}

func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = true
	for c := range n.conns {
		c.Conn.Close()
	}
}

func (n *network) broken(key kmsg.Key) *breakage {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, b := range n.breaks {
		if b.key == key && b.left > 0 {
			b.left--
			b.hits++
			return b
		}
	}
	return nil
}

func (n *network) wait(done <-chan struct{}) error {
	n.mu.Lock()
	frozen := n.frozen
	n.mu.Unlock()
	if frozen == nil {
		return nil
	}
	select {
	case <-frozen:
		return nil
	case <-done:
		return errCut
	}
}

// wire is one connection. The client writes whole requests, and reads an answer's size by itself.
type wire struct {
	net.Conn
	net    *network
	once   sync.Once
	closed chan struct{}

	mu     sync.Mutex
	lose   map[uint32]bool // correlation ids of answers to lose
	header []byte          // of the answer that is being read, not handed on yet
	rest   int             // bytes of it that are still to be read
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	w.net.mu.Lock()
	delete(w.net.conns, w)
	w.net.mu.Unlock()
	return w.Conn.Close()
}

func (w *wire) Write(b []byte) (int, error) {
	if err := w.net.wait(w.closed); err != nil {
		return 0, err
	}
	if len(b) >= 12 {
		if br := w.net.broken(kmsg.Key(int16(binary.BigEndian.Uint16(b[4:])))); br != nil {
			if !br.answer {
				w.Conn.Close()
				return 0, io.ErrClosedPipe
			}
			w.mu.Lock()
			if w.lose == nil {
				w.lose = make(map[uint32]bool)
			}
			w.lose[binary.BigEndian.Uint32(b[8:])] = true
			w.mu.Unlock()
		}
	}
	return w.Conn.Write(b)
}

// Read looks at the first 8 bytes of each answer: its size and its correlation id.
func (w *wire) Read(b []byte) (int, error) {
	if len(w.header) == 0 && w.rest == 0 {
		head := make([]byte, 8)
		if _, err := io.ReadFull(w.Conn, head); err != nil {
			return 0, err
		}
		w.mu.Lock()
		lost := w.lose[binary.BigEndian.Uint32(head[4:])]
		w.mu.Unlock()
		if lost {
			w.Conn.Close()
			return 0, io.EOF
		}
		w.header, w.rest = head, int(binary.BigEndian.Uint32(head))-4
	}
	if err := w.net.wait(w.closed); err != nil {
		return 0, err
	}
	if len(w.header) > 0 {
		n := copy(b, w.header)
		w.header = w.header[n:]
		return n, nil
	}
	n, err := w.Conn.Read(b[:min(len(b), w.rest)])
	w.rest -= n
	return n, err
}
