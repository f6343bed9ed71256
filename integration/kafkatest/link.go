package kafkatest

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Link is the way from clients to one broker: a TCP proxy on the address that the broker advertises to those who come
// by it. Other clients and the other brokers reach the broker without it, so that what is done to a link happens between
// the clients under test and that broker alone. Its methods may be called concurrently.
type Link struct {
	listener net.Listener
	to       string
	done     chan struct{} // closed by Close
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
	up    gate // to the broker
	down  gate // to the client
	delay time.Duration
	rate  int // bytes a second for each connection and direction, 0 for any
}

// gate is closed while bytes flow; a link that is cut has an open one.
type gate chan struct{}

func flowing() gate {
	g := make(gate)
	close(g)
	return g
}

func (g gate) flows() bool {
	select {
	case <-g:
		return true
	default:
		return false
	}
}

// NewLink listens on addr and passes everything on to the broker at to, which need not be there yet.
func NewLink(addr, to string) (*Link, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("link to %s: %w", to, err)
	}
	k := &Link{listener: l, to: to, done: make(chan struct{}), conns: make(map[net.Conn]bool), up: flowing(), down: flowing()}
	k.wg.Go(k.accept)
	return k, nil
}

// Addr is what clients connect to.
func (k *Link) Addr() string { return k.listener.Addr().String() }

// Cut loses what clients and broker say to each other, as a network does that drops packets: connections stay, new ones
// can be opened, nothing arrives. What was under way arrives after Restore, unless an end has given up.
func (k *Link) Cut() { k.hold(true, true) }

// CutAnswers lets requests arrive and loses the answers.
func (k *Link) CutAnswers() { k.hold(false, true) }

// Slow delays what each connection carries, one way and the other, and bounds it to so many bytes a second; 0 is
// without bound. It holds until Restore.
func (k *Link) Slow(delay time.Duration, bytesPerSecond int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.delay, k.rate = delay, bytesPerSecond
}

// Drop closes every connection; new ones can be opened.
func (k *Link) Drop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for c := range k.conns {
		c.Close()
	}
}

// Restore ends a cut and slowness.
func (k *Link) Restore() {
	k.Slow(0, 0)
	k.hold(false, false)
}

func (k *Link) hold(up, down bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, d := range []struct {
		g    *gate
		hold bool
	}{{&k.up, up}, {&k.down, down}} {
		switch {
		case d.hold && d.g.flows():
			*d.g = make(gate)
		case !d.hold && !d.g.flows():
			close(*d.g)
		}
	}
}

// Close ends every connection and waits for its goroutines.
func (k *Link) Close() error {
	k.mu.Lock()
	select {
	case <-k.done:
		k.mu.Unlock()
		return nil
	default:
	}
	close(k.done)
	k.mu.Unlock()
	err := k.listener.Close()
	k.Drop()
	k.wg.Wait()
	return err
}

func (k *Link) accept() {
	for {
		client, err := k.listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				time.Sleep(10 * time.Millisecond) // out of descriptors, or so
				continue
			}
			return
		}
		k.wg.Go(func() { k.serve(client) })
	}
}

// serve joins one client to the broker until one of them, or Close, hangs up. A broker that is away hangs up at once.
func (k *Link) serve(client net.Conn) {
	defer k.forget(client)
	if !k.remember(client) || !k.wait(&k.up) {
		return
	}
	broker, err := net.DialTimeout("tcp", k.to, 5*time.Second)
	if err != nil {
		return
	}
	defer k.forget(broker)
	if !k.remember(broker) {
		return
	}
	ended := make(chan struct{}, 2)
	k.wg.Go(func() { k.carry(broker, client, &k.up); ended <- struct{}{} })
	k.wg.Go(func() { k.carry(client, broker, &k.down); ended <- struct{}{} })
	<-ended
}

func (k *Link) remember(c net.Conn) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	select {
	case <-k.done:
		return false
	default:
	}
	k.conns[c] = true
	return true
}

func (k *Link) forget(c net.Conn) {
	k.mu.Lock()
	delete(k.conns, c)
	k.mu.Unlock()
	c.Close()
}

// wait returns when bytes may flow, or false when the link is closed.
func (k *Link) wait(g *gate) bool {
	k.mu.Lock()
	now := *g
	k.mu.Unlock()
	select {
	case <-now:
		return true
	case <-k.done:
		return false
	}
}

// piece is what was read at once, and when it may arrive.
type piece struct {
	bytes []byte
	at    time.Time
}

// carry copies from one connection to the other, through a queue: a delay must not bound how much is under way.
func (k *Link) carry(to io.WriteCloser, from io.ReadCloser, g *gate) {
	defer to.Close()
	const pieces, size = 64, 32 << 10
	queue := make(chan piece, pieces)
	k.wg.Go(func() {
		defer close(queue)
		for {
			b := make([]byte, size)
			n, err := from.Read(b)
			if n > 0 {
				k.mu.Lock()
				at := time.Now().Add(k.delay)
				k.mu.Unlock()
				queue <- piece{b[:n], at}
			}
			if err != nil {
				return
			}
		}
	})
	defer func() {
		from.Close()
		for range queue { // lets the reader end
		}
	}()
	for p := range queue {
		k.mu.Lock()
		pause := max(0, time.Until(p.at))
		if k.rate > 0 {
			pause += time.Duration(len(p.bytes)) * time.Second / time.Duration(k.rate)
		}
		k.mu.Unlock()
		if !k.sleep(pause) || !k.wait(g) {
			return
		}
		if _, err := to.Write(p.bytes); err != nil {
			return
		}
	}
}

// sleep reports whether the link is still open.
func (k *Link) sleep(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-k.done:
		return false
	}
}
