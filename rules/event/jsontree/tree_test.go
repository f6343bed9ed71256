package jsontree

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// generic turns a node into what encoding/json decodes into an any, with numbers kept as written.
func generic(t *Tree, n Node) any {
	switch t.Kind(n) {
	case Null:
		return nil
	case Bool:
		return t.Text(n) == "true"
	case Number:
		return json.Number(t.Text(n))
	case String:
		return t.Text(n)
	case Array:
		list := []any{}
		for c := t.First(n); c != None; c = t.Next(n, c) {
			list = append(list, generic(t, c))
		}
		return list
	}
	object := map[string]any{}
	for c := t.First(n); c != None; c = t.Next(n, c) {
		object[t.Key(c)] = generic(t, c)
	}
	return object
}

func standard(data []byte) (v any, err error) {
	if !json.Valid(data) {
		return nil, errors.New("not valid")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return v, d.Decode(&v)
}

// agree fails the test unless the tree and encoding/json say the same about data.
func agree(t interface{ Fatalf(string, ...any) }, tree *Tree, data []byte) {
	want, wantErr := standard(data)
	err := tree.Parse(data)
	if err != nil && strings.Contains(err.Error(), "nested more than") {
		return
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("%q: tree says %v, encoding/json %v", data, err, wantErr)
	}
	if err != nil {
		var e *Error
		if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(data) {
			t.Fatalf("%q: error without a usable offset: %#v", data, err)
		}
		if tree.Len() != 0 {
			t.Fatalf("%q: nodes left after an error", data)
		}
		return
	}
	if got := generic(tree, Root); !reflect.DeepEqual(got, want) {
		t.Fatalf("%q: tree %#v, encoding/json %#v", data, got, want)
	}
	compact := tree.Append(nil, Root)
	if !utf8.Valid(compact) {
		t.Fatalf("%q: compact form is not UTF-8", data)
	}
	if again, err := standard(compact); err != nil || !reflect.DeepEqual(again, want) {
		t.Fatalf("%q: compact form %s reads as %#v, want %#v (%v)", data, compact, again, want, err)
	}
}

var odd = []string{
	`{}`, `[]`, `null`, `true`, `false`, `0`, `-0`, `-0.5e+10`, `1e5`, `1E+55`, `1e-5`, `1e`, `1e+`, `1e+-5`, `1e400`, `123456789012345678901234567890`, `""`,
	` { "a" : [ 1 , 2 , { "b" : null } ] } `, `{"a":1,"a":2}`, `{"a":{"b":1},"a":{"c":2}}`, `{"A":1,"a":2,"A":3}`,
	`"\u00e9\ud83d\ude00\ud83d x \udc00 \ud83d\ud83d\ude00"`, `"\"\\\/\b\f\n\r\t"`, "\"\xff\xfe ok \xc3\"", `{"\u0061":1}`,
	"{\"k\u212a\":1}", "\"\x7f\"", "\"\u2028\"",
	``, ` `, `{`, `[`, `"`, `"\`, `"\u12`, `{"a`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `[1,`, `[1`, `01`, `1.`, `.5`, `1e`, `+1`, `-`, `--1`,
	`tru`, `nul`, `truee`, `NaN`, `{a:1}`, `{'a':1}`, `{"a":1,}`, `[1,]`, `[1 2]`, `{"a" 1}`, `{} {}`, `{}x`, "\"a\nb\"", "\"a\x00b\"", `"\x"`, `"\u12g4"`,
	"\xef\xbb\xbf{}", `{"a":[1,{"b":"c"}]]`, "\x00\x00\x00\x00\x01{}",
}

func TestAgreesWithStandardLibrary(t *testing.T) {
	var tree Tree
	for _, text := range odd {
		agree(t, &tree, []byte(text))
	}
}

func TestErrorOffsets(t *testing.T) {
	for text, want := range map[string]int{
		``: 0, `{"a":1,}`: 7, `{"a":tru}`: 8, `{} x`: 3, "\"a\n\"": 2, `[1,2`: 4, `"\q"`: 2, `{"a":01}`: 6, `[1.x]`: 3, `["\u00zz"]`: 6,
	} {
		var tree Tree
		var e *Error
		if err := tree.Parse([]byte(text)); !errors.As(err, &e) || e.Offset != want {
			t.Errorf("%q: %v, want offset %d", text, err, want)
		}
	}
}

func TestDepth(t *testing.T) {
	var tree Tree
	deep := func(n int) []byte { return []byte(strings.Repeat(`[`, n) + strings.Repeat(`]`, n)) }
	if err := tree.Parse(deep(MaxDepth)); err != nil {
		t.Errorf("depth %d: %v", MaxDepth, err)
	}
	if err := tree.Parse(deep(MaxDepth + 1)); err == nil {
		t.Errorf("depth %d accepted", MaxDepth+1)
	}
	if err := tree.Parse([]byte(strings.Repeat(`{"a":`, 1<<20))); err == nil {
		t.Error("a million open objects accepted")
	}
}

func TestFind(t *testing.T) {
	var tree Tree
	for _, c := range []struct{ text, key, want string }{
		{`{"a":1,"b":2}`, "b", "2"},
		{`{"a":1,"a":2}`, "a", "2"},
		{`{"eventType":1,"EVENTTYPE":2}`, "eventType", "1"},
		{`{"eventType":1,"EVENTTYPE":2}`, "EVENTTYPE", "2"},
		{`{"eventType":1,"EVENTTYPE":2}`, "eventtype", "2"},
		{`{"\u0061":1}`, "a", "1"},
		{"{\"\u212a\":1}", "k", "1"}, // the Kelvin sign folds to k
		{`{"k":1}`, "\u212a", "1"},
		{`{"a":1}`, "b", ""},
		{`{"a":1}`, "aa", ""},
		{`[1]`, "a", ""},
	} {
		if err := tree.Parse([]byte(c.text)); err != nil {
			t.Fatal(err)
		}
		got := ""
		if n := tree.Find(Root, c.key); n != None {
			got = tree.Text(n)
		}
		if got != c.want {
			t.Errorf("%s: %s = %q, want %q", c.text, c.key, got, c.want)
		}
	}
}

func TestReuseKeepsNothing(t *testing.T) {
	var tree Tree
	if err := tree.Parse([]byte(`{"a":{"b":1}}`)); err != nil {
		t.Fatal(err)
	}
	if err := tree.Parse([]byte(`{"c":2}`)); err != nil {
		t.Fatal(err)
	}
	if tree.Find(Root, "a") != None || tree.Len() != 2 {
		t.Error("the tree still holds the text before")
	}
}

func TestAppendString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.Byte()).Draw(t, "s"))
		var got, want string
		if err := json.Unmarshal(AppendString(nil, s), &got); err != nil {
			t.Fatal(err)
		}
		b, _ := json.Marshal(s)
		if err := json.Unmarshal(b, &want); err != nil || got != want {
			t.Fatalf("%q became %q, want %q", s, got, want)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, text := range odd {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var tree Tree
		agree(t, &tree, data)
	})
}
