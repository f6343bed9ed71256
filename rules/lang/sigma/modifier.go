package sigma

import (
	"slices"
	"strings"

	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// comparison is what a field's modifiers ask for.
type comparison struct {
	form   string // one of forms, or "" for plain equality
	of     string // of fieldref: startswith, endswith or contains, or "" for equality
	part   match.Part
	steps  []string // encodings and windash, in the author's order
	all    bool
	cased  bool
	neq    bool
	expand bool
	flags  string // of re
}

// forms are the modifiers that say how to compare; a field has at most one.
var forms = []string{"contains", "startswith", "endswith", "re", "cidr", "exists", "fieldref", "gt", "gte", "lt", "lte"}

// adverbs change a form.
var adverbs = []string{"all", "cased", "neq", "expand"}

// encodings turn a text into another one; the form applies to the outcome.
var encodings = []string{"base64", "base64offset", "wide", "utf16", "utf16le", "utf16be"}

// parts are the modifiers for a part of a time.
var parts = map[string]match.Part{
	"minute": match.Minute, "hour": match.Hour, "day": match.Day, "week": match.Week, "month": match.Month, "year": match.Year,
}

// modifiers lists all there are, for hints.
func modifiers() []string {
	return append(slices.Concat(forms, adverbs, encodings), "windash", "minute", "hour", "day", "week", "month", "year")
}

// textual tells whether the comparison is one of texts with wildcards.
func (c *comparison) textual() bool {
	return c.part == 0 && slices.Contains([]string{"", "contains", "startswith", "endswith"}, c.form)
}

func (c *comparison) ordered() bool {
	return slices.Contains([]string{"gt", "gte", "lt", "lte"}, c.form)
}

// parseModifiers reads the part of a key behind the field's name. ok is false after an error.
func parseModifiers(key *source.Node, names []string, offset int, r *source.Report) (c comparison, ok bool) {
	before := len(r.Diagnostics)
	for _, name := range names {
		c.add(name, key, offset, r)
		if len(r.Diagnostics) > before {
			return c, false
		}
		offset += len(name) + 1
	}
	if !c.coherent(key, r) {
		return c, false
	}
	if c.cased && !c.textual() && c.form != "fieldref" {
		r.Warn(key.Pos, BadModifiers, "leave cased out", "cased has no effect on %s", c.name())
	}
	return c, true
}

// name is the modifier that says how to compare.
func (c *comparison) name() string {
	if c.form == "" && c.part != 0 {
		return c.part.String()
	}
	return c.form
}

// add reads one modifier.
func (c *comparison) add(name string, key *source.Node, offset int, r *source.Report) {
	at := key.At(offset)
	switch part := parts[name]; {
	case c.form == "fieldref" && c.of == "" && partOf[name] != 0:
		c.of = name
	case name == "fieldref" && partOf[c.form] != 0:
		c.of, c.form = c.form, name
	case slices.Contains(forms, name):
		if c.form != "" || c.part != 0 && !slices.Contains([]string{"gt", "gte", "lt", "lte"}, name) {
			r.Error(at, BadModifiers, "use one of them", "the modifiers %s and %s do not go together", c.name(), name)
		}
		c.form = name
	case part != 0:
		if c.name() != "" {
			r.Error(at, BadModifiers, "write the part of the time first, such as hour|gte", "the modifiers %s and %s do not go together", c.name(), name)
		}
		c.part = part
	case slices.Contains(encodings, name):
		if c.form != "" {
			r.Error(at, BadModifiers, "write "+name+"|"+c.form, "a text is encoded before it is compared: %s stands before %s", name, c.form)
		}
		c.steps = append(c.steps, name)
	case name == "windash":
		c.steps = append(c.steps, name)
	case name == "all":
		c.all = true
	case name == "cased":
		c.cased = true
	case name == "neq":
		c.neq = true
	case name == "expand":
		c.expand = true
	case name == "i" || name == "m" || name == "s":
		if c.form != "re" {
			r.Error(at, BadModifiers, "write re|"+name, "the modifier %s stands only after re", name)
		}
		c.flags += name
	default:
		r.Error(at, UnknownModifier, source.DidYouMean(name, modifiers()), "there is no modifier %q", name)
	}
}

// coherent reports modifiers that contradict each other wherever they stand.
func (c *comparison) coherent(key *source.Node, r *source.Report) bool {
	switch {
	case c.neq && (c.form == "exists" || c.ordered()):
		r.Error(key.Pos, BadModifiers, "negate the selection in the condition", "neq does not go together with %s", c.form)
	case len(c.steps) > 0 && !c.textual():
		r.Error(key.Pos, BadModifiers, "", "%s is for texts, and does not go together with %s", c.steps[0], c.name())
	case c.expand && c.form == "exists":
		r.Error(key.Pos, BadModifiers, "leave expand out", "exists takes true or false, and no placeholder")
	default:
		return true
	}
	return false
}

// cutField separates a key into field and modifiers. A bar inside brackets or quotes, or behind a backslash, belongs to
// the field.
func cutField(key string) (field string, modifiers []string) {
	if i := outside(key, func(rest string) bool { return rest[0] == '|' }); i >= 0 {
		return key[:i], strings.Split(key[i+1:], "|")
	}
	return key, nil
}

// outside finds the first place of a key, outside brackets and quotes and not behind a backslash, from which found
// accepts what follows; -1 if there is none. An opening bracket is itself outside.
func outside(key string, found func(rest string) bool) int {
	depth := 0
	var quote byte
	for i := 0; i < len(key); i++ {
		ch := key[i]
		if depth == 0 && quote == 0 && found(key[i:]) {
			return i
		}
		switch {
		case ch == '\\':
			i++
		case quote != 0:
			if ch == quote {
				quote = 0
			}
		case ch == '"' || ch == '\'':
			quote = ch
		case ch == '[':
			depth++
		case ch == ']' && depth > 0:
			depth--
		}
	}
	return -1
}
