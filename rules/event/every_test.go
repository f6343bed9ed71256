package event

import "testing"

func TestEveryValue(t *testing.T) {
	raw := `{"uuid":"u","a":null,"n":{"x":1.50,"list":[true,{"y":"in"},"{\"z\":\"held\"}"]},"e":""}`
	every := MustPath("[*]")
	f := NewFields()
	id := f.Add(every)
	d := NewDecoder(f)
	ev, err := d.Decode([]byte(raw), Meta{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Value{{String, "u"}, {Number, "1.50"}, {Bool, "true"}, {String, "in"}, {String, `{"z":"held"}`}, {String, ""}}
	check := func(name string, got []Value) {
		t.Helper()
		if len(got) != len(want) {
			t.Fatalf("%s: got %v, want %v", name, got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%s: value %d is %v, want %v", name, i, got[i], want[i])
			}
		}
	}
	check("field", ev.Field(id))
	projected := ev.Project(NewProjection(every, MustPath("n.x")))
	if again, err := d.Decode(projected, Meta{}); err != nil {
		t.Error(err)
	} else {
		check("projection", again.Field(id))
	}
	if known, _ := KnownPath(every); !known {
		t.Error("[*] is not known")
	}
	for _, text := range []string{"[*].a", "a[*]", "[*] or a", "[ *]"} {
		if _, err := ParsePath(text); err == nil {
			t.Errorf("%q is a path", text)
		}
	}
}
