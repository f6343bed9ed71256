package match

import (
	"net/netip"
	"regexp"

	"oktastream/rules/event"
)

// Expr is a condition on one event: And, Or, Not, Const or *Pred. A nil Expr never holds.
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
	Exists       Op = iota + 1 // the path leads to a value; no literals
	Equal                      // text equality; true and "true", 1 and "1" are equal; so are the numbers 1 and 1.0, and the texts of an address in a field of addresses
	Prefix                     // text begins with the literal
	Suffix                     // text ends with the literal
	Contains                   // text holds the literal
	Wildcard                   // whole text matches the literal: * any run, ? any one character, \*, \? and \\ themselves
	Regexp                     // text holds a match of Re
	InCIDR                     // text is an address inside one of Nets
	Less                       // the value is less than the literal: as numbers if both are, else as times (event.ParseTime) if both are; in a field of addresses as addresses
	LessEqual                  // as Less
	Greater                    // as Less
	GreaterEqual               // as Less
	EqualsField                // text equality with any value of Other, as Equal; or what Form says instead of equality
	Empty                      // a value of the path is the empty string; no literals
	Element                    // Body holds for the value alone; no literals
)

// Pred holds when any value at Path compares with any literal (or, if All is set, when each literal compares with some
// value). Without literals to compare with it never holds. An Object value compares as its JSON text.
//
// A Pred must not be changed once it is part of an Expr that is in use.
type Pred struct {
	Path event.Path
	Op   Op
	// Fold compares without regard to case (Unicode simple folding). Regexp ignores it: the flag belongs into Re.
	Fold bool
	// All asks that each literal (or member of Re or Nets) compares with some value of the path.
	All bool
	// Literals are the alternatives, as text.
	Literals []string
	// Re is set for Regexp; no member is nil.
	Re []*regexp.Regexp
	// Nets is set for InCIDR. An IPv4 address written as IPv6 (::ffff:192.0.2.1) compares as IPv4.
	Nets []netip.Prefix
	// Other is set for EqualsField, and Form may be: Prefix, Suffix or Contains of any value of Other that is not empty.
	Other event.Path
	Form  Op
	// Body is set for Element. It is evaluated on an event whose only member, ElementName, is one value of Path, so that
	// its conditions are about the same element of an array: element.type, and element for the value itself.
	Body Expr
	// Part asks to compare a part of the time that the value is; a value that is no time never compares. It is for the
	// operators that compare with literals.
	Part Part
	// Pos is where the author wrote the predicate.
	Pos Pos
}

// Pos is a place in a rule file; Line and Col count from 1, 0 means unknown. Col counts characters.
type Pos struct{ Line, Col int }

// ElementName is the member by which the Body of an Element refers to the value.
const ElementName = "element"

func (And) expr()   {}
func (Or) expr()    {}
func (Not) expr()   {}
func (Const) expr() {}
func (*Pred) expr() {}

// alternatives is the number of literals, expressions or networks that p compares with; 1 for operators that take none,
// and 0 if p cannot hold.
func (p *Pred) alternatives() int {
	if p.Path.String() == "" || p.Op == EqualsField && p.Other.String() == "" {
		return 0
	}
	switch p.Op {
	case Exists, Empty, EqualsField:
		return 1
	case Element:
		if p.Body == nil {
			return 0
		}
		return 1
	case Regexp:
		return len(p.Re)
	case InCIDR:
		return len(p.Nets)
	}
	return len(p.Literals)
}

// addresses reports whether p compares addresses: those of a path that holds some.
func (p *Pred) addresses() bool {
	return p.Part == 0 && (p.Path.HoldsAddresses() || p.Op == EqualsField && p.Other.HoldsAddresses())
}

// spelt is a literal as the path's values are spelt: an address has many texts, and its field reads in one. What compares a
// piece of a text, or a pattern that says more than a text, has no address to respell.
func (p *Pred) spelt(literal string) string {
	if (p.Op == Equal || p.Op == Wildcard) && p.addresses() {
		return event.Address(literal)
	}
	return literal
}

// only is p with its i-th alternative alone.
func (p *Pred) only(i int) *Pred {
	q := *p
	q.All = false
	switch p.Op {
	case Exists, Empty, EqualsField, Element:
	case Regexp:
		q.Re = p.Re[i : i+1]
	case InCIDR:
		q.Nets = p.Nets[i : i+1]
	default:
		q.Literals = p.Literals[i : i+1]
	}
	return &q
}
