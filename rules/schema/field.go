package schema

import (
	"bytes"
	"encoding/json"
	"fmt"

	"oktastream/rules/lang/source"
)

// object is a JSON object; its keys are written sorted.
type object map[string]any

// scalars are the types of a value in YAML: what parsers read as text may look like a number or true.
var scalars = []string{"string", "number", "boolean"}

// spanPattern is what source.Duration reads.
const spanPattern = "^([0-9]+[smhd])+$"

// document is a whole schema.
func document(id, title, description string, body object) []byte {
	body["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	body["$id"] = "urn:oktastream:" + id + ":v1"
	body["title"], body["description"] = title, description
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(body); err != nil {
		panic(fmt.Sprintf("a schema of maps and texts does not encode: %v", err))
	}
	return b.Bytes()
}

// block describes a map with the keys of a table. An open one may have other keys.
func block(fields []source.Field, open bool) object {
	properties, required := object{}, []string{}
	for _, f := range fields {
		properties[f.Name] = property(f)
		if f.Required {
			required = append(required, f.Name)
		}
	}
	out := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		out["required"] = required
	}
	if !open {
		out["additionalProperties"] = false
	}
	return out
}

// property describes the value of one key.
func property(f source.Field) object {
	out := object{}
	switch f.Type {
	case source.Texts, source.PathsOf:
		out["type"] = append([]string{"array"}, scalars...)
		out["items"] = text(f)
		if len(f.OneOf) > 0 {
			out = object{"anyOf": []object{text(f), {"type": "array", "items": text(f)}}}
		}
	case source.Integer:
		out["type"] = "integer"
		if f.Min != 0 || f.Max != 0 {
			out["minimum"], out["maximum"] = f.Min, f.Max
		}
	case source.Boolean:
		out["type"] = "boolean"
	case source.Span:
		out["type"], out["pattern"] = "string", spanPattern
	case source.PathBy:
		out["type"], out["additionalProperties"] = "object", object{"type": scalars}
	case source.Object:
		out = object{"type": "object"}
		if len(f.Fields) > 0 {
			out = block(f.Fields, false)
		}
	case source.Objects:
		one := block(f.Fields, false)
		out = object{"anyOf": []object{one, {"type": "array", "items": one}}}
	case source.Anything:
	default:
		out = text(f)
	}
	out["description"] = f.Doc
	if f.Default != "" {
		out["description"] = f.Doc + " (default: " + f.Default + ")"
	}
	return out
}

func text(f source.Field) object {
	if len(f.OneOf) > 0 {
		return object{"enum": f.OneOf}
	}
	return object{"type": scalars}
}
