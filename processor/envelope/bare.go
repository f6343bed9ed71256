package envelope

import "bytes"

// bare reports whether value is one object, and nothing behind it, that has eventType, uuid and published at its top, spelt as
// Okta spells them: what every LogEvent has and no wrapping. It checks no more of the JSON than it needs to find its way,
// because decoding checks all of it anyway. A false answer means nothing.
func bare(value []byte) bool {
	i := blanks(value, 0)
	if i >= len(value) || value[i] != '{' {
		return false
	}
	const eventType, uuid, published = 1, 2, 4
	for seen := 0; ; {
		i = blanks(value, i+1)
		if i >= len(value) || value[i] != '"' {
			return false
		}
		end := stringEnd(value, i)
		if end < 0 {
			return false
		}
		name := value[i+1 : end-1]
		if i = blanks(value, end); i >= len(value) || value[i] != ':' {
			return false
		}
		i = blanks(value, i+1)
		if end = valueEnd(value, i); end < 0 {
			return false
		}
		if text := value[i:end]; len(text) > len(`""`) && text[0] == '"' {
			switch string(name) {
			case "eventType":
				if string(text[1:len(text)-1]) == HookType || bytes.IndexByte(text, '\\') >= 0 {
					return false
				}
				seen |= eventType
			case "uuid":
				seen |= uuid
			case "published":
				seen |= published
			}
		}
		if i = blanks(value, end); i >= len(value) {
			return false
		}
		if value[i] == '}' {
			return seen == eventType|uuid|published && blanks(value, i+1) == len(value)
		}
		if value[i] != ',' {
			return false
		}
	}
}

func blanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// valueEnd is the offset behind the value at i, or -1.
func valueEnd(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	switch b[i] {
	case '"':
		return stringEnd(b, i)
	case '{', '[':
		for depth := 0; i < len(b); {
			switch b[i] {
			case '"':
				if i = stringEnd(b, i); i < 0 {
					return -1
				}
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			i++
			if depth == 0 {
				return i
			}
		}
		return -1
	}
	for i < len(b) && b[i] != ',' && b[i] != '}' {
		i++
	}
	return i
}

// stringEnd is the offset behind the string whose opening quote stands at i, or -1.
func stringEnd(b []byte, i int) int {
	for i++; ; {
		quote := bytes.IndexByte(b[i:], '"')
		if quote < 0 {
			return -1
		}
		i += quote + 1
		escapes := 0
		for k := i - 2; b[k] == '\\'; k-- {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
}
