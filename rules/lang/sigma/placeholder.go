package sigma

import "strings"

// Lists finds the values that stand for a placeholder, texts with Sigma's wildcards. ok is false for a name without a
// list. A nil Lists has none.
type Lists func(name string) (values []string, ok bool)

// maxExpanded bounds the texts that the placeholders of a detection may stand for, and maxExpandedBytes how long those
// of one value may be together.
const (
	maxExpanded      = 200_000
	maxExpandedBytes = 32 << 20
)

// placeholder is a part of a text: plain, or the name of a placeholder.
type placeholder struct {
	text   string
	name   bool
	offset int
}

// placeholders takes a text with %name% apart. A backslash before a percent sign makes it plain; before a backslash it
// is that of the text's own escapes, and stays.
func placeholders(text string) []placeholder {
	var out []placeholder
	var plain strings.Builder
	from := 0
	flush := func() {
		if plain.Len() > 0 {
			out = append(out, placeholder{text: plain.String(), offset: from})
			plain.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			if i++; text[i] != '%' {
				plain.WriteByte(c)
			}
			plain.WriteByte(text[i])
		case c == '%' && nameLength(text[i+1:]) > 0:
			n := nameLength(text[i+1:])
			flush()
			out = append(out, placeholder{text: text[i+1 : i+1+n], name: true, offset: i})
			i += n + 1
			from = i + 1
		default:
			plain.WriteByte(c)
		}
	}
	flush()
	return out
}

// nameLength is the length of the name before the next percent sign, 0 if none stands there. It looks no further than a
// name can reach, so that many percent signs do not make it slow.
func nameLength(text string) int {
	for i := 0; i < len(text) && i <= maxName; i++ {
		c := text[i]
		switch {
		case c == '%':
			return i
		case c == '_' || c == '-' || c == '.' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z':
		default:
			return 0
		}
	}
	return 0
}

const maxName = 100

// expand replaces the placeholders of a value. The outcomes are alternatives; none after a problem.
func (f *field) expand(v value) []value {
	parts := placeholders(v.text)
	out := []string{""}
	named := false
	for _, p := range parts {
		choices := []string{p.text}
		if p.name {
			named = true
			var values []string
			ok := false
			if f.lists != nil {
				values, ok = f.lists(p.text)
			}
			if !ok {
				f.report.Unsupported(v.node.At(p.offset), NoList, "oktastream: {placeholders: {"+p.text+": FILE}}, in the rule or in placeholders.yaml beside it",
					"no list says what the placeholder %%%s%% stands for", p.text)
				return nil
			}
			if len(values) == 0 {
				if f.report.OK() { // else whoever read the list has said why
					f.report.Error(v.node.At(p.offset), BadList, "", "the list of the placeholder %%%s%% is empty", p.text)
				}
				return nil
			}
			choices = values
		}
		var ok bool
		if out, ok = combine(out, choices); !ok {
			f.tooMany(v)
			return nil
		}
	}
	if !named {
		f.report.Warn(v.node.Pos, BadModifiers, "write %name%", "expand has no effect on a text without placeholders")
	}
	if f.used.texts += len(out); f.used.texts > maxExpanded {
		f.tooMany(v)
		return nil
	}
	values := make([]value, len(out))
	for i, text := range out {
		values[i] = value{node: v.node, text: text}
	}
	return values
}

func (f *field) tooMany(v value) {
	f.report.Error(v.node.Pos, TooComplex, "use fewer placeholders in one text, or shorter lists",
		"the placeholders stand for more than %d texts or %d bytes", maxExpanded, maxExpandedBytes)
}

// combine appends each choice to each text. ok is false if that is too much.
func combine(texts, choices []string) (out []string, ok bool) {
	bytes := func(list []string) (n int) {
		for _, s := range list {
			n += len(s)
		}
		return n
	}
	if len(texts)*len(choices) > maxExpanded || bytes(texts)*len(choices)+bytes(choices)*len(texts) > maxExpandedBytes {
		return nil, false
	}
	for _, t := range texts {
		for _, c := range choices {
			out = append(out, t+c)
		}
	}
	return out, true
}
