package alert

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
)

// SchemaJSON is the published JSON Schema (2020-12) of the native record.
//
//go:embed schema.json
var SchemaJSON []byte

// Marshal returns the native record as one line of compact JSON without a line end. Equal alerts give equal bytes:
// members stand in the order of the struct, those of Details in the order of their names.
func Marshal(a *Alert) ([]byte, error) {
	b, err := marshal(a)
	if err != nil {
		return nil, fmt.Errorf("alert %s of rule %s: %w", a.ID, a.Rule.ID, err)
	}
	return b, nil
}

// MarshalJSON writes the group as an object with its members in the rule's order.
func (g Group) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, f := range g {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, f.Name)
		b = append(b, ':')
		b = appendString(b, f.Value)
	}
	return append(b, '}'), nil
}

// UnmarshalJSON reads an object of strings and keeps its order.
func (g *Group) UnmarshalJSON(data []byte) error {
	*g = nil
	dec := json.NewDecoder(bytes.NewReader(data))
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	if tok == nil { // null
		return nil
	}
	if tok != json.Delim('{') {
		return fmt.Errorf("alert group: want an object, got %v", tok)
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		var value string
		if err := dec.Decode(&value); err != nil {
			return fmt.Errorf("alert group member %v: %w", name, err)
		}
		*g = append(*g, Field{Name: name.(string), Value: value})
	}
	return nil
}

// MarshalJSON writes the absent lists as empty ones, so that a reader need not tell them apart.
func (e Evidence) MarshalJSON() ([]byte, error) {
	type plain Evidence
	if e.Events == nil {
		e.Events = []EvidenceEvent{}
	}
	if e.EventIDs == nil {
		e.EventIDs = []string{}
	}
	return marshal(plain(e))
}

// RawJSON is a JSON text that is embedded as it is, but for white space, bytes that are not UTF-8, and what strict readers
// refuse.
type RawJSON []byte

// MarshalJSON returns r itself, null for an empty r. A text that is not JSON is written as a string: an alert is not
// lost for the sake of odd evidence.
func (r RawJSON) MarshalJSON() ([]byte, error) {
	if len(r) == 0 {
		return []byte("null"), nil
	}
	text := bytes.ToValidUTF8(r, []byte("\uFFFD"))
	if written, ok := strict(text); ok {
		return written, nil
	}
	return appendString(nil, string(text)), nil
}

// UnmarshalJSON keeps a copy of b.
func (r *RawJSON) UnmarshalJSON(b []byte) error {
	*r = append((*r)[:0], b...)
	return nil
}

func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // a user agent with < in it stays readable
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	q, err := marshal(s)
	if err != nil {
		panic(err) // encoding/json replaces what is not UTF-8, so every string can be written
	}
	return append(b, q...)
}
