package match

import (
	"net/netip"
	"regexp"
	"slices"
	"testing"
)

// TestCanonicalForm pins the form. If it fails, the change loses every stored window on upgrade: change the code, not
// the test.
func TestCanonicalForm(t *testing.T) {
	a, b := pred("a", Equal, "1"), pred("b", Equal, "2")
	nets := pred("client.ipAddress", InCIDR)
	nets.Nets = []netip.Prefix{netip.MustParsePrefix("192.0.2.7/24"), netip.MustParsePrefix("::ffff:10.0.0.0/104")}
	re := folding(pred("client.userAgent.rawUserAgent", Regexp))
	re.Re = []*regexp.Regexp{regexp.MustCompile(`(?i)x"y`), regexp.MustCompile("é")}
	tests := []struct {
		x    Expr
		want string
	}{
		{pred("actor.id", Exists, "ignored"), `(exists "actor.id")`},
		{pred("actor.id", Empty), `(empty "actor.id")`},
		{pred("eventType", Equal, "b", "a", "b"), `(equal "eventType" "a" "b")`},
		{folding(pred("eventType", Equal, "B", "a", "Ä")), `(equal "eventType" fold "a" "b" "\u00c4")`},
		{all(pred("target.type", Equal, "User", "App")), `(equal "target.type" all "App" "User")`},
		{all(pred("target.type", Equal, "User")), `(equal "target.type" "User")`},
		{pred("target[type=User].alternateId", Prefix, "a\"\n"), `(prefix "target[type=User].alternateId" "a\"\n")`},
		{pred("a", Suffix, "x"), `(suffix "a" "x")`},
		{folding(pred("a", Contains, "X")), `(contains "a" fold "x")`},
		{pred("a", Wildcard, `*\*?`), `(wildcard "a" "*\\*?")`},
		{re, `(regexp "client.userAgent.rawUserAgent" "(?i)x\"y" "\u00e9")`},
		{all(nets), `(cidr "client.ipAddress" all "10.0.0.0/8" "192.0.2.0/24")`},
		{folding(pred("n", Less, "1E3")), `(less "n" "1e3")`},
		{pred("n", LessEqual, "1"), `(lessequal "n" "1")`},
		{pred("n", Greater, "1"), `(greater "n" "1")`},
		{pred("n", GreaterEqual, "1"), `(greaterequal "n" "1")`},
		{&Pred{Path: path("a"), Op: EqualsField, Other: path("b"), Fold: true}, `(equalsfield "a" fold "b")`},
		{&Pred{Path: path("a"), Op: EqualsField, Other: path("b"), Form: Prefix}, `(equalsfield "a" prefix "b")`},
		{pred("a", Equal), `false`},
		{&Pred{Op: Exists}, `false`},
		{nil, `false`},
		{And{}, `true`},
		{Or{}, `false`},
		{And{b, a}, `(and (equal "a" "1") (equal "b" "2"))`},
		{And{And{b, Const(true)}, Or{a, a}, Not{Not{b}}}, `(and (equal "a" "1") (equal "b" "2"))`},
		{Or{Not{And{b, a}}, Or{a}}, `(or (equal "a" "1") (not (and (equal "a" "1") (equal "b" "2"))))`},
		{And{a, Or{}}, `false`},
		{Or{a, Not{Const(false)}}, `true`},
		{Not{a}, `(not (equal "a" "1"))`},
		{Or{And{a, b}, And{b, a}}, `(and (equal "a" "1") (equal "b" "2"))`},
		{And{a, Or{And{a, b}, And{b, a}}}, `(and (equal "a" "1") (equal "b" "2"))`},
	}
	for _, tt := range tests {
		if got := String(tt.x); got != tt.want {
			t.Errorf("got  %s\nwant %s", got, tt.want)
		}
	}
}

// TestCanonicalFormTellsApart: expressions that mean different things must not share state.
func TestCanonicalFormTellsApart(t *testing.T) {
	a, b := pred("a", Equal, "x"), pred("b", Equal, "x")
	exprs := []Expr{
		a, b, folding(a), pred("a", Equal, "X"), pred("a", Equal, "x", "y"), all(pred("a", Equal, "x", "y")),
		pred("a", Equal, `x" "y`), pred("a", Prefix, "x"), pred("a", Wildcard, "x"), Not{a}, And{a, b}, Or{a, b},
		And{a, Not{b}}, Not{And{a, b}}, Not{Or{a, b}}, Const(true), Const(false),
	}
	seen := map[string]int{}
	for i, x := range exprs {
		if j, ok := seen[String(x)]; ok {
			t.Errorf("expressions %d and %d share the form %s", i, j, String(x))
		}
		seen[String(x)] = i
	}
}

func TestEventTypes(t *testing.T) {
	typed := func(types ...string) *Pred { return pred("eventType", Equal, types...) }
	other := pred("outcome.result", Equal, "FAILURE")
	tests := []struct {
		name string
		x    Expr
		want []string
		ok   bool
	}{
		{"one", typed("a"), []string{"a"}, true},
		{"several", typed("b", "a", "b"), []string{"a", "b"}, true},
		{"ECS name", pred("event.action", Equal, "a"), []string{"a"}, true},
		{"name in other case", pred("eventtype", Equal, "a"), []string{"a"}, true},
		{"folding keeps the spelling", folding(typed("user.authentication.auth_via_IDP")), []string{"user.authentication.auth_via_IDP"}, true},
		{"and something else", And{other, typed("a")}, []string{"a"}, true},
		{"intersection", And{typed("a", "b"), typed("b", "c")}, []string{"b"}, true},
		{"contradiction", And{typed("a"), typed("b")}, nil, true},
		{"or", Or{typed("b"), And{typed("a"), other}}, []string{"a", "b"}, true},
		{"or something else", Or{typed("a"), other}, nil, false},
		{"prefix", pred("eventType", Prefix, "user."), nil, false},
		{"wildcard without wildcards", pred("eventType", Wildcard, "a"), []string{"a"}, true},
		{"not", Not{typed("a")}, nil, false},
		{"not not", Not{Not{typed("a")}}, []string{"a"}, true},
		{"not nothing", Not{Or{Not{typed("a")}, other}}, []string{"a"}, true},
		{"never", Const(false), nil, true},
		{"always", Const(true), nil, false},
		{"nil", nil, nil, true},
	}
	for _, tt := range tests {
		if got, ok := EventTypes(tt.x); !slices.Equal(got, tt.want) || ok != tt.ok {
			t.Errorf("%s: %q, %v; want %q, %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func TestPaths(t *testing.T) {
	x := And{pred("b", Exists), Not{Or{pred("a", Exists), pred("b", Empty)}}, &Pred{Path: path("c"), Op: EqualsField, Other: path("d")}, nil, (*Pred)(nil)}
	var got []string
	for _, p := range Paths(x) {
		got = append(got, p.String())
	}
	if want := []string{"b", "a", "c", "d"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
