package match

import (
	"encoding/json"
	"math/big"
	"strconv"
	"testing"

	"pgregory.net/rapid"
)

// TestNumbersCompareExactly checks against arbitrary precision.
func TestNumbersCompareExactly(t *testing.T) {
	draw := func(t *rapid.T, name string) string {
		s := strconv.Itoa(rapid.IntRange(-1200, 1200).Draw(t, name))
		if rapid.Bool().Draw(t, name+" has fraction") {
			s += "." + rapid.StringMatching(`[0-9]{1,3}`).Draw(t, name+" fraction")
		}
		if rapid.Bool().Draw(t, name+" has exponent") {
			s += rapid.StringMatching(`[eE][+-]?[0-3]`).Draw(t, name+" exponent")
		}
		return s
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		x, okX := parseNumber(a)
		y, okY := parseNumber(b)
		if !okX || !okY {
			t.Fatalf("%q or %q refused", a, b)
		}
		p, _ := new(big.Rat).SetString(a)
		q, _ := new(big.Rat).SetString(b)
		if x.compare(y) != p.Cmp(q) {
			t.Fatalf("%s against %s: %d, want %d", a, b, x.compare(y), p.Cmp(q))
		}
		if (string(x.appendKey(nil)) == string(y.appendKey(nil))) != (p.Cmp(q) == 0) {
			t.Fatalf("keys of %s and %s: %s and %s", a, b, x.appendKey(nil), y.appendKey(nil))
		}
	})
}

// TestNumberSyntax: a number is what JSON calls so, up to the bound on exponents.
func TestNumberSyntax(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`-?[0-9]{0,3}\.?[0-9]{0,2}[eE]?[+-]?[0-9]{0,2}x?`).Draw(t, "s")
		var n json.Number
		want := s != "" && s != "null" && json.Unmarshal([]byte(s), &n) == nil
		if _, got := parseNumber(s); got != want {
			t.Fatalf("%q: %v, want %v", s, got, want)
		}
	})
	if _, ok := parseNumber("1e9999999999"); ok {
		t.Error("an absurd exponent was read")
	}
}
