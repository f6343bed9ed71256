package rules

import (
	"fmt"

	"oktastream/rules/match"
	"oktastream/rules/printable"
)

// Level says how bad a diagnostic is.
type Level string

const (
	Error       Level = "error"       // the rule does not load
	Unsupported Level = "unsupported" // the rule is valid where it comes from, but this version cannot run it
	Warning     Level = "warning"     // the rule loads, but probably does not do what its author meant
	Note        Level = "note"
)

// Diagnostic is one thing to tell a rule's author.
type Diagnostic struct {
	File string
	match.Pos
	Level   Level
	Code    string // OKS0101, stable
	Message string
	Hint    string // what to write instead; may be empty
	Rule    string // the rule's name, where it is known
}

// Error formats d as one line: file:line:col: level CODE: message (hint).
func (d Diagnostic) Error() string {
	s := d.File
	if d.Line > 0 {
		s = fmt.Sprintf("%s:%d:%d", d.File, d.Line, d.Col)
	}
	s = fmt.Sprintf("%s: %s %s: %s", s, d.Level, d.Code, d.Message)
	if d.Hint != "" {
		s += " (" + d.Hint + ")"
	}
	return printable.Line(s)
}
