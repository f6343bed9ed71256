package jsontree

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// What marks a byte must be the same in blocks of any kind and in the rest behind them, for every byte at every place.
func TestMark(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for length := range 300 {
		s := make([]byte, length)
		for i := range s {
			s[i] = byte('a' + i%26)
			if r.IntN(4) == 0 {
				s[i] = byte(r.IntN(256))
			}
		}
		set := mark(nil, s)
		for i := range length + 1 {
			want := i == length || s[i] < ' ' || s[i] == '"' || s[i] == '\\' || s[i] >= 0x80
			if got := set[i>>3]>>(i&7)&1 == 1; got != want {
				t.Fatalf("%q: byte %d marked %v", s, i, got)
			}
		}
		portable := make([]byte, length>>6<<3)
		markBlocksPortable(portable, s)
		if !slices.Equal(portable, set[:length>>6<<3]) {
			t.Fatalf("%q: portable marks %x, others %x", s, portable, set)
		}
	}
}

// Names that share a slot, the empty name and names in another case are told apart: by place as Find does by name.
func TestMembersThatShareSlots(t *testing.T) {
	var sel Selection
	places := map[string]Place{}
	for _, name := range []string{"", "a", "axa", "aya", "aza", "client", "clienT2", "debugData"} {
		places[name], _ = sel.Member(Top, NewName(name))
	}
	for name, want := range places {
		for _, text := range []string{`{"` + name + `":1,"other":2}`, `{"awa":0,"` + strings.ToUpper(name) + `":[],"b":""}`} {
			var part, whole Tree
			if err := errors.Join(part.ParseSelected([]byte(text), &sel), whole.Parse([]byte(text))); err != nil {
				t.Fatal(err)
			}
			n, m := part.At(want), whole.Find(Root, name)
			if n == None || part.Raw(n) != whole.Raw(m) || part.Key(n) != whole.Key(m) {
				t.Errorf("%s: %q is at node %d", text, name, n)
			}
		}
		for other, at := range places {
			if other != name && at == want {
				t.Errorf("%q and %q have one place", name, other)
			}
		}
	}
}

func TestSelection(t *testing.T) {
	var sel Selection
	actor, _ := sel.Member(Top, NewName("actor"))
	id, _ := sel.Member(actor, NewName("id"))
	target, _ := sel.Member(Top, NewName("target"))
	targetID, _ := sel.Member(target, NewName("id"))
	if again, _ := sel.Member(Top, NewName("ACTOR")); again != actor {
		t.Errorf("a name in another case has place %d, want %d", again, actor)
	}
	var tree Tree
	parse := func(text string) {
		t.Helper()
		if err := tree.ParseSelected([]byte(text), &sel); err != nil {
			t.Fatal(err)
		}
	}
	parse(`{"x":{"id":7,"y":[1,2]},"actor":{"a":1,"id":"u","z":{}},"target":[{"id":1,"b":2},null,{"id":3}]}`)
	if got := string(tree.Append(nil, Root)); got != `{"actor":{"id":"u"},"target":[{"id":1},null,{"id":3}]}` || tree.Odd() {
		t.Errorf("the tree holds %s, odd %v", got, tree.Odd())
	}
	if n := tree.At(id); n == None || tree.Text(n) != "u" {
		t.Errorf("actor.id is at node %d", n)
	}
	if n := tree.At(targetID); n != None {
		t.Errorf("a member of an array's element is at node %d", n)
	}
	if n := tree.Member(tree.First(tree.At(target)), targetID); n == None || tree.Text(n) != "1" {
		t.Errorf("target[0].id is node %d", n)
	}
	for _, odd := range []string{`{"actor":{},"actor":{}}`, `{"actor":1,"Actor":2}`, `{"\u0061ctor":1}`, `{"target":[{"id":1,"id":2}]}`} {
		if parse(odd); !tree.Odd() {
			t.Errorf("%s is not odd", odd)
		}
	}
	for _, even := range []string{`{"target":[{"id":1},{"id":2}]}`, `{"x":1,"x":2}`, `{"Actor":{"ID":1}}`} {
		if parse(even); tree.Odd() {
			t.Errorf("%s is odd", even)
		}
	}
	if _, ok := sel.Member(actor, NewName("é")); ok {
		t.Error("a name outside ASCII has a place")
	}
	parse(`{"actor":{"a":1,"id":"u"},"b":2}`)
	if got := string(tree.Append(nil, Root)); got != `{"actor":{"a":1,"id":"u"}}` {
		t.Errorf("the tree holds %s", got)
	}
	sel.Everything(target)
	sel.Member(target, NewName("later"))
	parse(`{"target":{"id":{"a":1},"later":{"b":2},"c":3}}`)
	if got := string(tree.Append(nil, Root)); got != `{"target":{"id":{"a":1},"later":{"b":2},"c":3}}` {
		t.Errorf("the tree holds %s", got)
	}
}
