package processor

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Why no broker has taken records is told by what kept them from it.
func TestUntakenSaysWhy(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		dialed []error
		want   string
		not    string
	}{
		"connected":             {[]error{nil}, "too few replicas", "connection"},
		"no more files":         {[]error{nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.EMFILE)}}, "may open no more files", "too few replicas"},
		"no more in the system": {[]error{os.NewSyscallError("socket", syscall.ENFILE)}, "may open no more files", "too few replicas"},
		"refused":               {[]error{os.NewSyscallError("connect", syscall.ECONNREFUSED)}, "no connection to kafka:9092", "files"},
		"it came about later":   {[]error{os.NewSyscallError("socket", syscall.EMFILE), nil}, "too few replicas", "files"},
	} {
		s := &session{opts: sessionOptions{end: time.Second}}
		for _, err := range c.dialed {
			s.dials.OnBrokerConnect(kgo.BrokerMetadata{Host: "kafka", Port: 9092}, 0, nil, err)
		}
		err := s.untaken(context.DeadlineExceeded)
		if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), c.not) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
