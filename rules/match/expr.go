package match

import (
	"net/netip"
	"regexp"

	"oktastream/rules/event"
)

// Expr is a condition on one event: And, Or, Not, Const or Pred.
type Expr interface{ expr() }

// And holds when every member does; an empty And holds.
type And []Expr

// Or holds when any member does; an empty Or does not hold.
type Or []Expr

// Not holds when X does not. The logic is two-valued: a predicate on a missing field does not hold, so its Not does.
type Not struct{ X Expr }

// Const always or never holds.
type Const bool

// Op says how a Pred compares a field's value with its literals.
type Op uint8

const (
	Exists   Op = iota + 1 // the path leads to a value; no literals
	Equal                  // text equality; true and "true", 1 and "1" are equal
	Prefix                 // text begins with the literal
	Suffix                 // text ends with the literal
	Contains               // text holds the literal
	Wildcard               // whole text matches the literal, * any run and ? any one character, \ escapes
	Regexp                 // text holds a match of Re
	InCIDR                 // text is an address inside one of Nets
	Less                   // numeric, or time where both sides are RFC 3339
	LessEqual
	Greater
	GreaterEqual
	EqualsField // text equality with any value of Other
	Empty       // the field has a value and it is the empty string
)

// Pred holds when any value at Path compares with any literal (with every literal, if All is set).
type Pred struct {
	Path event.Path
	Op   Op
	// Fold compares without regard to case (Unicode simple folding).
	Fold bool
	// All asks that each literal compares with some value of the path.
	All bool
	// Literals are the alternatives, as text.
	Literals []string
	// Re is set for Regexp.
	Re []*regexp.Regexp
	// Nets is set for InCIDR.
	Nets []netip.Prefix
	// Other is set for EqualsField.
	Other event.Path
	// Pos is where the author wrote the predicate.
	Pos Pos
}

// Pos is a place in a rule file; Line and Col count from 1, 0 means unknown. Col counts characters.
type Pos struct{ Line, Col int }

func (And) expr()   {}
func (Or) expr()    {}
func (Not) expr()   {}
func (Const) expr() {}
func (*Pred) expr() {}
