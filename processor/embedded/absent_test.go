//go:build noembedded

package embedded

import (
	"strings"
	"testing"
)

func TestAbsent(t *testing.T) {
	b, err := Start(Options{Port: DefaultPort})
	if b != nil || err == nil || !strings.Contains(err.Error(), "bootstrap.servers is not set") || !strings.Contains(err.Error(), "noembedded") {
		t.Errorf("Start() = %v, %v; want an error that says what to set", b, err)
	}
}
