package sigma

import (
	"strings"

	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// compiler compiles one detection, or the block about one element of an array inside it.
type compiler struct {
	report *source.Report
	lists  Lists
	used   *used
	outer  string // the array whose element the fields are of; "" for those of the event
	depth  int    // of blocks
	// exception: the condition is one that a filter adds, and need not ask for anything by itself.
	exception bool
}

// used bounds what a detection may expand to, with all its blocks.
type used struct {
	predicates int // counted as often as a condition names them
	texts      int // of placeholders
}

// Compile turns a detection block into a condition. Placeholders stand for the values of lists. It returns nil if r has
// an error or something unsupported in it.
func Compile(detection *source.Node, lists Lists, r *source.Report) match.Expr {
	c := &compiler{report: r, lists: lists, used: &used{}}
	return c.detection(detection, "a detection")
}

// path reads the name of a field.
func (c *compiler) path(at match.Pos, name string) (event.Path, bool) {
	if c.outer == "" {
		return c.report.Path(at, name)
	}
	if strings.Contains(name, " or ") {
		c.report.Error(at, source.BadPath, "write two selections", "a field of an element is one path, not a choice of several")
		return event.Path{}, false
	}
	if _, ok := c.report.Path(at, c.outer+"."+name); !ok {
		return event.Path{}, false
	}
	// What follows a dot in a path that is one is a path below a member.
	p, err := event.ParsePath(match.ElementName + "." + name)
	if err != nil {
		c.report.Error(at, source.BadPath, "", "%q is not a field path: %v", name, err)
	}
	return p, err == nil
}

// item compiles a key of a selection with its value. It returns match.Const(false) after an error, so that the rest of
// the detection is checked as well.
func (c *compiler) item(key, value *source.Node, text string, offset int) match.Expr {
	if a, ok := cutArray(text); ok {
		return c.array(a, key, value, offset)
	}
	name, modifiers := cutField(text)
	how, ok := parseModifiers(key, modifiers, offset+len(name)+1, c.report)
	if !ok {
		return match.Const(false)
	}
	f := &field{compiler: c, key: key, how: how}
	switch {
	case c.outer != "" && (name == "" || name == "."):
		f.path = event.MustPath(match.ElementName)
	case name == "":
		f.path, f.any = everyValue, true
	default:
		if f.path, ok = c.path(place(key, offset), name); !ok {
			return match.Const(false)
		}
	}
	values := []*source.Node{value}
	if value.Kind == source.List {
		values = value.Items
		if len(values) == 0 {
			c.report.Error(value.Pos, Malformed, "give a value, or write null for a field without one", "the list of values is empty")
			return match.Const(false)
		}
	}
	return f.compile(values)
}

// place is where a part of a key stands. The beginning is the key's own place, quotes included.
func place(key *source.Node, offset int) match.Pos {
	if offset == 0 {
		return key.Pos
	}
	return key.At(offset)
}

// everyValue is what keywords are looked for in.
var everyValue = event.MustPath("[*]")
