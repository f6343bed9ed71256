package printable

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// Line returns s as part of one line. Each control or format character, line separator and byte that is no UTF-8 becomes
// U+FFFD: an escape sequence would give the terminal orders, a newline would begin a line of its own (such as a workflow
// command of GitHub), and marks of direction would show a text in another order than it has.
func Line(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Paragraph returns the lines of a text, each through Line. A line that a CI system would take for a command, even an
// indented one, is quoted with a > before it.
func Paragraph(s string) []string {
	out := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i, line := range out {
		line = Line(strings.ReplaceAll(line, "\t", "  "))
		if start := strings.TrimSpace(line); strings.HasPrefix(start, "::") || strings.HasPrefix(start, "##") {
			line = "> " + start
		}
		out[i] = line
	}
	return out
}

// Safe is text of our own, such as a colour, that Fprintf prints as it is.
type Safe string

// Fprintf is fmt.Fprintf for lines: what format says is printed as it is, and each text, error and Stringer among args
// through Line.
func Fprintf(w io.Writer, format string, args ...any) (int, error) {
	return fmt.Fprintf(w, format, lines(args)...)
}

// Sprintf is Fprintf into a string.
func Sprintf(format string, args ...any) string {
	return fmt.Sprintf(format, lines(args)...)
}

func lines(args []any) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		switch a := arg.(type) {
		case Safe:
			out[i] = string(a)
		case string:
			out[i] = Line(a)
		case error:
			out[i] = Line(a.Error())
		case fmt.Stringer:
			out[i] = Line(a.String())
		default:
			out[i] = arg
		}
	}
	return out
}
