package esql

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/elastic/go-grok"
)

// grokCapture is a reference %{PATTERN:name:type} to one of the patterns that the library carries, or a capture written
// into the pattern, (?P<name>…).
var grokCapture = regexp.MustCompile(`%\{\w+(?::([\w.]+)(?::(\w+))?)?\}|\(\?P<(\w+)>`)

var (
	grokReference = regexp.MustCompile(`%\{([^}]*)\}`)
	grokInline    = regexp.MustCompile(`\\.|\(\?<([^=!>][^>]*)>`)
	grokName      = regexp.MustCompile(`^[A-Za-z_][\w.]*$`)
)

// grokDot is how the library writes the dot of a name, which a name of package regexp cannot have.
const grokDot = "___"

// inlineNames writes captures (?<a.b>…) as the library needs them.
func inlineNames(pattern string, at int) string {
	for _, m := range grokReference.FindAllString(pattern, -1) {
		if !grokCapture.MatchString(m) {
			unsupported(at, "a name is made of letters, digits, dots and underscores", "GROK cannot capture %s", m)
		}
	}
	return grokInline.ReplaceAllStringFunc(pattern, func(m string) string {
		if m[0] == '\\' {
			return m
		}
		name := m[len("(?<") : len(m)-1]
		if !grokName.MatchString(name) || strings.Contains(name, grokDot) {
			unsupported(at, "a name is made of letters, digits, dots and underscores", "GROK cannot capture %q", name)
		}
		return "(?P<" + strings.ReplaceAll(name, ".", grokDot) + ">"
	})
}

// grok makes columns of what a pattern captures. If the text does not match, they are null. The patterns run on Go's
// regexp, so a match takes time linear in the text.
func (c *compiler) grok(cmd *command) {
	in, ok := implicit(c.scope.build(cmd.input), tKeyword)
	if !ok {
		fail(cmd.input.at, CodeType, castHint(tKeyword), "GROK does not take a %s apart", in.typ)
	}
	pattern := inlineNames(cmd.pattern, cmd.at2)
	g, err := grok.NewComplete()
	if err == nil {
		err = g.Compile(pattern, true)
	}
	var syntaxError *syntax.Error
	switch {
	case errors.As(err, &syntaxError) && slices.Contains([]syntax.ErrorCode{syntax.ErrMissingParen, syntax.ErrUnexpectedParen, syntax.ErrMissingBracket,
		syntax.ErrTrailingBackslash, syntax.ErrMissingRepeatArgument}, syntaxError.Code):
		fail(cmd.at2, CodePattern, "", "the pattern cannot be used: %v", err)
	case errors.As(err, &syntaxError):
		unsupported(cmd.at2, "", "GROK with %s is not supported, which cannot be matched in linear time or is not known here", syntaxError.Expr)
	case err != nil:
		unsupported(cmd.at2, "", "the pattern of GROK is not supported: %v", err)
	}
	var names []string
	for _, m := range grokCapture.FindAllStringSubmatch(pattern, -1) {
		name, as := m[1], m[2]
		if inline := m[3]; inline != "" {
			name = strings.ReplaceAll(inline, grokDot, ".")
		}
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
		case "boolean":
			typ = tBool
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
		unsupported(cmd.at2, `GROK field "%{IP:address}"`, "the pattern of GROK names no capture itself")
	}
}

// captured is a text as a value of a type, null if it is none.
func captured(text string, typ typ) value {
	switch typ {
	case tBool:
		return boolean(strings.EqualFold(text, "true"))
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
