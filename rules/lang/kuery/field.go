package kuery

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"oktastream/rules/event"
	"oktastream/rules/match"
)

// maxFields is how many fields a name with a wildcard may stand for: each is looked up in each event.
const maxFields = 100

// paths are the fields that a name stands for; none after an error. in is the array whose element has them.
func (c *compiler) paths(name token, in *token) []event.Path {
	if len(name.stars) > 0 {
		return c.expand(name, in)
	}
	p, ok := c.path(name, name.text, in)
	if !ok {
		return nil
	}
	if in == nil && !c.seen[name.text] && c.said < maxWarnings {
		c.seen[name.text] = true
		if known, suggestion := event.KnownPath(p); !known {
			c.said++
			hint := ""
			if suggestion != "" {
				hint = "did you mean " + suggestion + "?"
			}
			c.report.Warn(c.at(name), UnknownField, hint, "no event of Okta has the field %s", name.text)
		}
	}
	return []event.Path{p}
}

func (c *compiler) path(name token, text string, in *token) (event.Path, bool) {
	members := strings.Split(text, ".")
	if in != nil {
		// The names of the integration stand for Okta's, which are what an element has.
		for i := range members {
			if strings.HasPrefix(in.text, "okta.") {
				members[i] = event.Camel(members[i])
			}
		}
		members = append([]string{match.ElementName}, members...)
	}
	for i, m := range members {
		if strings.ContainsAny(m, `[]"'\`) || strings.Contains(m, " ") {
			members[i] = strconv.Quote(m)
		}
	}
	p, err := event.ParsePath(strings.Join(members, "."))
	if err != nil {
		c.report.Error(c.at(name), BadField, "", "%q is no field name: %v", name.text, err)
	}
	return p, err == nil
}

// expand finds the known fields that a name with wildcards fits. Two names of one field count once.
func (c *compiler) expand(name token, in *token) []event.Path {
	if in != nil {
		c.report.Unsupported(c.at(name), NotSupported, "name the members", "a wildcard in a field name cannot stand inside a nested condition")
		return nil
	}
	var found []event.Path
	parts := name.parts()
	for _, candidate := range event.Names() {
		if !fits(candidate, parts) {
			continue
		}
		if len(found) == maxFields {
			c.report.Unsupported(c.at(name), TooMany, "write more of the name", "%s stands for more than %d fields", name, maxFields)
			return nil
		}
		if p, ok := c.path(name, candidate, nil); ok && !slices.Contains(found, p) {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		c.report.Warn(c.at(name), UnknownField, "", "no known field fits %s, and the condition never holds", name)
	}
	return found
}

// parts are the pieces of the text between wildcards.
func (t token) parts() []string {
	var parts []string
	from := 0
	for _, star := range t.stars {
		parts = append(parts, t.text[from:star])
		from = star + 1
	}
	return append(parts, t.text[from:])
}

// fits tells whether text is made of parts with anything between them.
func fits(text string, parts []string) bool {
	first, last := parts[0], parts[len(parts)-1]
	rest, ok := strings.CutPrefix(text, first)
	if !ok {
		return false
	}
	if rest, ok = strings.CutSuffix(rest, last); !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return true
}

// Networks reads a value that a field is compared with for equality, where the field holds addresses and the value is a
// network or an address with several notations: Kibana's filters and exceptions compare as queries do.
func Networks(field event.Path, value string) (nets []netip.Prefix, ok bool) {
	if !field.HoldsAddresses() {
		return nil, false
	}
	return network(value)
}

// network reads an address or a network in CIDR notation.
func network(text string) ([]netip.Prefix, bool) {
	if n, err := netip.ParsePrefix(text); err == nil {
		return []netip.Prefix{n}, true
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Is6() && a.Zone() == "" {
		return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}, true // an address has many notations in IPv6
	}
	return nil, false
}
