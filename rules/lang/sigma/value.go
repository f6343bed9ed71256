package sigma

import (
	"fmt"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"time"

	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// field compiles the comparison of one field with its values.
type field struct {
	path   event.Path
	key    *source.Node
	how    comparison
	report *source.Report
}

// compileField returns match.Const(false) after an error, so that the rest of the detection is checked as well.
func compileField(key, value *source.Node, r *source.Report) match.Expr {
	name, modifiers := cutField(key.Text)
	how, ok := parseModifiers(key, modifiers, len(name)+1, r)
	if !ok {
		return match.Const(false)
	}
	if name == "" {
		keywords(key, r)
		return match.Const(false)
	}
	path, ok := r.Path(key.Pos, name)
	if !ok {
		return match.Const(false)
	}
	f := &field{path: path, key: key, how: how, report: r}
	values := []*source.Node{value}
	if value.Kind == source.List {
		values = value.Items
		if len(values) == 0 {
			r.Error(value.Pos, Malformed, "give a value, or write null for a field without one", "the list of values is empty")
			return match.Const(false)
		}
	}
	if how.all && len(values) == 1 {
		r.Warn(key.Pos, BadModifiers, "leave all out", "all has no effect on one value")
	}
	for _, v := range values {
		if v.Kind != source.Scalar {
			r.Error(v.Pos, Malformed, "name the whole path of the field", "a value is text, a number, true, false or null, not %s", v.Kind)
			return match.Const(false)
		}
	}
	x := f.compile(values)
	if how.neq {
		return match.Not{X: x}
	}
	return x
}

func (f *field) compile(values []*source.Node) match.Expr {
	switch f.how.form {
	case "exists":
		return f.exists(values)
	case "re":
		return f.regexps(values)
	case "cidr":
		return f.networks(values)
	case "fieldref":
		return f.references(values)
	case "gt", "gte", "lt", "lte":
		return f.order(values)
	}
	return f.texts(values)
}

// join links the predicates of several values: any of them, or all of them with the modifier all.
func (f *field) join(xs []match.Expr) match.Expr {
	switch {
	case len(xs) == 1:
		return xs[0]
	case f.how.all:
		return match.And(xs)
	}
	return match.Or(xs)
}

func (f *field) pred(op match.Op, at match.Pos, literals ...string) *match.Pred {
	return &match.Pred{Path: f.path, Op: op, Literals: literals, Pos: at}
}

// texts compiles equality and its wildcard forms. Values of one operator share a predicate.
func (f *field) texts(values []*source.Node) match.Expr {
	var xs []match.Expr
	byOp := map[match.Op]*match.Pred{}
	isType := strings.EqualFold(f.path.String(), "eventType")
	for _, v := range values {
		if v.IsNull() {
			if f.how.form != "" {
				f.report.Error(v.Pos, BadModifiers, "", "%s needs a text, not null", f.how.form)
				continue
			}
			xs = append(xs, match.Not{X: f.pred(match.Exists, v.Pos)})
			continue
		}
		op, literal := lower(v.Text, f.how.form)
		switch op {
		case match.Empty:
			xs = append(xs, f.pred(op, v.Pos))
			continue
		case match.Exists:
			if f.how.form != "" {
				f.report.Warn(v.Pos, Suspicious, "write exists: true if that is meant", "%s of nothing holds for every value", f.how.form)
			}
			xs = append(xs, f.pred(op, v.Pos))
			continue
		case match.Equal:
			if isType {
				f.checkType(v, literal)
			}
		}
		p := byOp[op]
		if p == nil {
			p = f.pred(op, v.Pos)
			p.Fold, p.All = !f.how.cased, f.how.all
			byOp[op] = p
			xs = append(xs, p)
		}
		p.Literals = append(p.Literals, literal)
	}
	for _, p := range byOp {
		p.All = p.All && len(p.Literals) > 1
	}
	if len(xs) == 0 {
		return match.Const(false)
	}
	return f.join(xs)
}

func (f *field) checkType(v *source.Node, eventType string) {
	if _, ok := event.LookupType(eventType); ok {
		return
	}
	hint := ""
	if s := event.SuggestType(eventType); s != "" {
		hint = "did you mean " + s + "?"
	}
	f.report.Warn(v.Pos, UnknownType, hint, "Okta's catalogue has no event type %q", eventType)
}

// piece is a run of plain text, or a wildcard.
type piece struct {
	wild byte // '*', '?', or 0 for text
	text string
}

// pieces reads Sigma's wildcards and escapes: a backslash takes the meaning from *, ? and \ and is itself before
// anything else.
func pieces(text string) []piece {
	var out []piece
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			out = append(out, piece{text: plain.String()})
			plain.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && strings.IndexByte(`*?\`, text[i+1]) >= 0:
			i++
			plain.WriteByte(text[i])
		case c == '*' || c == '?':
			flush()
			if n := len(out); c == '*' && n > 0 && out[n-1].wild == '*' {
				continue // ** is *
			}
			out = append(out, piece{wild: c})
		default:
			plain.WriteByte(c)
		}
	}
	flush()
	return out
}

// lower finds the cheapest operator for a text with wildcards under a modifier, and its literal.
func lower(text, form string) (match.Op, string) {
	ps := pieces(text)
	star := piece{wild: '*'}
	if form == "contains" || form == "endswith" {
		if len(ps) == 0 || ps[0] != star {
			ps = append([]piece{star}, ps...)
		}
	}
	if form == "contains" || form == "startswith" {
		if ps == nil || ps[len(ps)-1] != star {
			ps = append(ps, star)
		}
	}
	shape := make([]byte, len(ps))
	for i, p := range ps {
		shape[i] = 't'
		if p.wild != 0 {
			shape[i] = p.wild
		}
	}
	switch string(shape) {
	case "":
		return match.Empty, ""
	case "*":
		return match.Exists, ""
	case "t":
		return match.Equal, ps[0].text
	case "t*":
		return match.Prefix, ps[0].text
	case "*t":
		return match.Suffix, ps[1].text
	case "*t*":
		return match.Contains, ps[1].text
	}
	var w strings.Builder
	escape := strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`)
	for _, p := range ps {
		if p.wild != 0 {
			w.WriteByte(p.wild)
			continue
		}
		w.WriteString(escape.Replace(p.text))
	}
	return match.Wildcard, w.String()
}

func (f *field) exists(values []*source.Node) match.Expr {
	if len(values) != 1 || values[0].Text != "true" && values[0].Text != "false" {
		f.report.Error(values[0].Pos, BadModifiers, "write true or false", "exists takes true or false")
		return match.Const(false)
	}
	x := f.pred(match.Exists, values[0].Pos)
	if values[0].Text == "false" {
		return match.Not{X: x}
	}
	return x
}

// maxPattern bounds a regular expression. The matcher's time is linear in the text, but the factor is the pattern.
const maxPattern = 2000

func (f *field) regexps(values []*source.Node) match.Expr {
	p := f.pred(match.Regexp, values[0].Pos)
	p.All = f.how.all && len(values) > 1
	for _, v := range values {
		if v.IsNull() || v.Text == "" {
			f.report.Error(v.Pos, BadPattern, "", "a regular expression is missing")
			continue
		}
		if len(v.Text) > maxPattern {
			f.report.Error(v.Pos, BadPattern, "", "the regular expression is longer than %d characters", maxPattern)
			continue
		}
		pattern := v.Text
		if f.how.flags != "" {
			pattern = "(?" + f.how.flags + ")" + pattern
		}
		re, err := regexp.Compile(pattern)
		if err != nil {
			f.badPattern(v, err)
			continue
		}
		p.Re = append(p.Re, re)
	}
	if len(p.Re) == 0 {
		return match.Const(false)
	}
	return p
}

// badPattern tells constructs of other dialects, which are unsupported, from mistakes.
func (f *field) badPattern(v *source.Node, err error) {
	e, ok := err.(*syntax.Error)
	if !ok {
		f.report.Error(v.Pos, BadPattern, "", "the regular expression cannot be read: %v", err)
		return
	}
	at := v.Pos
	if i := strings.Index(v.Text, e.Expr); i >= 0 && e.Expr != "" {
		at = v.At(i)
	}
	switch {
	case e.Code == syntax.ErrInvalidPerlOp, e.Code == syntax.ErrInvalidNamedCapture,
		e.Code == syntax.ErrInvalidEscape && strings.Trim(e.Expr, `\0123456789AGKRXZg`) == "",
		e.Code == syntax.ErrInvalidRepeatOp:
		f.report.Unsupported(at, NotSupported, "Sigma allows only groups, classes, anchors, alternation and plain repetition",
			"the regular expression uses %s, which cannot be matched in linear time or has no portable meaning", e.Expr)
	default:
		f.report.Error(at, BadPattern, "", "the regular expression cannot be read: %s: %s", e.Code, e.Expr)
	}
}

func (f *field) networks(values []*source.Node) match.Expr {
	var xs []match.Expr
	any := f.pred(match.InCIDR, values[0].Pos)
	for _, v := range values {
		net, err := ParseNetwork(v.Text)
		if err != nil || v.IsNull() {
			f.report.Error(v.Pos, BadPattern, "write a network such as 10.0.0.0/8 or 2001:db8::/32", "%q is not a network", v.Text)
			continue
		}
		any.Nets = append(any.Nets, net)
		one := f.pred(match.InCIDR, v.Pos)
		one.Nets = []netip.Prefix{net}
		xs = append(xs, one)
	}
	if f.how.all && len(xs) > 1 {
		return match.And(xs)
	}
	return any
}

// ParseNetwork reads an address or a network. Bits beyond the prefix are cleared; an IPv4 address mapped into IPv6 is
// an IPv4 address.
func ParseNetwork(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "/") {
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("%q is not an address", text)
		}
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("%q is not a network", text)
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

func (f *field) references(values []*source.Node) match.Expr {
	var xs []match.Expr
	for _, v := range values {
		other, ok := f.report.Path(v.Pos, v.Text)
		if !ok {
			continue
		}
		p := f.pred(match.EqualsField, v.Pos)
		p.Other, p.Fold = other, !f.how.cased
		xs = append(xs, p)
	}
	if len(xs) == 0 {
		return match.Const(false)
	}
	return f.join(xs)
}

func (f *field) order(values []*source.Node) match.Expr {
	op := map[string]match.Op{"gt": match.Greater, "gte": match.GreaterEqual, "lt": match.Less, "lte": match.LessEqual}[f.how.form]
	p := f.pred(op, values[0].Pos)
	p.All = f.how.all && len(values) > 1
	for _, v := range values {
		_, number := strconv.ParseFloat(v.Text, 64)
		_, date := time.Parse(time.RFC3339, v.Text)
		if number != nil && date != nil {
			f.report.Error(v.Pos, BadPattern, "write a number, or a time such as 2026-01-02T15:04:05Z",
				"%s compares numbers and times, not %q", f.how.form, v.Text)
			continue
		}
		p.Literals = append(p.Literals, v.Text)
	}
	return p
}
