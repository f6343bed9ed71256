package ruletest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// place is a path at which values are set: the same notation as rules read with, as far as it names one place.
type place []segment

// segment is one step of a place: a member of an object, of every element of an array, or of those that a filter names.
type segment struct {
	name        string
	key, equals string // name[key=equals]
	index       int    // name[index]; -1 for none
}

// parsePlace reads paths such as actor.alternateId, target[type=User].alternateId and target[0].id. A dot inside
// brackets belongs to the value.
func parsePlace(text string) (place, error) {
	var p place
	for rest := text; ; {
		end := strings.IndexAny(rest, ".[")
		s := segment{name: rest, index: -1}
		if end >= 0 {
			s.name = rest[:end]
		}
		if s.name == "" {
			return nil, errors.New("a name is missing")
		}
		rest = rest[len(s.name):]
		if inner, ok := strings.CutPrefix(rest, "["); ok {
			inside, after, ok := strings.Cut(inner, "]")
			if !ok {
				return nil, errors.New("a bracket is not closed")
			}
			if err := s.filter(inside); err != nil {
				return nil, err
			}
			rest = after
		}
		if i, err := strconv.Atoi(s.name); err == nil && len(p) > 0 && p[len(p)-1].index < 0 && s.key == "" && s.index < 0 {
			if err := p[len(p)-1].filter(strconv.Itoa(i)); err != nil { // target.0.id is target[0].id
				return nil, err
			}
		} else {
			p = append(p, s)
		}
		if rest == "" {
			return p, nil
		}
		if rest[0] != '.' {
			return nil, fmt.Errorf("a dot is missing before %q", rest)
		}
		rest = rest[1:]
	}
}

func (s *segment) filter(inside string) error {
	if key, equals, ok := strings.Cut(inside, "="); ok && key != "" {
		s.key, s.equals = strings.Trim(key, `"`), strings.Trim(equals, `"`)
		return nil
	}
	// An index far beyond what events hold would only allocate.
	if i, err := strconv.Atoi(inside); err == nil && i >= 0 && i < 1000 {
		s.index = i
		return nil
	}
	return fmt.Errorf("[%s] does not say which element", inside)
}

// set writes value at the place, creating what is missing on the way. Through an array it writes to every element, or
// to those that the filter names; if there is none, to a new one. Names are found regardless of case, as rules find them.
func (p place) set(root map[string]any, value any) {
	s := p[0]
	name := member(root, s.name)
	if s.key == "" && s.index < 0 {
		if len(p) == 1 {
			root[name] = value
			return
		}
		list, ok := root[name].([]any)
		if !ok {
			root[name] = p[1:].into(root[name], value)
			return
		}
		if len(list) == 0 {
			list = []any{map[string]any{}}
		}
		for i := range list {
			list[i] = p[1:].into(list[i], value)
		}
		root[name] = list
		return
	}
	list, _ := root[name].([]any)
	root[name] = s.each(list, func(old any) any {
		if len(p) == 1 {
			return value
		}
		return p[1:].into(old, value)
	})
}

// into sets value inside v, which becomes an object if it is none.
func (p place) into(v, value any) any {
	m, ok := v.(map[string]any)
	if !ok {
		m = map[string]any{}
	}
	p.set(m, value)
	return m
}

// each replaces the elements of list that s names with what change makes of them.
func (s segment) each(list []any, change func(any) any) []any {
	if s.key == "" {
		for len(list) <= s.index {
			list = append(list, map[string]any{})
		}
		list[s.index] = change(list[s.index])
		return list
	}
	found := false
	for i, e := range list {
		m, ok := e.(map[string]any)
		if v, isText := m[member(m, s.key)].(string); ok && isText && strings.EqualFold(v, s.equals) {
			list[i], found = change(e), true
		}
	}
	if !found {
		list = append(list, change(map[string]any{s.key: s.equals}))
	}
	return list
}

// member is the name under which m has a member of this name, in whatever case; the name itself if it has none.
func member(m map[string]any, name string) string {
	if _, ok := m[name]; ok {
		return name
	}
	found := name
	for k := range m {
		if strings.EqualFold(k, name) && (found == name || k < found) {
			found = k
		}
	}
	return found
}
