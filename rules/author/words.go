package author

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"oktastream/rules/match"
)

// maxLiterals is the number of alternatives of a comparison that are shown.
const maxLiterals = 10

// Words says in plain words what a condition asks for, one line for each part, inner parts indented by two blanks.
// Comparisons ignore letter case unless they say otherwise, as both Sigma and Okta have it.
func Words(x match.Expr) []string {
	switch x := x.(type) {
	case match.And:
		return group("all of", flat(x, func(x match.Expr) ([]match.Expr, bool) { and, ok := x.(match.And); return and, ok }), "anything")
	case match.Or:
		return group("any of", flat(x, func(x match.Expr) ([]match.Expr, bool) { or, ok := x.(match.Or); return or, ok }), "nothing")
	case match.Not:
		inner := Words(x.X)
		if len(inner) == 1 {
			return []string{"not: " + inner[0]}
		}
		return append([]string{"not"}, indent(inner)...)
	case match.Const:
		if x {
			return []string{"anything"}
		}
	case *match.Pred:
		if x != nil {
			return predicate(x)
		}
	}
	return []string{"nothing"}
}

// flat takes the members of inner groups of the same kind into the outer one.
func flat(members []match.Expr, same func(match.Expr) ([]match.Expr, bool)) []match.Expr {
	var out []match.Expr
	for _, m := range members {
		if inner, ok := same(m); ok && len(inner) > 0 {
			out = append(out, flat(inner, same)...)
			continue
		}
		out = append(out, m)
	}
	return out
}

func group(title string, members []match.Expr, empty string) []string {
	switch len(members) {
	case 0:
		return []string{empty}
	case 1:
		return Words(members[0])
	}
	lines := []string{title}
	for _, m := range members {
		lines = append(lines, indent(Words(m))...)
	}
	return lines
}

func indent(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = "  " + l
	}
	return out
}

func predicate(p *match.Pred) []string {
	subject := p.Path.String()
	if p.Part != 0 {
		subject = "the " + p.Part.String() + " of " + subject
	}
	switch p.Op {
	case match.Exists:
		return []string{subject + " is there"}
	case match.Empty:
		return []string{subject + " is an empty text"}
	case match.EqualsField:
		is := " is the same as "
		switch p.Form {
		case match.Prefix:
			is = " begins with "
		case match.Suffix:
			is = " ends with "
		case match.Contains:
			is = " holds "
		}
		return []string{subject + is + p.Other.String() + exact(p)}
	case match.Element:
		return append([]string{"an element of " + subject + " for which"}, indent(Words(p.Body))...)
	}
	literals := alternatives(p)
	if p.Op == match.Wildcard && len(literals) == 1 && literals[0] == `"?*"` { // what front ends make of a test for presence
		return []string{subject + " is there, and not empty"}
	}
	if len(literals) == 0 {
		return []string{"nothing"}
	}
	return []string{subject + " " + verb(p, len(literals)) + " " + enumerate(literals, p.All) + exact(p)}
}

// verb is the operator; one that has several alternatives says so itself where that reads better.
func verb(p *match.Pred, n int) string {
	switch p.Op {
	case match.Equal:
		if n > 1 && !p.All {
			return "is one of"
		}
		return "is"
	case match.Prefix:
		return "begins with"
	case match.Suffix:
		return "ends with"
	case match.Contains:
		return "contains"
	case match.Wildcard:
		return "is like"
	case match.Regexp:
		return "matches"
	case match.InCIDR:
		return "is in"
	case match.Less:
		return "is less than"
	case match.LessEqual:
		return "is at most"
	case match.Greater:
		return "is greater than"
	case match.GreaterEqual:
		return "is at least"
	}
	return p.Op.String()
}

func alternatives(p *match.Pred) []string {
	var out []string
	switch p.Op {
	case match.Regexp:
		for _, re := range p.Re {
			out = append(out, "/"+re.String()+"/")
		}
	case match.InCIDR:
		for _, n := range p.Nets {
			out = append(out, n.String())
		}
	case match.Less, match.LessEqual, match.Greater, match.GreaterEqual:
		out = append(out, p.Literals...)
	default:
		for _, l := range p.Literals {
			out = append(out, strconv.Quote(l))
		}
	}
	return out
}

func enumerate(literals []string, all bool) string {
	more := ""
	if n := len(literals); n > maxLiterals {
		literals, more = literals[:maxLiterals], fmt.Sprintf(", … %d more", n-maxLiterals)
	}
	if len(literals) == 1 {
		return literals[0]
	}
	if all {
		return "each of " + strings.Join(literals, ", ") + more
	}
	last := len(literals) - 1
	if more != "" {
		return strings.Join(literals, ", ") + more
	}
	return strings.Join(literals[:last], ", ") + " or " + literals[last]
}

// exact says that letter case counts, where the operator compares text.
func exact(p *match.Pred) string {
	switch p.Op {
	case match.Equal, match.Prefix, match.Suffix, match.Contains, match.Wildcard, match.EqualsField:
		if !p.Fold && (p.Op == match.EqualsField || strings.ContainsFunc(strings.Join(p.Literals, ""), unicode.IsLetter)) {
			return " in this letter case"
		}
	}
	return ""
}
