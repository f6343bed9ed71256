package kafkatest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// echo answers everything with itself.
func echo(t *testing.T) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_, _ = io.Copy(c, c) // until either end hangs up
			}()
		}
	}()
	return l.Addr().String()
}

func dial(t *testing.T, k *Link) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", k.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// say sends text and returns whether it came back within the time given.
func say(t *testing.T, c net.Conn, text string, within time.Duration) bool {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return hear(t, c, text, within)
}

func hear(t *testing.T, c net.Conn, text string, within time.Duration) bool {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, len(text))
	n, err := io.ReadFull(c, b)
	if errors.Is(err, os.ErrDeadlineExceeded) && n == 0 {
		return false
	}
	if err != nil || string(b) != text {
		t.Fatalf("heard %q, want %q: %v", b[:n], text, err)
	}
	return true
}

func TestLink(t *testing.T) {
	const soon, silence = 5 * time.Second, 150 * time.Millisecond
	k, err := NewLink("127.0.0.1:0", echo(t))
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, k)
	if !say(t, c, "one", soon) {
		t.Fatal("an open link loses what is said")
	}
	for _, cut := range []struct {
		name string
		do   func()
	}{{"Cut", k.Cut}, {"CutAnswers", k.CutAnswers}} {
		cut.do()
		late := dial(t, k)
		if say(t, c, "two", silence) || say(t, late, "three", silence) {
			t.Fatalf("an answer comes through %s", cut.name)
		}
		k.Restore()
		if !hear(t, c, "two", soon) || !hear(t, late, "three", soon) {
			t.Fatalf("what was under way does not arrive after %s", cut.name)
		}
	}
	k.Slow(100*time.Millisecond, 0)
	began := time.Now()
	if !say(t, c, "four", soon) {
		t.Fatal("a slow link loses what is said")
	}
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("an answer comes after %v, with a delay of 100ms each way", took)
	}
	k.Slow(0, 1<<20)
	began = time.Now()
	if big := string(bytes.Repeat([]byte("x"), 256<<10)); !say(t, c, big, soon) {
		t.Fatal("a slow link loses what is said")
	}
	if took := time.Since(began); took < 250*time.Millisecond {
		t.Errorf("256 KiB take %v at 1 MiB/s", took)
	}
	k.Drop()
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("a connection outlives Drop")
	}
	k.Restore()
	if !say(t, dial(t, k), "five", soon) {
		t.Error("no connection can be made after Drop")
	}
	k.Cut()
	held := dial(t, k)
	if say(t, held, "six", silence) {
		t.Error("an answer comes through Cut")
	}
	if err := k.Close(); err != nil { // also with a connection that waits
		t.Error(err)
	}
	if _, err := net.Dial("tcp", k.Addr()); err == nil {
		t.Error("a closed link accepts")
	}
}

func TestLinkWithoutBroker(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	k, err := NewLink("127.0.0.1:0", gone.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	if _, err := dial(t, k).Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a link to nobody hangs up: %v", err)
	}
}
