package eql

import (
	"cmp"
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"oktastream/rules/event"
	"oktastream/rules/lang/notation"
)

type valueKind uint8

const (
	isNull valueKind = iota
	isText
	isInteger
	isDecimal
	isBool
)

// value is what an expression yields. The zero value is null.
type value struct {
	kind    valueKind
	text    string
	integer int64
	decimal float64
	truth   bool
}

func textValue(s string) value { return value{kind: isText, text: s} }
func integer(i int64) value    { return value{kind: isInteger, integer: i} }
func boolean(b bool) value     { return value{kind: isBool, truth: b} }

// decimal is null for what is no finite number.
func decimal(f float64) value {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return value{}
	}
	return value{kind: isDecimal, decimal: f}
}

// fromEvent reads a field's value by its JSON type. What is an object or array is its JSON text.
func fromEvent(v event.Value) value {
	switch v.Kind {
	case event.Bool:
		return boolean(v.Text == "true")
	case event.Number:
		if i, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
			return integer(i)
		}
		f, err := strconv.ParseFloat(v.Text, 64)
		if err == nil {
			return decimal(f)
		}
	}
	return textValue(v.Text)
}

func (v value) isNumber() bool { return v.kind == isInteger || v.kind == isDecimal }

// float is the number as a decimal.
func (v value) float() float64 {
	if v.kind == isInteger {
		return float64(v.integer)
	}
	return v.decimal
}

func (v value) negative() value {
	switch v.kind {
	case isInteger:
		if v.integer == math.MinInt64 {
			return value{}
		}
		return integer(-v.integer)
	case isDecimal:
		return decimal(-v.decimal)
	}
	return value{}
}

func (v value) String() string {
	switch v.kind {
	case isText:
		return v.text
	case isInteger:
		return strconv.FormatInt(v.integer, 10)
	case isDecimal:
		return strconv.FormatFloat(v.decimal, 'g', -1, 64)
	case isBool:
		return strconv.FormatBool(v.truth)
	}
	return "null"
}

// number is v as a number. The System Log holds numbers in strings; those count as well.
func (v value) number() (value, bool) {
	if v.isNumber() {
		return v, true
	}
	if v.kind != isText || !jsonNumber(v.text) {
		return value{}, false
	}
	if i, err := strconv.ParseInt(v.text, 10, 64); err == nil {
		return integer(i), true
	}
	f, err := strconv.ParseFloat(v.text, 64)
	return decimal(f), err == nil && !math.IsInf(f, 0)
}

// jsonNumber reports whether s is written as a number in JSON.
func jsonNumber(s string) bool {
	const most = 64 // longer ones are ids
	if s == "" || len(s) > most || s[0] != '-' && !notation.Digit(s[0]) || !notation.Digit(s[len(s)-1]) {
		return false
	}
	return json.Valid([]byte(s))
}

// equal compares texts exactly, or without regard to case; numbers by value; and values of different types by their
// texts, since a field's JSON type depends on who wrote the event. Null equals nothing.
func equal(a, b value, fold bool) bool {
	switch {
	case a.kind == isNull || b.kind == isNull:
		return false
	case a.kind == isInteger && b.kind == isInteger:
		return a.integer == b.integer
	case a.isNumber() && b.isNumber():
		return a.float() == b.float()
	case a.isNumber() && b.kind == isText || b.isNumber() && a.kind == isText:
		x, okX := a.number()
		y, okY := b.number()
		return okX && okY && equal(x, y, fold)
	case fold:
		return strings.EqualFold(a.String(), b.String())
	}
	return a.String() == b.String()
}

// compare orders numbers by value and texts by their characters. ok is false for what has no order, null included.
func compare(a, b value) (c int, ok bool) {
	if a.kind == isText && b.kind == isText {
		return strings.Compare(a.text, b.text), true
	}
	x, okX := a.number()
	y, okY := b.number()
	switch {
	case !okX || !okY:
		return 0, false
	case x.kind == isInteger && y.kind == isInteger:
		return cmp.Compare(x.integer, y.integer), true
	}
	return cmp.Compare(x.float(), y.float()), true
}

// arithmetic computes with whole numbers as Java's long does, except that an overflow and a division by zero are null
// instead of an error; a whole number divided by one is cut to a whole number.
func arithmetic(op string, a, b value) value {
	a, okA := a.number()
	b, okB := b.number()
	if !okA || !okB {
		return value{}
	}
	if a.kind == isDecimal || b.kind == isDecimal {
		x, y := a.float(), b.float()
		switch op {
		case "+":
			return decimal(x + y)
		case "-":
			return decimal(x - y)
		case "*":
			return decimal(x * y)
		case "/":
			return decimal(x / y)
		}
		return decimal(math.Mod(x, y))
	}
	x, y := a.integer, b.integer
	switch op {
	case "+":
		if s := x + y; (s > x) == (y > 0) {
			return integer(s)
		}
	case "-":
		if d := x - y; (d < x) == (y > 0) {
			return integer(d)
		}
	case "*":
		if x == 0 || y == 0 {
			return integer(0)
		}
		if p := x * y; p/y == x && !(x == -1 && y == math.MinInt64) && !(y == -1 && x == math.MinInt64) {
			return integer(p)
		}
	case "/":
		if y != 0 && !(x == math.MinInt64 && y == -1) {
			return integer(x / y)
		}
	case "%":
		if y == -1 {
			return integer(0)
		}
		if y != 0 {
			return integer(x % y)
		}
	}
	return value{}
}
