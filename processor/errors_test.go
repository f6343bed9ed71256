package processor

import (
	"strings"
	"testing"
	"time"
)

// What no new session will change ends the process with the broker's own words, instead of being tried forever.
func TestMisconfiguredSessionIsPermanent(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	createInput(t, c, 1)
	p := start(t, c, counting(), func(c *Config) {
		c.SessionTimeout, c.TransactionTimeout = 40*time.Minute, 41*time.Minute // above group.max.session.timeout.ms
	})
	select {
	case err := <-p.done:
		if err == nil || !strings.Contains(err.Error(), "SESSION_TIMEOUT") && !strings.Contains(err.Error(), "TRANSACTION_TIMEOUT") {
			t.Errorf("ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("it goes on trying")
	}
}
