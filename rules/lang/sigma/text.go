package sigma

import (
	"strings"

	"oktastream/rules/match"
)

// piece is a run of plain text, or a wildcard.
type piece struct {
	wild byte // '*', '?', or 0 for text
	text string
}

// pieces reads Sigma's wildcards and escapes: a backslash takes the meaning from *, ? and \ and is itself before
// anything else.
func pieces(text string) []piece {
	var out []piece
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			out = append(out, piece{text: plain.String()})
			plain.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && strings.IndexByte(`*?\`, text[i+1]) >= 0:
			i++
			plain.WriteByte(text[i])
		case c == '*' || c == '?':
			flush()
			if n := len(out); c == '*' && n > 0 && out[n-1].wild == '*' {
				continue // ** is *
			}
			out = append(out, piece{wild: c})
		default:
			plain.WriteByte(c)
		}
	}
	flush()
	return out
}

// lower finds the cheapest operator for a text with wildcards under a form, and its literal.
func lower(ps []piece, form string) (match.Op, string) {
	star := piece{wild: '*'}
	if form == "contains" || form == "endswith" {
		if len(ps) == 0 || ps[0] != star {
			ps = append([]piece{star}, ps...)
		}
	}
	if form == "contains" || form == "startswith" {
		if len(ps) == 0 || ps[len(ps)-1] != star {
			ps = append(ps[:len(ps):len(ps)], star)
		}
	}
	shape := make([]byte, len(ps))
	for i, p := range ps {
		shape[i] = 't'
		if p.wild != 0 {
			shape[i] = p.wild
		}
	}
	switch string(shape) {
	case "":
		return match.Empty, ""
	case "*":
		return match.Exists, ""
	case "t":
		return match.Equal, ps[0].text
	case "t*":
		return match.Prefix, ps[0].text
	case "*t":
		return match.Suffix, ps[1].text
	case "*t*":
		return match.Contains, ps[1].text
	}
	var w strings.Builder
	escape := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`)
	for _, p := range ps {
		if p.wild != 0 {
			w.WriteByte(p.wild)
			continue
		}
		w.WriteString(escape.Replace(p.text))
	}
	return match.Wildcard, w.String()
}
