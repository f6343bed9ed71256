package sigma

import (
	"fmt"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"strings"

	"oktastream/rules/match"
)

// maxPattern bounds a regular expression. The matcher's time is linear in the text, but the factor is the pattern.
const maxPattern = 2000

func (f *field) regexps(values []value) match.Expr {
	p := f.pred(match.Regexp, values[0].node.Pos)
	p.All = f.how.all && len(values) > 1
	for _, v := range values {
		if v.null() || v.text == "" {
			f.report.Error(v.node.Pos, BadPattern, "", "a regular expression is missing")
			continue
		}
		if len(v.text) > maxPattern {
			f.report.Error(v.node.Pos, BadPattern, "", "the regular expression is longer than %d characters", maxPattern)
			continue
		}
		pattern := v.text
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
func (f *field) badPattern(v value, err error) {
	e, ok := err.(*syntax.Error)
	if v.listed() {
		f.report.Error(v.node.Pos, BadPattern, "", "what a placeholder in %s stands for makes no regular expression", v.quoted())
		return
	}
	if !ok {
		f.report.Error(v.node.Pos, BadPattern, "", "the regular expression cannot be read: %v", err)
		return
	}
	at := v.node.Pos
	if i := strings.Index(v.text, e.Expr); i >= 0 && e.Expr != "" {
		at = v.node.At(i)
	}
	switch {
	case e.Code == syntax.ErrInvalidPerlOp, e.Code == syntax.ErrInvalidNamedCapture, e.Code == syntax.ErrInvalidRepeatOp,
		e.Code == syntax.ErrInvalidRepeatSize, e.Code == syntax.ErrNestingDepth, e.Code == syntax.ErrLarge,
		e.Code == syntax.ErrInvalidEscape && strings.Trim(e.Expr, `\0123456789AGKRXZNHVChveg`) == "",
		e.Code == syntax.ErrInvalidCharRange && strings.Trim(e.Expr[:min(2, len(e.Expr))], `\pP[:`) == "":
		f.report.Unsupported(at, NotSupported, "Sigma allows only groups, classes, anchors, alternation and plain repetition",
			"the regular expression uses %s, which cannot be matched in linear time or has no portable meaning", e.Expr)
	default:
		f.report.Error(at, BadPattern, "", "the regular expression cannot be read: %s: %s", e.Code, e.Expr)
	}
}

func (f *field) networks(values []value) match.Expr {
	p := f.pred(match.InCIDR, values[0].node.Pos)
	var each match.And
	for _, v := range values {
		net, err := ParseNetwork(v.text)
		if err != nil || v.null() {
			f.report.Error(v.node.Pos, BadPattern, "write a network such as 10.0.0.0/8 or 2001:db8::/32", "%s is not a network", v.quoted())
			continue
		}
		p.Nets = append(p.Nets, net)
		one := f.pred(match.InCIDR, v.node.Pos)
		one.Nets = []netip.Prefix{net}
		each = append(each, one)
	}
	if f.how.all && len(each) > 1 {
		return each
	}
	return p
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
