package esql

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode/utf8"

	"oktastream/rules/lang/notation"
	"oktastream/rules/lang/regex"
)

func firstRunes(s string, n int64) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// substring counts from 1, from the end if start is negative.
func substring(_ typ, a []datum) value {
	r := []rune(a[0].s)
	length := int64(len(r))
	start := a[1].n
	switch {
	case start > 0:
		start--
	case start < 0:
		start = max(length+start, 0)
	}
	start = min(start, length)
	end := length
	if len(a) == 3 {
		if a[2].n < 0 {
			return nil
		}
		end = start + min(a[2].n, length-start)
	}
	return str(string(r[start:end]))
}

// replaceTerm makes REPLACE, whose expression is compiled once. It may match a part of the text, as in Java.
func replaceTerm(at int, args []*term) *term {
	if args[1].isLit && len(args[1].lit) == 0 {
		return literalTerm(tKeyword, nil, at)
	}
	f := &function{signature: "kkk:k", constant: []int{1}}
	if args[1].isLit && args[1].typ == tKeyword {
		re, err := regex.Java(args[1].lit[0].s)
		re = checked(re, err, args[1].lit[0].s, args[1].at)
		f.one = func(_ typ, a []datum) value {
			out := re.ReplaceAllString(a[0].s, reference.ReplaceAllString(strings.ReplaceAll(a[2].s, "$", "$$"), "$${$1}"))
			if len(out) > maxText {
				return nil
			}
			return str(out)
		}
	}
	return f.apply("replace", at, args)
}

// reference is a group in a replacement, once its dollar has been doubled.
var reference = regexp.MustCompile(`\$\$(\d)`)

func split(_ typ, a []datum) value {
	if a[1].s == "" {
		return nil
	}
	var out value
	for s := range strings.SplitSeq(a[0].s, a[1].s) {
		out = append(out, datum{s: s})
	}
	return out
}

// locate counts characters from 1; 0 is nowhere.
func locate(_ typ, a []datum) value {
	s, from := a[0].s, int64(0)
	if len(a) == 3 && a[2].n > 1 {
		from = a[2].n - 1
		head := firstRunes(s, from)
		if int64(utf8.RuneCountInString(head)) < from {
			return num(0)
		}
		s = s[len(head):]
	}
	i := strings.Index(s, a[1].s)
	if i < 0 {
		return num(0)
	}
	return num(from + int64(utf8.RuneCountInString(s[:i])) + 1)
}

func concat(_ typ, a []datum) value {
	var b strings.Builder
	for _, d := range a {
		if b.WriteString(d.s); b.Len() > maxText {
			return nil
		}
	}
	return str(b.String())
}

func repeat(_ typ, a []datum) value {
	if a[1].n < 0 || a[1].n > maxText || int64(len(a[0].s))*a[1].n > maxText {
		return nil
	}
	return str(strings.Repeat(a[0].s, int(a[1].n)))
}

func cidrMatch(_ typ, a []datum) value {
	addr, ok := netip.AddrFromSlice([]byte(a[0].s))
	if !ok {
		return nil
	}
	addr = addr.Unmap()
	for _, block := range a[1:] {
		net, err := notation.Network(block.s)
		if err != nil {
			return nil
		}
		if net.Contains(addr) {
			return boolean(true)
		}
	}
	return boolean(false)
}
