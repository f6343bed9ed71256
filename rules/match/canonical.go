package match

import (
	"slices"
	"strconv"
	"strings"
)

// String returns x in canonical form. Expressions that differ only in the order or repetition of members and literals,
// in needless nesting, in double negation, in positions, or in the ASCII case of literals that are compared without
// regard to case, have the same form; expressions that mean different things have different forms.
//
// The form is hashed into the identity under which windows are stored, so it must stay the same from release to release,
// for every expression: change it, and every stateful rule loses its windows on upgrade. That is why it does not use
// Unicode tables (they change with Go's releases) and why it is independent of what the Index makes of x.
func String(x Expr) string { return canonical(x).text }

// form is a canonical expression: the text, and what it is made of, so that an enclosing group can take it apart.
type form struct {
	text    string
	op      string // and, or, not; empty for the rest
	members []form
}

var always, never = form{text: "true"}, form{text: "false"}

func canonical(x Expr) form {
	switch x := x.(type) {
	case And:
		return group("and", x, always, never)
	case Or:
		return group("or", x, never, always)
	case Not:
		return negation(canonical(x.X))
	case Const:
		if x {
			return always
		}
	case *Pred:
		if x != nil {
			return form{text: x.String()}
		}
	}
	return never
}

func negation(inner form) form {
	switch {
	case inner.text == always.text:
		return never
	case inner.text == never.text:
		return always
	case inner.op == "not":
		return inner.members[0]
	}
	return form{text: "(not " + inner.text + ")", op: "not", members: []form{inner}}
}

// group joins the members' forms. The neutral form adds nothing to the group, the absorbing one decides it.
func group(op string, exprs []Expr, neutral, absorbing form) form {
	var members []form
	for _, x := range exprs {
		switch f := canonical(x); {
		case f.text == absorbing.text:
			return absorbing
		case f.text == neutral.text:
		case f.op == op:
			members = append(members, f.members...)
		default:
			members = append(members, f)
		}
	}
	slices.SortFunc(members, func(a, b form) int { return strings.Compare(a.text, b.text) })
	members = slices.CompactFunc(members, func(a, b form) bool { return a.text == b.text })
	switch len(members) {
	case 0:
		return neutral
	case 1:
		return members[0]
	}
	var b strings.Builder
	b.WriteString("(" + op)
	for _, m := range members {
		b.WriteString(" " + m.text)
	}
	b.WriteString(")")
	return form{text: b.String(), op: op, members: members}
}

// String is p's canonical form, see the function String.
func (p *Pred) String() string {
	var alternatives []string
	switch p.Op {
	case Exists, Empty:
	case Element:
		alternatives = []string{String(p.Body)}
	case EqualsField:
		alternatives = []string{p.Other.String()}
	case Regexp:
		for _, re := range p.Re {
			alternatives = append(alternatives, re.String())
		}
	case InCIDR:
		for _, n := range p.Nets {
			alternatives = append(alternatives, plainNet(n).String())
		}
	default:
		for _, literal := range p.Literals {
			if p.Fold {
				literal = lowerASCII(literal)
			}
			alternatives = append(alternatives, literal)
		}
	}
	if p.alternatives() == 0 {
		return never.text
	}
	slices.Sort(alternatives)
	alternatives = slices.Compact(alternatives)

	var b strings.Builder
	b.WriteString("(" + p.Op.String() + " " + strconv.QuoteToASCII(p.Path.String()))
	if p.Part != 0 {
		b.WriteString(" " + p.Part.String())
	}
	if p.Form != 0 {
		b.WriteString(" " + p.Form.String())
	}
	if p.Fold && p.foldMatters() {
		b.WriteString(" fold")
	}
	if p.All && len(alternatives) > 1 {
		b.WriteString(" all")
	}
	for _, a := range alternatives {
		b.WriteByte(' ')
		b.WriteString(strconv.QuoteToASCII(a))
	}
	b.WriteByte(')')
	return b.String()
}

func (p *Pred) foldMatters() bool {
	switch p.Op {
	case Equal, Prefix, Suffix, Contains, Wildcard, EqualsField:
		return true
	}
	return false
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, s)
}

var opNames = [...]string{
	Exists: "exists", Equal: "equal", Prefix: "prefix", Suffix: "suffix", Contains: "contains", Wildcard: "wildcard",
	Regexp: "regexp", InCIDR: "cidr", Less: "less", LessEqual: "lessequal", Greater: "greater",
	GreaterEqual: "greaterequal", EqualsField: "equalsfield", Empty: "empty", Element: "element",
}

// String is the operator's name in canonical forms.
func (op Op) String() string {
	if op == 0 || int(op) >= len(opNames) {
		return "op" + strconv.Itoa(int(op))
	}
	return opNames[op]
}
