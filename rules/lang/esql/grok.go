package esql

import (
	"regexp"
	"slices"
	"strconv"

	"github.com/elastic/go-grok"
)

// grokKey is a reference %{PATTERN:name:type} to one of the patterns that the library carries.
var grokKey = regexp.MustCompile(`%\{\w+(?::([\w.]+)(?::(\w+))?)?\}`)

// grok makes columns of what a pattern captures. If the text does not match, they are null. The patterns run on Go's
// regexp, so a match takes time linear in the text.
func (c *compiler) grok(cmd *command) {
	in, ok := implicit(c.scope.build(cmd.input), tKeyword)
	if !ok {
		fail(cmd.input.at, CodeType, castHint(tKeyword), "GROK does not take a %s apart", in.typ)
	}
	g, err := grok.NewComplete()
	if err == nil {
		err = g.Compile(cmd.pattern, true)
	}
	if err != nil {
		fail(cmd.at2, CodePattern, "", "the pattern cannot be used: %v", err)
	}
	var names []string
	for _, m := range grokKey.FindAllStringSubmatch(cmd.pattern, -1) {
		name, as := m[1], m[2]
		if name == "" {
			continue
		}
		if slices.Contains(names, name) {
			unsupported(cmd.at2, "give each capture a name of its own", "GROK captures %s twice", name)
		}
		names = append(names, name)
		typ := tKeyword
		switch as {
		case "", "string":
		case "int", "long":
			typ = tLong
		case "float", "double":
			typ = tDouble
		default:
			fail(cmd.at2, CodePattern, "write int, long, float or double, or nothing for text", "GROK has no type %s", as)
		}
		args := []*term{in, literalTerm(tKeyword, str(cmd.pattern), cmd.at2), literalTerm(tKeyword, str(name), cmd.at2)}
		c.scope.set(name, newTerm(term{op: "grok", typ: typ, args: args, at: cmd.at, fn: func(args []value) value {
			d, ok := args[0].single()
			if !ok {
				return nil
			}
			parts, err := g.ParseString(d.s)
			text, found := parts[name]
			if err != nil || !found {
				return nil
			}
			return captured(text, typ)
		}}))
	}
	if len(names) == 0 {
		fail(cmd.at2, CodePattern, `GROK field "%{IP:address}"`, "the pattern names no capture")
	}
}

// captured is a text as a value of a type, null if it is none.
func captured(text string, typ typ) value {
	switch typ {
	case tLong:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return num(n)
		}
		return nil
	case tDouble:
		if f, err := strconv.ParseFloat(text, 64); err == nil {
			return finite(f)
		}
		return nil
	}
	return str(text)
}
