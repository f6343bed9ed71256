package oktafilter

import (
	"oktastream/rules"
	"oktastream/rules/match"
)

// Problem is one thing to tell the author of an expression.
type Problem struct {
	Pos     match.Pos
	Level   rules.Level // Error: there is no expression; Warning: there is one, but it may not do what was meant
	Code    string      // one of the codes below; they are stable
	Message string
	Hint    string // what to write instead; may be empty
}

// The codes of this package.
const (
	CodeEmpty        = "OKS0201" // there is no expression
	CodeCharacter    = "OKS0202" // a character that has no place here
	CodeUnterminated = "OKS0203" // a string or a bracket without its end
	CodeEscape       = "OKS0204" // an unknown or broken escape in a string
	CodeAttribute    = "OKS0205" // an attribute was expected
	CodeOperator     = "OKS0206" // an operator was expected, or is unknown
	CodeValue        = "OKS0207" // a value was expected
	CodeValueType    = "OKS0208" // the operator cannot compare with such a value
	CodeBracket      = "OKS0209" // a parenthesis or bracket is missing or too many
	CodeJoin         = "OKS0210" // and, or, or the end was expected
	CodeTooDeep      = "OKS0211" // nested deeper than maxDepth
	CodeUnknownField = "OKS0212" // warning: Okta documents no such attribute
	CodePath         = "OKS0213" // the attribute is not a field path
	CodeNumber       = "OKS0214" // a malformed number
)
