package lint

import (
	"fmt"
	"io"
	"strings"

	"oktastream/rules"
	"oktastream/rules/printable"
)

// WriteGitHub prints a workflow command for each finding, which GitHub shows beside the line in a pull request.
func (rep *Report) WriteGitHub(w io.Writer) error {
	var b strings.Builder
	for _, f := range rep.Findings() {
		command := "notice"
		switch f.Level {
		case rules.Error:
			command = "error"
		case rules.Warning, rules.Unsupported:
			command = "warning"
		}
		fmt.Fprintf(&b, "::%s file=%s", command, printable.Line(propertyEscapes.Replace(f.File)))
		if f.Line > 0 {
			fmt.Fprintf(&b, ",line=%d", f.Line)
		}
		if f.Col > 0 && f.Length > 0 {
			fmt.Fprintf(&b, ",col=%d,endColumn=%d", f.Col, f.Col+f.Length)
		}
		text := f.Message
		if f.Hint != "" {
			text += " (" + f.Hint + ")"
		}
		fmt.Fprintf(&b, ",title=%s::%s\n", propertyEscapes.Replace(f.Code), printable.Line(messageEscapes.Replace(text)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var (
	messageEscapes  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	propertyEscapes = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
