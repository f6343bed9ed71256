package esql

import (
	"strings"
)

// piece is a key of a DISSECT pattern and the text behind it.
type piece struct {
	key     string // empty if it is left out
	padded  bool   // the text behind it may be repeated
	literal string
}

// dissect makes columns of the parts of a text. If the text does not have the pattern's form, they are null.
func (c *compiler) dissect(cmd *command) {
	in, ok := implicit(c.scope.build(cmd.input), tKeyword)
	if !ok {
		fail(cmd.input.at, CodeType, castHint(tKeyword), "DISSECT does not take a %s apart", in.typ)
	}
	head, pieces := dissectPattern(cmd.pattern, cmd.at2)
	for i, p := range pieces {
		if p.key == "" {
			continue
		}
		text := literalTerm(tKeyword, str(cmd.pattern), cmd.at2)
		nth := literalTerm(tLong, num(int64(i)), cmd.at2)
		c.scope.set(p.key, newTerm(term{op: "dissect", typ: tKeyword, args: []*term{in, text, nth}, at: cmd.at, fn: func(args []value) value {
			d, ok := args[0].single()
			if !ok {
				return nil
			}
			parts := dissectText(d.s, head, pieces)
			if parts == nil {
				return nil
			}
			return str(parts[i])
		}}))
	}
}

func dissectPattern(pattern string, at int) (head string, pieces []piece) {
	head, rest, found := strings.Cut(pattern, "%{")
	if !found {
		fail(at, CodePattern, `DISSECT field "%{a} %{b}"`, "the pattern names no key")
	}
	for {
		key, after, found := strings.Cut(rest, "}")
		if !found {
			fail(at, CodeUnterminated, "", "a key of the pattern has no end")
		}
		p := piece{}
		key, p.padded = strings.CutSuffix(key, "->")
		switch {
		case key == "", key[0] == '?':
		case strings.ContainsAny(key[:1], "+*&"):
			unsupported(at, "", "the modifier %c of DISSECT is not supported", key[0])
		default:
			p.key = key
		}
		var more bool
		p.literal, rest, more = strings.Cut(after, "%{")
		if p.literal == "" && more {
			fail(at, CodePattern, "", "there is nothing between two keys of the pattern")
		}
		if pieces = append(pieces, p); !more {
			return head, pieces
		}
	}
}

// dissectText returns the text of each key, nil if the pattern does not fit.
func dissectText(s, head string, pieces []piece) []string {
	rest, ok := strings.CutPrefix(s, head)
	if !ok {
		return nil
	}
	parts := make([]string, len(pieces))
	for i, p := range pieces {
		if p.literal == "" {
			parts[i] = rest
			return parts
		}
		if parts[i], rest, ok = strings.Cut(rest, p.literal); !ok {
			return nil
		}
		for p.padded && strings.HasPrefix(rest, p.literal) {
			rest = rest[len(p.literal):]
		}
	}
	return parts
}
