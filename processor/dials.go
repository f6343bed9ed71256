package processor

import (
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// dials remembers why the last connection did not come about: the client tries again for as long as it may, and then says
// that time is up.
type dials struct{ last atomic.Pointer[error] }

// OnBrokerConnect implements kgo.HookBrokerConnect.
func (d *dials) OnBrokerConnect(meta kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err == nil {
		d.last.Store(nil)
		return
	}
	err = fmt.Errorf("no connection to %s: %w", net.JoinHostPort(meta.Host, fmt.Sprint(meta.Port)), err)
	d.last.Store(&err)
}

// untaken says why records have not been taken within the deadline, as far as known.
func (s *session) untaken(err error) error {
	err = fmt.Errorf("flush: %w", err)
	why := "too few replicas in sync, or no leader?"
	if p := s.dials.last.Load(); p != nil {
		err = fmt.Errorf("%w: %w", err, *p)
		if errors.Is(*p, syscall.EMFILE) || errors.Is(*p, syscall.ENFILE) {
			why = "this process, or this machine, may open no more files: raise the limit (ulimit -n, LimitNOFILE)"
		}
	}
	return fmt.Errorf("no broker has taken %s within %v (%s): %w", s.refused(), s.opts.end, why, err)
}
