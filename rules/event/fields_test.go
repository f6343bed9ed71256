package event

import "testing"

// TestWith: the copy has more paths, which are read from what was selected; the numbers of before stay, and who has them
// sees nothing of the copy.
func TestWith(t *testing.T) {
	f := NewFields()
	actor := f.Add(MustPath("actor.id"))
	ip := MustPath("client.ipAddress")
	g := f.With(MustPath("actor.alternateId"), ip)
	if _, known := f.lookup(ip); known || f.Len() != 1 || g.Len() != 3 {
		t.Fatalf("%d fields, %d in the copy", f.Len(), g.Len())
	}
	raw := []byte(`{"eventType":"x","actor":{"id":"a","alternateId":"b"},"client":{"ipAddress":"192.0.2.1","zone":"z"}}`)
	for _, fields := range []*Fields{f, g} {
		ev, err := NewDecoder(fields).Decode(raw, Meta{})
		if err != nil {
			t.Fatal(err)
		}
		if vs := ev.Field(actor); len(vs) != 1 || vs[0].Text != "a" {
			t.Errorf("actor.id: %v", vs)
		}
		if vs := ev.Lookup(ip); len(vs) != 1 || vs[0].Text != "192.0.2.1" || ev.parsed == (fields == g) {
			t.Errorf("client.ipAddress: %v, the whole event was parsed: %v", vs, ev.parsed)
		}
	}
}
