package embedded

import (
	"os/exec"
	"strings"
	"testing"
)

// The tag leaves the broker out of the binary, and nothing else brings it in.
func TestTagLeavesTheBrokerOut(t *testing.T) {
	for tag, want := range map[string]bool{"": true, "noembedded": false} {
		out, err := exec.Command("go", "list", "-deps", "-tags", tag, "oktastream/cmd/oktastream").CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if got := strings.Contains(string(out), "/kfake"); got != want {
			t.Errorf("tags %q: kfake is linked: %v, want %v", tag, got, want)
		}
	}
}
