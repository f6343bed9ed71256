package sigma

import (
	"slices"
	"strings"

	"oktastream/rules/lang/source"
)

// comparison is what a field's modifiers ask for.
type comparison struct {
	form  string // the one of forms, or "" for plain equality
	all   bool
	cased bool
	neq   bool
	flags string // of re
}

// forms are the modifiers that say how to compare; a field has at most one.
var forms = []string{"contains", "startswith", "endswith", "re", "cidr", "exists", "fieldref", "gt", "gte", "lt", "lte"}

// adverbs change a form.
var adverbs = []string{"all", "cased", "neq", "i", "m", "s"}

// unsupported are Sigma's other modifiers, with the reason why they cannot be run.
var unsupported = map[string]string{
	"expand":       "it needs lists for its placeholders, and there is no way to give them yet",
	"base64":       "encoded text does not occur in Okta's events",
	"base64offset": "encoded text does not occur in Okta's events",
	"utf16":        "encoded text does not occur in Okta's events",
	"utf16le":      "encoded text does not occur in Okta's events",
	"utf16be":      "encoded text does not occur in Okta's events",
	"wide":         "encoded text does not occur in Okta's events",
	"windash":      "it is about Windows command lines",
	"minute":       "parts of a time cannot be compared yet",
	"hour":         "parts of a time cannot be compared yet",
	"day":          "parts of a time cannot be compared yet",
	"week":         "parts of a time cannot be compared yet",
	"month":        "parts of a time cannot be compared yet",
	"year":         "parts of a time cannot be compared yet",
}

// parseModifiers reads the part of a key behind the field's name. ok is false after an error or something unsupported.
func parseModifiers(key *source.Node, names []string, offset int, r *source.Report) (c comparison, ok bool) {
	for _, name := range names {
		at := key.At(offset)
		offset += len(name) + 1
		switch {
		case slices.Contains(forms, name):
			if c.form != "" {
				r.Error(at, BadModifiers, "use one of them", "the modifiers %s and %s do not go together", c.form, name)
				return c, false
			}
			c.form = name
		case name == "all":
			c.all = true
		case name == "cased":
			c.cased = true
		case name == "neq":
			c.neq = true
		case name == "i" || name == "m" || name == "s":
			if c.form != "re" {
				r.Error(at, BadModifiers, "write re|"+name, "the modifier %s stands only after re", name)
				return c, false
			}
			c.flags += name
		case unsupported[name] != "":
			r.Unsupported(at, NotSupported, "", "the modifier %s cannot be run: %s", name, unsupported[name])
			return c, false
		default:
			r.Error(at, UnknownModifier, source.DidYouMean(name, append(slices.Clone(forms), adverbs[:3]...)),
				"there is no modifier %q", name)
			return c, false
		}
	}
	if c.neq && !slices.Contains([]string{"", "fieldref"}, c.form) {
		r.Error(key.Pos, BadModifiers, "negate the selection in the condition", "neq does not go together with %s", c.form)
		return c, false
	}
	if c.cased && slices.Contains([]string{"re", "cidr", "exists", "gt", "gte", "lt", "lte"}, c.form) {
		r.Warn(key.Pos, BadModifiers, "leave cased out", "cased has no effect on %s", c.form)
	}
	return c, true
}

// cutField separates a key into field and modifiers. A bar inside brackets belongs to the field.
func cutField(key string) (field string, modifiers []string) {
	depth := 0
	for i, ch := range key {
		switch {
		case ch == '[':
			depth++
		case ch == ']' && depth > 0:
			depth--
		case ch == '|' && depth == 0:
			return key[:i], strings.Split(key[i+1:], "|")
		}
	}
	return key, nil
}
