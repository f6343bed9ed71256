package oktafilter

import (
	"strings"
	"testing"
	"time"

	"oktastream/rules/match"
)

// TestLinearTime: ten times the input must not take a hundred times as long. The bound is wide, because a shared machine
// is slow now and then; quadratic behaviour at these sizes takes minutes.
func TestLinearTime(t *testing.T) {
	const size = 1 << 17
	for _, part := range []string{
		"a pr and ", "a pr or ", "(", "not ", " ", "\n", `"`, `"\n`, "a[", "a[]", "é", "[", "1", "a pr ) ", `a in ["x",`, "\\", "a.",
	} {
		start := time.Now()
		Parse(strings.Repeat(part, size/len(part)), match.Pos{})
		Parse(`a eq "`+strings.Repeat(part, size/len(part)), match.Pos{})
		Parse(`a in ["x"`+strings.Repeat(`,"x"`, size/4)+part, match.Pos{})
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%q repeated: %v", part, took)
		}
	}
}
