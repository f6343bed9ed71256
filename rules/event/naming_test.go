package event

import "testing"

// The older form of user.name stays for those whose rules were written for it.
func TestNaming(t *testing.T) {
	paths := []string{"user.name", "client.user.name", "source.user.name", "related.user", "user.email", "okta.actor.alternate_id"}
	fields := NewFields()
	for _, p := range paths {
		fields.Add(MustPath(p))
	}
	raw := []byte(`{"eventType":"user.session.start","actor":{"alternateId":"ada+okta@corp.example","displayName":"Ada"}}`)
	const whole = "ada+okta@corp.example"
	for naming, want := range map[Naming][]string{
		ByAddress: {whole, whole, whole, whole + "|Ada", whole, whole},
		ByAccount: {"ada", "ada", "ada", "ada|Ada", whole, whole},
	} {
		d := NewDecoder(fields.Named(naming))
		for _, text := range []string{string(raw), string(mustProject(t, fields.Named(naming), raw, paths))} {
			ev, err := d.Decode([]byte(text), Meta{})
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range paths {
				if got := texts(ev.Lookup(MustPath(p))); got != want[i] {
					t.Errorf("%s: %s is %q, want %q", naming, p, got, want[i])
				}
			}
		}
	}
	for i, p := range paths {
		if MustPath(p).NamesUsers() != (i < 4) {
			t.Errorf("%s: NamesUsers %v", p, i >= 4)
		}
	}
	for _, text := range Namings() {
		if n, err := ParseNaming(text); err != nil || n.String() != text {
			t.Errorf("%s: %s, %v", text, n, err)
		}
	}
	if _, err := ParseNaming("mail"); err == nil || err.Error() != `unknown form of user.name "mail" (available: address, account)` {
		t.Error(err)
	}
}

func mustProject(t *testing.T, f *Fields, raw []byte, paths []string) []byte {
	t.Helper()
	ev, err := NewDecoder(f).Decode(raw, Meta{})
	if err != nil {
		t.Fatal(err)
	}
	var ps []Path
	for _, p := range paths {
		ps = append(ps, MustPath(p))
	}
	return ev.Project(NewProjection(ps...))
}
