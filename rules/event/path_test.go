package event

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

func TestParsePath(t *testing.T) {
	for text, canon := range map[string]string{
		"actor.alternateId":          "actor.alternateId",
		`"actor".'alternateId'`:      "actor.alternateId",
		"target[].id":                "target.id",
		`target["id"]`:               "target.id",
		`["target"].id`:              "target.id",
		"target[type=User].id":       `target["type"="User"].id`,
		"target[ type = 'User' ][0]": `target["type"="User"][0]`,
		"debugData.New Device":       "debugData.New Device",
		`debugData.New\ Device`:      "debugData.New Device",
		`a."b.c"`:                    `a."b.c"`,
		`a.b\.c`:                     `a."b.c"`,
		`a["b]c"]`:                   `a."b]c"`,
		`a[x="]"].b`:                 `a["x"="]"].b`,
		`""`:                         `""`,
		"@timestamp":                 "@timestamp",
		"debugData.A: B":             "debugData.A: B",
		"target[type!=User].id":      `target["type"!="User"].id`,
		"actor.id or target[].id":    "actor.id or target.id",
		`a."b or c".d or e`:          `a.b or c.d or e`,
		"a[x=y or z].b":              `a["x"="y or z"].b`,
	} {
		p, err := ParsePath(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if p.c.canon != canon || p.String() != text {
			t.Errorf("%s: canonical %s, want %s", text, p.c.canon, canon)
		}
	}
	for text, at := range map[string]int{
		"": 0, ".a": 0, "a.": 2, "a..b": 2, "a[": 2, "a[b": 2, "a[b]": 2, "a[-1].b": 2, "a[01]": 2, "a[=x]": 2, "[0].a": 2, "[].a": 1,
		`"a`: 2, `a["b"`: 5, `a["b`: 4, `a\`: 2, `a]b["c"]x`: 8, "a[b=c": 4, `a[b="c"d]`: 7, "a[!=b]": 5, "a or b.": 7, "a or ": 5, "a[0][0][0][0][0]": 15,
	} {
		_, err := ParsePath(text)
		var e *PathError
		if !errors.As(err, &e) {
			t.Errorf("%q: no error", text)
		} else if e.Offset != at {
			t.Errorf("%q: %v, want offset %d", text, err, at)
		}
	}
}

func TestPathsCompare(t *testing.T) {
	a, b := MustPath("actor."+"id"), MustPath("actor.id")
	if a != b || !a.Equal(b) || a == MustPath("actor.type") || a.IsZero() || !(Path{}).IsZero() || (Path{}).String() != "" {
		t.Error("paths do not compare by their text")
	}
	f := NewFields()
	if f.Add(MustPath("target[].id")) != f.Add(MustPath("target.id")) || f.Len() != 1 {
		t.Error("two notations of a path became two fields")
	}
	if f.Add(MustPath("okta.target.id")) == 0 || f.Len() != 2 {
		t.Error("an alias became the field of its source")
	}
}

// Whatever text is a path, its canonical form is one too and means the same.
func TestCanonicalIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune(`ab.[]="'\ 01é`)), 1, 12, -1).Draw(t, "path")
		p, err := ParsePath(text)
		if err != nil {
			return
		}
		q, err := ParsePath(p.c.canon)
		if err != nil || q.c.canon != p.c.canon {
			t.Fatalf("%q: canonical %q, again %v %v", text, p.c.canon, q, err)
		}
	})
}

func FuzzParsePath(f *testing.F) {
	for _, c := range lookups {
		f.Add(c.path)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ParsePath(text)
		if err == nil {
			decode(t, signIn, Meta{}).Lookup(p)
		}
	})
}
