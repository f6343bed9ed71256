package alert

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"oktastream/rules/event/jsontree"
)

// appendStrict appends the JSON of n so that every reader takes it, and takes it as the rules did. An event may hold what
// JSON's grammar allows and strict readers refuse: of members with one name the last is kept, which is the one that
// conditions see; a number that no float holds becomes the text it is compared as; half of a surrogate pair becomes
// U+FFFD, as it was decoded.
func appendStrict(dst []byte, t *jsontree.Tree, n jsontree.Node) []byte {
	switch t.Kind(n) {
	case jsontree.Object:
		return appendMembers(dst, t, n)
	case jsontree.Array:
		dst = append(dst, '[')
		for c := t.First(n); c != jsontree.None; c = t.Next(n, c) {
			if c != n+1 {
				dst = append(dst, ',')
			}
			dst = appendStrict(dst, t, c)
		}
		return append(dst, ']')
	case jsontree.Number:
		if number := t.Text(n); !finite(number) {
			return jsontree.AppendString(dst, number)
		}
	case jsontree.String:
		if surrogate(t.Raw(n)) {
			return jsontree.AppendString(dst, t.Text(n))
		}
	}
	return t.Append(dst, n)
}

func appendMembers(dst []byte, t *jsontree.Tree, n jsontree.Node) []byte {
	last := map[string]jsontree.Node{}
	for c := t.First(n); c != jsontree.None; c = t.Next(n, c) {
		last[strings.ToValidUTF8(t.Key(c), "\uFFFD")] = c
	}
	dst = append(dst, '{')
	first := true
	for c := t.First(n); c != jsontree.None; c = t.Next(n, c) {
		key := strings.ToValidUTF8(t.Key(c), "\uFFFD")
		if last[key] != c {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(jsontree.AppendString(dst, key), ':')
		dst = appendStrict(dst, t, c)
	}
	return append(dst, '}')
}

// finite reports whether a float holds the number, if not exactly.
func finite(number string) bool {
	_, err := strconv.ParseFloat(number, 64)
	return err == nil
}

// surrogate reports whether a quoted string has an escape of one, paired or not.
func surrogate(quoted string) bool {
	for i := 0; ; {
		k := strings.Index(quoted[i:], `\u`)
		if k < 0 {
			return false
		}
		i += k + len(`\u`)
		if i+1 < len(quoted) && (quoted[i] == 'd' || quoted[i] == 'D') && quoted[i+1] >= '8' {
			return true
		}
	}
}

// strict is the JSON text as appendStrict writes it; not, if it is no JSON.
func strict(text []byte) ([]byte, bool) {
	var t jsontree.Tree
	if !utf8.Valid(text) || t.Parse(text) != nil {
		return nil, false
	}
	return appendStrict(make([]byte, 0, len(text)), &t, jsontree.Root), true
}
