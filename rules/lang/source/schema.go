package source

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/nearest"
)

// FieldType is the type of a Field, in words that documentation can use.
type FieldType string

const (
	Text     FieldType = "text"
	Texts    FieldType = "list of texts" // one text stands for a list of one
	Integer  FieldType = "whole number"
	Boolean  FieldType = "true or false"
	Span     FieldType = "time span"
	PathOf   FieldType = "field"
	PathsOf  FieldType = "list of fields" // one field stands for a list of one
	PathBy   FieldType = "map of fields"
	Object   FieldType = "map"
	Objects  FieldType = "list of maps" // one map stands for a list of one
	Anything FieldType = "any"
)

// Field describes one key of a block. Tables of Fields are data: validation, documentation and editor schemas derive
// from them.
type Field struct {
	Name     string
	Type     FieldType
	Doc      string
	Default  string // in words; empty if there is none
	Required bool
	Soft     bool     // a wrong value is left out with a warning: it does not change what the rule detects
	OneOf    []string // allowed texts; empty allows all
	Min, Max int      // of an Integer; both 0 allow all
	Fields   []Field  // of Object and Objects
}

// Names lists the keys of a table.
func Names(fields []Field) []string {
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].Name
	}
	return names
}

// Values are the members of a block that Check has found to be well formed.
type Values struct {
	node   *Node
	fields []Field
	report *Report
}

// Check compares the map n with a table: unknown keys, missing keys and values of the wrong type are errors in r. The
// values that are well formed can be read all the same, so that one mistake does not hide the next.
func Check(n *Node, what string, fields []Field, r *Report) Values {
	return check(n, what, fields, r, false)
}

// CheckOpen is Check for a block that may have keys of other tools: an unknown key is a warning if it looks like a slip
// of the pen, and else a note.
func CheckOpen(n *Node, what string, fields []Field, r *Report) Values {
	return check(n, what, fields, r, true)
}

func check(n *Node, what string, fields []Field, r *Report, open bool) Values {
	v := Values{node: &Node{Kind: Map}, fields: fields, report: r}
	if n.IsNull() {
		return v
	}
	if n.Kind != Map {
		r.Error(n.Pos, WrongType, "", "%s is a map, not %s", what, n.Kind)
		return v
	}
	v.node.Pos = n.Pos
	for _, p := range n.Pairs {
		f := field(fields, p.Key.Text)
		if f == nil {
			if open {
				custom(p.Key, what, fields, r)
				continue
			}
			r.Error(p.Key.Pos, UnknownKey, DidYouMean(p.Key.Text, Names(fields)), "%s has no key %q", what, p.Key.Text)
			continue
		}
		if f.check(p.Value, what, r) {
			p.Value = f.canonical(p.Value)
			v.node.Pairs = append(v.node.Pairs, p)
		}
	}
	for _, f := range fields {
		if f.Required && n.Pair(f.Name) == nil {
			r.Error(n.Pos, MissingKey, f.Doc, "%s needs the key %q", what, f.Name)
		}
	}
	return v
}

func custom(key *Node, what string, fields []Field, r *Report) {
	if s := nearest.Of(key.Text, Names(fields)); s != "" {
		r.Warn(key.Pos, UnknownKey, "did you mean "+s+"?", "%s has no key %q; it is ignored", what, key.Text)
		return
	}
	r.Note(key.Pos, UnknownKey, "", "the key %q means nothing to us and is ignored", key.Text)
}

func field(fields []Field, name string) *Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
	}
	return nil
}

func (f *Field) check(n *Node, what string, r *Report) bool {
	many := f.Type == Texts || f.Type == PathsOf || f.Type == Objects
	if many && n.Kind == List {
		for _, item := range n.Items {
			if !f.checkOne(item, what, r) {
				return false
			}
		}
		return true
	}
	return f.checkOne(n, what, r)
}

func (f *Field) checkOne(n *Node, what string, r *Report) bool {
	ok := false
	switch f.Type {
	case Anything:
		return true
	case Object, Objects:
		ok = n.Kind == Map
	case PathBy:
		ok = n.Kind == Map
		for _, p := range n.Pairs {
			ok = ok && p.Value.Kind == Scalar && p.Value.Type != Null
		}
	case Integer:
		ok = n.Kind == Scalar && (n.Type == Int || n.Type == String && whole(n.Text)) // tools write numbers in quotes
	case Boolean:
		ok = n.Kind == Scalar && (n.Type == Bool || n.Type == String && (n.Text == "true" || n.Text == "false"))
	default:
		ok = n.Kind == Scalar && n.Type != Null
	}
	say := r.Error
	if f.Soft {
		say = r.Warn
	}
	if !ok {
		hint, got := f.Doc, n.Kind.String()
		if n.Kind == Scalar {
			got = strconv.Quote(n.Text)
		} else if n.Kind == Map && (f.Type == Text || f.Type == Texts) {
			hint = "quote a text that holds a colon followed by a space"
		}
		say(n.Pos, WrongType, hint, "%s of %s is a %s, not %s", f.Name, what, f.Type, got)
		return false
	}
	if f.Type == Integer && (f.Min != 0 || f.Max != 0) {
		i, err := strconv.Atoi(n.Text)
		if err != nil || i < f.Min || i > f.Max {
			say(n.Pos, OutOfRange, f.Doc, "%s of %s is from %d to %d, not %s", f.Name, what, f.Min, f.Max, n.Text)
			return false
		}
	}
	if f.Type == Span {
		if _, err := Duration(n.Text); err != nil {
			say(n.Pos, OutOfRange, "write 90s, 9m, 24h, 7d or 1h30m", "%s of %s: %v", f.Name, what, err)
			return false
		}
	}
	if len(f.OneOf) > 0 && f.oneOf(n.Text) == "" {
		say(n.Pos, OutOfRange, DidYouMean(n.Text, f.OneOf), "%s of %s cannot be %q", f.Name, what, n.Text)
		return false
	}
	return true
}

func whole(text string) bool {
	_, err := strconv.Atoi(text)
	return err == nil
}

// oneOf is the allowed text that is meant, in whatever case it is written; "" if there is none.
func (f *Field) oneOf(text string) string {
	for _, allowed := range f.OneOf {
		if strings.EqualFold(allowed, strings.TrimSpace(text)) {
			return allowed
		}
	}
	return ""
}

// canonical is a value with an allowed text as it is listed.
func (f *Field) canonical(n *Node) *Node {
	if len(f.OneOf) == 0 || n.Kind != Scalar || slices.Contains(f.OneOf, n.Text) {
		return n
	}
	c := *n
	c.Text = f.oneOf(n.Text)
	c.where, c.raw, c.lines = []match.Pos{}, "", nil // its characters stand nowhere
	return &c
}

// Node returns the value of key, or nil.
func (v Values) Node(key string) *Node { return v.node.Get(key) }

// Has tells whether key is there, well formed.
func (v Values) Has(key string) bool { return v.Node(key) != nil }

// Text returns the text of key without white space around it, or "".
func (v Values) Text(key string) string {
	if n := v.Node(key); n != nil && n.Kind == Scalar {
		return strings.TrimSpace(n.Text)
	}
	return ""
}

// Texts returns the texts of key, which may be a list or a single text.
func (v Values) Texts(key string) []string {
	var out []string
	for _, n := range v.Nodes(key) {
		out = append(out, strings.TrimSpace(n.Text))
	}
	return out
}

// Nodes returns the items of key, which may be a list or a single value.
func (v Values) Nodes(key string) []*Node {
	n := v.Node(key)
	switch {
	case n == nil:
		return nil
	case n.Kind == List:
		return n.Items
	}
	return []*Node{n}
}

// Int returns the number of key, or def.
func (v Values) Int(key string, def int) int {
	if i, err := strconv.Atoi(v.Text(key)); err == nil {
		return i
	}
	return def
}

// Bool tells whether key is true.
func (v Values) Bool(key string) bool { return v.Text(key) == "true" }

// Span returns the time span of key, or def.
func (v Values) Span(key string, def time.Duration) time.Duration {
	if d, err := Duration(v.Text(key)); err == nil {
		return d
	}
	return def
}

// Paths returns the fields of key; what is no path is reported and left out.
func (v Values) Paths(key string) []event.Path {
	var out []event.Path
	for _, n := range v.Nodes(key) {
		if _, err := event.ParsePath(n.Text); err != nil && field(v.fields, key).Soft {
			v.report.Warn(n.Pos, BadPath, "", "%q is not a field path, and is left out: %v", n.Text, err)
			continue
		}
		if p, ok := v.report.Path(n.Pos, n.Text); ok {
			out = append(out, p)
		}
	}
	return out
}

// Object returns the block of key, checked against its table. It is empty if key is absent.
func (v Values) Object(key string) Values {
	f := field(v.fields, key)
	return Check(v.Node(key), key, f.Fields, v.report)
}

// Objects returns the blocks of key, checked against their table.
func (v Values) Objects(key string) []Values {
	f := field(v.fields, key)
	var out []Values
	for _, n := range v.Nodes(key) {
		out = append(out, Check(n, "an item of "+key, f.Fields, v.report))
	}
	return out
}

// Pos returns the place of the block.
func (v Values) Pos() match.Pos { return v.node.Pos }
