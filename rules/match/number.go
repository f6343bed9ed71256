package match

import (
	"bytes"
	"cmp"
	"strconv"
	"time"

	"oktastream/rules/event"
)

// number is a JSON number compared exactly: 0.(head)(tail) times ten to exp, with neither a leading nor a trailing zero
// among the digits. Floats would make 9007199254740993 equal to its neighbour.
type number struct {
	negative   bool
	head, tail string
	exp        int64
}

// maxExponentDigits keeps exponents far from overflow; what is longer is no number of this world.
const maxExponentDigits = 9

// parseNumber reads s as a number in JSON's notation. It does not allocate; the number refers to s.
func parseNumber(s string) (number, bool) {
	var n number
	if s != "" && s[0] == '-' {
		n.negative, s = true, s[1:]
	}
	n.head, s = digits(s)
	if n.head == "" || len(n.head) > 1 && n.head[0] == '0' {
		return number{}, false
	}
	if s != "" && s[0] == '.' {
		if n.tail, s = digits(s[1:]); n.tail == "" {
			return number{}, false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		minus := s != "" && s[0] == '-'
		if s != "" && (s[0] == '-' || s[0] == '+') {
			s = s[1:]
		}
		var e string
		if e, s = digits(s); e == "" {
			return number{}, false
		}
		for len(e) > 1 && e[0] == '0' {
			e = e[1:]
		}
		if len(e) > maxExponentDigits {
			return number{}, false
		}
		n.exp, _ = strconv.ParseInt(e, 10, 64)
		if minus {
			n.exp = -n.exp
		}
	}
	if s != "" {
		return number{}, false
	}
	return n.normal(), true
}

func (n number) normal() number {
	if n.head == "0" {
		n.head = ""
		for n.tail != "" && n.tail[0] == '0' {
			n.tail = n.tail[1:]
			n.exp--
		}
	}
	n.exp += int64(len(n.head))
	n.tail = trimZeros(n.tail)
	if n.tail == "" {
		n.head = trimZeros(n.head)
	}
	if n.head == "" && n.tail == "" {
		return number{}
	}
	return n
}

func digits(s string) (run, rest string) {
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return s[:i], s[i:]
}

func trimZeros(s string) string {
	for s != "" && s[len(s)-1] == '0' {
		s = s[:len(s)-1]
	}
	return s
}

func (n number) len() int { return len(n.head) + len(n.tail) }

func (n number) digit(i int) byte {
	if i < len(n.head) {
		return n.head[i]
	}
	return n.tail[i-len(n.head)]
}

func (n number) sign() int {
	switch {
	case n.len() == 0:
		return 0
	case n.negative:
		return -1
	}
	return 1
}

func (n number) compare(o number) int {
	if c := cmp.Compare(n.sign(), o.sign()); c != 0 || n.sign() == 0 {
		return c
	}
	c := cmp.Compare(n.exp, o.exp)
	for i := 0; c == 0 && i < n.len() && i < o.len(); i++ {
		c = cmp.Compare(n.digit(i), o.digit(i))
	}
	if c == 0 {
		c = cmp.Compare(n.len(), o.len())
	}
	return c * n.sign()
}

// appendKey writes a text that equal numbers share and others do not.
func (n number) appendKey(dst []byte) []byte {
	if n.negative {
		dst = append(dst, '-')
	}
	dst = append(dst, n.head...)
	dst = append(dst, n.tail...)
	dst = append(dst, 'e')
	return strconv.AppendInt(dst, n.exp, 10)
}

// operand is a text prepared for comparison by order.
type operand struct {
	num    number
	isNum  bool
	time   time.Time
	isTime bool
	addr   [16]byte // of an IPv4 address as IPv6 writes it, which is how Elasticsearch orders the two
	isAddr bool
}

// parseOperand reads a text for order; addresses says whether it stands in a field of addresses.
func parseOperand(s string, addresses bool) operand {
	var o operand
	if addresses {
		addr, ok := event.ParseAddress(s)
		if o.isAddr = ok; ok {
			o.addr = addr.As16()
		}
		return o
	}
	o.num, o.isNum = parseNumber(s)
	o.time, _, o.isTime = event.ParseTime(s)
	return o
}

// order compares a with b; ok is false where they have no common order. Two numbers are numbers, though both might be times.
func order(a, b operand) (c int, ok bool) {
	switch {
	case a.isNum && b.isNum:
		return a.num.compare(b.num), true
	case a.isTime && b.isTime:
		return a.time.Compare(b.time), true
	case a.isAddr && b.isAddr:
		return bytes.Compare(a.addr[:], b.addr[:]), true
	}
	return 0, false
}

// inOrder reports whether the outcome of order satisfies op.
func inOrder(op Op, c int) bool {
	switch op {
	case Less:
		return c < 0
	case LessEqual:
		return c <= 0
	case Greater:
		return c > 0
	case GreaterEqual:
		return c >= 0
	}
	return false
}
