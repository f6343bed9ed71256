package alert

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(SchemaJSON))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("alert.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("alert.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t interface{ Fatalf(string, ...any) }, s *jsonschema.Schema, text []byte) {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	if err := s.Validate(v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

func TestRoundTripAndSchema(t *testing.T) {
	text, err := Marshal(full())
	if err != nil {
		t.Fatal(err)
	}
	validate(t, schema(t), text)
	var back Alert
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(full(), &back); d != "" {
		t.Error(d)
	}
	if !bytes.Contains(text, []byte("<c>&d")) || bytes.ContainsAny(text, "\n") {
		t.Errorf("want one line and no HTML escapes: %s", text)
	}
	if want := `"group":{"actor.alternateId":"ada@example.com","authenticationContext.externalSessionId":"idx1"}`; !bytes.Contains(text, []byte(want)) {
		t.Errorf("no %s in %s", want, text)
	}
}

// full must stay full, else the tests above prove less than they seem to.
func TestFullIsFull(t *testing.T) {
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			if v.IsNil() {
				t.Errorf("%s is nil", path)
				return
			}
			walk(path, v.Elem())
		case reflect.Struct:
			if v.Type() == reflect.TypeFor[time.Time]() {
				return
			}
			for i := range v.NumField() {
				walk(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case reflect.Slice:
			if v.Len() == 0 {
				t.Errorf("%s is empty", path)
			} else {
				walk(path+"[0]", v.Index(0))
			}
		case reflect.Bool: // false is a value
		default:
			if v.IsZero() && !strings.HasSuffix(path, ".Techniques[0].Name") {
				t.Errorf("%s is zero", path)
			}
		}
	}
	walk("Alert", reflect.ValueOf(full()))
}

// The schema names the struct's fields, no more and no less, requires those that are always written, and gives their
// types.
func TestSchemaMatchesStruct(t *testing.T) {
	type node struct {
		Ref        string          `json:"$ref"`
		Type       string          `json:"type"`
		Properties map[string]node `json:"properties"`
		Required   []string        `json:"required"`
		Items      *node           `json:"items"`
		Const      string          `json:"const"`
		Defs       map[string]node `json:"$defs"`
	}
	var root node
	if err := json.Unmarshal(SchemaJSON, &root); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var check func(path string, n node, typ reflect.Type)
	check = func(path string, n node, typ reflect.Type) {
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if n.Ref != "" {
			name := strings.TrimPrefix(n.Ref, "#/$defs/")
			def, ok := root.Defs[name]
			if !ok {
				t.Fatalf("%s: no $defs/%s", path, name)
			}
			if seen[name] {
				return
			}
			seen[name] = true
			n = def
		}
		want := ""
		switch {
		case typ == reflect.TypeFor[RawJSON]():
		case typ == reflect.TypeFor[Group](), typ.Kind() == reflect.Map:
			want = "object"
		case typ == reflect.TypeFor[time.Time](), typ.Kind() == reflect.String:
			want = "string"
		case typ.Kind() == reflect.Bool:
			want = "boolean"
		case typ.Kind() == reflect.Float64:
			want = "number"
		case typ.Kind() == reflect.Int, typ.Kind() == reflect.Int32, typ.Kind() == reflect.Int64:
			want = "integer"
		case typ.Kind() == reflect.Slice:
			want = "array"
			if n.Items == nil {
				t.Errorf("%s: array without items", path)
			} else {
				check(path+"[]", *n.Items, typ.Elem())
			}
		case typ.Kind() == reflect.Struct:
			want = "object"
			var names, required []string
			for i := range typ.NumField() {
				f := typ.Field(i)
				name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
				names = append(names, name)
				if opts != "omitempty" {
					required = append(required, name)
				}
				if p, ok := n.Properties[name]; ok {
					check(path+"."+name, p, f.Type)
				} else {
					t.Errorf("%s.%s is not in the schema", path, name)
				}
			}
			for name := range n.Properties {
				if !slices.Contains(names, name) {
					t.Errorf("%s.%s is not in the struct", path, name)
				}
			}
			slices.Sort(required)
			slices.Sort(n.Required)
			if !slices.Equal(required, n.Required) {
				t.Errorf("%s: schema requires %v, struct always writes %v", path, n.Required, required)
			}
		}
		if n.Const == "" && n.Type != want {
			t.Errorf("%s: type %q in the schema, want %q", path, n.Type, want)
		}
	}
	check("alert", root, reflect.TypeFor[Alert]())
	if root.Properties["schema"].Const != Schema {
		t.Errorf("schema const %q, want %q", root.Properties["schema"].Const, Schema)
	}
	for name := range root.Defs {
		if !seen[name] {
			t.Errorf("$defs/%s is not used", name)
		}
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := schema(t)
	for name, spoil := range map[string]func(*Alert){
		"schema":   func(a *Alert) { a.Schema = "other" },
		"id":       func(a *Alert) { a.ID = "" },
		"severity": func(a *Alert) { a.Severity = "bad" },
		"risk":     func(a *Alert) { a.RiskScore = 101 },
		"values":   func(a *Alert) { a.Distinct[0].Values = make([]string, MaxValues+1) },
		"ids":      func(a *Alert) { a.Evidence.EventIDs = make([]string, MaxIDs+1) },
		"events":   func(a *Alert) { a.Evidence.Events = make([]EvidenceEvent, EvidenceFirst+EvidenceLast+1) },
	} {
		a := full()
		spoil(a)
		text, err := Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if s.Validate(v) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestMarshalIsDeterministicUTF8AndValid(t *testing.T) {
	s := schema(t)
	rapid.Check(t, func(t *rapid.T) {
		a := alerts(20).Draw(t, "alert")
		one, err := Marshal(a)
		if err != nil {
			t.Fatalf("%v", err)
		}
		two, err := Marshal(a)
		if err != nil || !bytes.Equal(one, two) {
			t.Fatalf("not the same bytes twice: %v", err)
		}
		if !utf8.Valid(one) {
			t.Fatalf("not UTF-8: %q", one)
		}
		validate(t, s, one)
	})
}

func TestRawJSON(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", "null"},
		{`{"a": 1.0, "a": 12345678901234567890}`, `{"a":12345678901234567890}`},
		{"\"\xff\"", `"` + "\uFFFD" + `"`},
		{`{"a":`, `"{\"a\":"`},
	} {
		got, err := marshal(RawJSON(c.in))
		if err != nil || string(got) != c.want {
			t.Errorf("%q: %s, %v, want %s", c.in, got, err, c.want)
		}
	}
}

func TestGroupJSON(t *testing.T) {
	for _, c := range []struct {
		text string
		want Group
		ok   bool
	}{
		{`{"z":"1","a":"\"<"}`, Group{{"z", "1"}, {"a", `"<`}}, true},
		{`{}`, nil, true},
		{`null`, nil, true},
		{`[]`, nil, false},
		{`{"a":1}`, nil, false},
		{`{"a":{"b":"c"}}`, nil, false},
	} {
		g := Group{{"old", "old"}}
		err := json.Unmarshal([]byte(c.text), &g)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.text, err)
		}
		if c.ok && !reflect.DeepEqual(g, c.want) {
			t.Errorf("%s: %v, want %v", c.text, g, c.want)
		}
		if c.ok && c.want != nil {
			if back, err := marshal(g); err != nil || string(back) != c.text {
				t.Errorf("%s came back as %s, %v", c.text, back, err)
			}
		}
	}
}
