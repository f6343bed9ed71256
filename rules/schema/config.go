package schema

import "strings"

// Kind is the type of a setting.
type Kind string

const (
	Text     Kind = "text"
	List     Kind = "list of texts" // or one text, separated by commas
	Integer  Kind = "whole number"
	Boolean  Kind = "true or false"
	Duration Kind = "time span" // as Go writes it: 100ms, 5m
	Size     Kind = "number of bytes"
	Choice   Kind = "one of several"
)

// Setting is one key of the configuration file. Dots in its name may be written as nested maps.
type Setting struct {
	Name   string
	Doc    string
	Kind   Kind
	Values []string // of a Choice
}

// reference is a value that stands elsewhere: ${env:NAME} or ${file:PATH}.
const reference = `^\$\{(env|file):.+\}$`

// Config is the schema of a configuration file: settings of ours, and Kafka properties, which may also stand below kafka.
// The order of the settings does not matter.
func Config(settings []Setting, kafka []Setting) []byte {
	all := append([]Setting{}, settings...)
	for _, k := range kafka {
		all = append(all, k)
		k.Name = "kafka." + k.Name
		all = append(all, k)
	}
	return document("config", "oktastream configuration", "What the command run is told by its file.", nested(all))
}

// nested describes a map with settings, each under its name or under any part of it before a dot, with the rest below.
func nested(settings []Setting) object {
	properties, below := object{}, map[string][]Setting{}
	for _, s := range settings {
		properties[s.Name] = s.value()
		for i, c := range s.Name {
			if c == '.' {
				rest := s
				rest.Name = s.Name[i+1:]
				below[s.Name[:i]] = append(below[s.Name[:i]], rest)
			}
		}
	}
	for prefix, rest := range below {
		group := nested(rest)
		if leaf, both := properties[prefix].(object); both {
			group = object{"anyOf": []object{leaf, group}}
		}
		properties[prefix] = group
	}
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

// value describes the value of a setting. Every value may also be written as text, be a reference, or be left empty.
func (s Setting) value() object {
	forms := []object{{"type": "null"}}
	pattern := func(p string) { forms = append(forms, object{"type": "string", "pattern": p}) }
	switch s.Kind {
	case List:
		forms = append(forms, object{"type": scalars}, object{"type": "array", "items": object{"type": scalars}})
	case Integer:
		forms = append(forms, object{"type": "integer"})
		pattern(`^[+-]?[0-9]+$`)
	case Boolean:
		forms = append(forms, object{"type": "boolean"}, object{"enum": []string{"true", "false"}})
	case Duration:
		pattern(`^0$|^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`)
	case Size:
		forms = append(forms, object{"type": "integer", "minimum": 0})
		pattern(`^[0-9]+ *(KiB|MiB|GiB)?$`)
	case Choice:
		forms = append(forms, object{"enum": s.Values})
	default:
		forms = append(forms, object{"type": scalars}, object{"type": "array", "items": object{"type": scalars}})
	}
	if s.Kind != Text && s.Kind != List && s.Kind != "" {
		pattern(reference)
	}
	out := object{"anyOf": forms}
	if doc := strings.TrimSpace(s.Doc); doc != "" {
		out["description"] = doc
	}
	return out
}
