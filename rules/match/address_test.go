package match

import (
	"fmt"
	"testing"
)

// A field of addresses compares as one with another field and with literals, in every spelling and from either side; two
// texts in other fields are the same only if they are written alike.
func TestAddressesInEverySpelling(t *testing.T) {
	const long, short, other = "2001:DB8:0:0::1", "2001:db8::1", "2001:db8::2"
	same := func(p, o string) *Pred { return &Pred{Path: path(p), Op: EqualsField, Other: path(o)} }
	for _, c := range []struct {
		a, b string
		want bool
	}{{long, short, true}, {short, long, true}, {long, other, false}, {"::ffff:192.0.2.7", "192.0.2.7", true}, {"192.0.2.7", "192.0.2.8", false}} {
		raw := fmt.Sprintf(`{"client":{"ipAddress":%q},"request":{"ipChain":[{"ip":%q}]},"n":%q,"m":%q}`, c.a, c.b, c.a, c.b)
		for _, x := range []Expr{same("source.ip", "m"), same("m", "source.ip"), same("source.ip", "n"), pred("source.ip", Equal, c.b), pred("source.ip", Wildcard, c.b)} {
			want := c.want || String(x) == String(same("source.ip", "n"))
			if got := outcome(t, x, raw); got != want {
				t.Errorf("%s of %s: %v", String(x), raw, got)
			}
		}
		for _, x := range []Expr{same("n", "m"), pred("n", Equal, c.b), pred("n", Wildcard, c.b), pred("n", Prefix, c.b)} {
			if got := outcome(t, x, raw); got != (c.a == c.b) {
				t.Errorf("%s of %s: %v", String(x), raw, got)
			}
		}
	}
}
