package esql

import (
	"net/netip"
	"strconv"
	"strings"

	"oktastream/rules/event"
	"oktastream/rules/lang/notation"
	"oktastream/rules/match"
)

// lower turns a condition on the event into an expression that holds where the condition is true (or, with want false,
// where it is false); where it is null neither holds. Comparisons of a field with constants become predicates, which
// are indexed; everything else becomes a computed path that is compared with true.
func lower(t *term, want bool) match.Expr {
	switch t.op {
	case "and", "or":
		parts := make([]match.Expr, len(t.args))
		for i, a := range t.args {
			parts[i] = lower(a, want)
		}
		if (t.op == "and") == want {
			return match.And(parts)
		}
		return match.Or(parts)
	case "not":
		return lower(t.args[0], !want)
	case "!=":
		return lower(comparison("==", t.at, t.args), !want)
	case "is null":
		if f := t.args[0]; f.isField() && f.typ != tLong && f.typ != tDouble && f.typ != tTime {
			exists := &match.Pred{Path: f.path, Op: match.Exists}
			if want {
				return match.Not{X: exists}
			}
			return exists
		}
	}
	if t.isLit {
		d, ok := t.lit.single()
		return match.Const(ok && (d.n != 0) == want)
	}
	pred, exact := plain(t)
	if pred == nil {
		return truth(t, want)
	}
	if !exact { // a necessary condition that is indexed, before the one that decides
		if want {
			return match.And{pred, truth(t, want)}
		}
		return truth(t, want)
	}
	if want {
		return pred
	}
	return match.And{&match.Pred{Path: pred.Path, Op: match.Exists}, match.Not{X: pred}}
}

// truth compares the computed value of a condition.
func truth(t *term, want bool) match.Expr {
	text := "false"
	if want {
		text = "true"
	}
	p := event.Computed("=esql "+t.String(), t.paths(nil), func(ev *event.Event) []event.Value {
		d, ok := t.eval(input{ev: ev}).single()
		if !ok {
			return nil
		}
		return []event.Value{{Kind: event.Bool, Text: show(tBool, d)}}
	})
	return &match.Pred{Path: p, Op: match.Equal, Literals: []string{text}}
}

// plain is the predicate that says the same of a field; nil if there is none. It is exact for fields with one value at
// most, and necessary for the others.
func plain(t *term) (pred *match.Pred, exact bool) {
	f := t
	if t.op != "" {
		f = t.args[0]
	}
	if t.op == "==" && f.isLit && t.args[1].isField() { // a constant on the left
		return plain(&term{op: "==", args: []*term{t.args[1], f}})
	}
	if !f.isField() {
		return nil, false
	}
	p := &match.Pred{Path: f.path, Op: match.Equal}
	if t.op == "" { // a boolean field
		p.Literals, p.Fold = []string{"true"}, true
		return p, !f.multi && f.typ == tBool
	}
	var constants []datum
	for _, a := range t.args[1:] {
		if !a.isLit || len(a.lit) > 1 {
			return nil, false
		}
		if len(a.lit) == 0 && t.op != "in" {
			return nil, false
		}
		constants = append(constants, a.lit...)
	}
	for _, d := range constants {
		p.Literals = append(p.Literals, show(f.typ, d))
	}
	texts := f.typ == tKeyword
	switch t.op {
	case "==", "in":
		if len(constants) < len(t.args)-1 { // a null in the list makes what is not true null
			return nil, false
		}
		return equal(p, f, constants)
	case "like":
		p.Op = match.Wildcard
		for i := range p.Literals {
			p.Literals[i] = wildcard(p.Literals[i])
		}
		return p, texts && !f.multi
	case "rlike":
		p.Op, p.Literals = match.Regexp, nil
		for i, d := range constants {
			p.Re = append(p.Re, lucene(d.s, t.args[1+i].at))
		}
		return p, texts && !f.multi
	case "starts_with":
		p.Op = match.Prefix
		return p, texts && !f.multi
	case "ends_with":
		p.Op = match.Suffix
		return p, texts && !f.multi
	case "cidr_match":
		p.Op, p.Literals = match.InCIDR, nil
		for _, d := range constants {
			net, err := notation.Network(d.s)
			if err != nil {
				return nil, false
			}
			p.Nets = append(p.Nets, net)
		}
		return p, !f.multi
	}
	return nil, false
}

// equal is the predicate of == and IN. A number in a text equals other texts to package match, such as 1 and 1.0.
func equal(p *match.Pred, f *term, constants []datum) (*match.Pred, bool) {
	switch f.typ {
	case tKeyword:
		for _, text := range p.Literals {
			if _, err := strconv.ParseFloat(text, 64); err == nil {
				return p, false
			}
		}
		return p, !f.multi
	case tBool:
		p.Fold = true
		return p, !f.multi
	case tIP: // an address has several texts
		p.Op, p.Literals = match.InCIDR, nil
		for _, d := range constants {
			if a, ok := netip.AddrFromSlice([]byte(d.s)); ok {
				a = a.Unmap()
				p.Nets = append(p.Nets, netip.PrefixFrom(a, a.BitLen()))
			}
		}
		return p, !f.multi
	}
	return nil, false
}

// isField tells whether a term is a field of the event.
func (t *term) isField() bool { return t.op == "" && !t.isLit && !t.clock && t.col < 0 }

// wildcard writes a pattern of LIKE as package match reads it.
func wildcard(glob string) string {
	var b strings.Builder
	escaped := false
	for _, c := range glob {
		if c == '\\' && !escaped {
			escaped = true
			continue
		}
		if escaped && strings.ContainsRune(`*?\`, c) || c == '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
		escaped = false
	}
	if escaped {
		b.WriteString(`\\`)
	}
	return b.String()
}
