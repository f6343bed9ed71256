package feed

import "math/rand/v2"

// Streams keep independent decisions independent: another Disorder delivers the same events.
const (
	streamEvents = iota
	streamDelivery
)

// random is a source that depends on nothing but its seed.
type random struct{ *rand.Rand }

func newRandom(seed, stream uint64) random {
	return random{rand.New(rand.NewPCG(seed, stream))}
}

func pick[T any](r random, list []T) T { return list[r.IntN(len(list))] }

// oneIn is true once in n times, on average.
func (r random) oneIn(n int) bool { return r.IntN(n) == 0 }

func (r random) text(n int, alphabet string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

// hex is n random hexadecimal digits.
func (r random) hex(n int) string {
	const digits = "0123456789abcdef"
	b := make([]byte, n)
	var bits uint64
	for i := range b {
		if i%16 == 0 {
			bits = r.Uint64()
		}
		b[i] = digits[bits&15]
		bits >>= 4
	}
	return string(b)
}

// id is an identifier as Okta makes them: a prefix for the kind, 20 characters in all.
func (r random) id(prefix string) string {
	return prefix + r.text(20-len(prefix), "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
}
