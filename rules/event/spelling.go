package event

import "strings"

// Spelling returns p as Okta writes it, if p names known fields but in other letter case; else "". Reading does not mind
// the case, so this is advice. Aliases have no spelling of Okta's.
func Spelling(p Path) string {
	if p.c == nil || p.c.computed != nil {
		return ""
	}
	parts := alternatives(p.c.text)
	changed := false
	for i, part := range parts {
		if s := spell(part); s != part {
			parts[i], changed = s, true
		}
	}
	if !changed {
		return ""
	}
	return strings.Join(parts, orWord)
}

// spell corrects the names of one alternative that lead along known paths. What stands in brackets or quotes, positions
// in arrays, and names below an open map are left as they are.
func spell(text string) string {
	p := pathParser{text: text}
	steps, err := p.parse()
	if err != nil {
		return text
	}
	if _, ok := computed(steps); ok {
		return text
	}
	if _, ok := mechanical(steps); ok {
		return text
	}
	schema, folded, out, from := logEvent(), "", text, 0
	for i, s := range steps {
		if s.index >= 0 && folded != "" {
			continue
		}
		if folded != "" {
			folded += "."
		}
		folded += strings.ToLower(s.key)
		name, ok := schema.names[folded]
		if !ok {
			break
		}
		name = name[strings.LastIndexByte(name, '.')+1:] // as long as the key
		key := s.key
		if i > 0 {
			key, name = "."+key, "."+name
		}
		if at := strings.Index(out[from:], key); at >= 0 {
			from += at + len(key)
			out = out[:from-len(key)] + name + out[from:]
		}
		if schema.open[folded] {
			break
		}
	}
	return out
}
