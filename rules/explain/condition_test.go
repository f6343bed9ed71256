package explain

import (
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"oktastream/rules/event"
	"oktastream/rules/match"
)

func TestWording(t *testing.T) {
	path := event.MustPath("target.alternateId")
	for want, p := range map[string]*match.Pred{
		"target.alternateId exists":                     {Op: match.Exists},
		"target.alternateId is empty":                   {Op: match.Empty},
		`target.alternateId = "a"`:                      {Op: match.Equal, Literals: []string{"a"}},
		`target.alternateId = any of ["a", "b"]`:        {Op: match.Equal, Literals: []string{"a", "b"}},
		`target.alternateId contains all of ["a", "b"]`: {Op: match.Contains, Literals: []string{"a", "b"}, All: true},
		`target.alternateId starts with any of ["1", "2", "3", "4", "5", "6", 2 more]`: {Op: match.Prefix,
			Literals: strings.Split("1 2 3 4 5 6 7 8", " ")},
		`target.alternateId ends with "a"`:             {Op: match.Suffix, Literals: []string{"a"}},
		`target.alternateId is like "a*"`:              {Op: match.Wildcard, Literals: []string{"a*"}},
		`target.alternateId matches /^\w+$/`:           {Op: match.Regexp, Re: []*regexp.Regexp{regexp.MustCompile(`^\w+$`)}},
		`target.alternateId is in "192.0.2.0/24"`:      {Op: match.InCIDR, Nets: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}},
		`hour of target.alternateId >= "22"`:           {Op: match.GreaterEqual, Part: match.Hour, Literals: []string{"22"}},
		"target.alternateId = field actor.alternateId": {Op: match.EqualsField, Other: event.MustPath("actor.alternateId")},
		`an element of target.alternateId with (element.type = "User" and not element.id exists)`: {Op: match.Element, Body: match.And{
			is("element.type", "User"), match.Not{X: &match.Pred{Path: event.MustPath("element.id"), Op: match.Exists}}}},
	} {
		p.Path = path
		if got := wording(p); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestComparison(t *testing.T) {
	ev, err := event.NewDecoder(event.NewFields()).Decode([]byte(`{"actor":{"id":"Ada"},"target":[{"id":"1","n":7},{"id":"2"},{"n":"7"}]}`), event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		x    match.Expr
		want string // values, a mark before each that could be judged alone, and the note
	}{
		{is("actor.id", "ada"), `"Ada" only the case of letters differs`},
		{is("actor.id", "Ada"), `"Ada" `},
		{is("target.id", "2"), `✗"1" ✓"2" `},
		{is("target.n", "7.0"), `✓"7" ✗"7" `}, // a number, and a text
		{is("actor.ids", "Ada"), ` no such field is known; did you mean actor.id?`},
		{&match.Pred{Path: event.MustPath("actor.id"), Op: match.EqualsField, Other: event.MustPath("target.id")}, `"Ada" the other field has "1", "2"`},
	} {
		n := condition(tt.x, ev)
		p := printer{}
		var vs []string
		for _, v := range n.Values {
			s := `"` + v.Text + `"`
			if v.Held != nil {
				s = string(p.mark(*v.Held)) + s
			}
			vs = append(vs, s)
		}
		if got := strings.Join(vs, " ") + " " + n.Note; got != tt.want {
			t.Errorf("%s: %q, want %q", n.Text, got, tt.want)
		}
		if n.Held != match.Eval(tt.x, ev) {
			t.Errorf("%s: %v", n.Text, n.Held)
		}
	}
}

// TestNearness: an event of the right type comes closer than one that meets as many comparisons otherwise.
func TestNearness(t *testing.T) {
	x := match.And{is("eventType", "a"), is("actor.id", "ada")}
	score := func(raw string) float64 {
		ev, err := event.NewDecoder(event.NewFields()).Decode([]byte(raw), event.Meta{})
		if err != nil {
			t.Fatal(err)
		}
		return nearness(x, ev)
	}
	right, wrong, both := score(`{"eventType":"a"}`), score(`{"eventType":"b","actor":{"id":"ada"}}`), score(`{"eventType":"a","actor":{"id":"ada"}}`)
	if !(wrong < right && right < both && both == 1) {
		t.Error(wrong, right, both)
	}
}
