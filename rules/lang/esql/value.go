package esql

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"oktastream/rules/event"
)

// typ is the type of an expression. ES|QL's integer and long are one type here, and keyword and text are.
type typ uint8

const (
	tNull typ = iota // of null alone
	tBool
	tLong
	tDouble
	tKeyword
	tIP
	tTime
	tSpan // a duration; of literals only
)

func (t typ) String() string {
	return [...]string{"null", "boolean", "long", "double", "keyword", "ip", "datetime", "duration"}[t]
}

// datum is one value; which member holds it depends on the type. Equal data are ==.
type datum struct {
	n int64   // long; boolean as 0 or 1; datetime in milliseconds since 1970; the milliseconds of a duration
	f float64 // double; the months of a duration
	s string  // keyword; ip as 16 bytes
}

// value is what an expression yields: no datum is null, several are a multi-value.
type value []datum

func one(d datum) value { return value{d} }

func boolean(b bool) value {
	if b {
		return value{{n: 1}}
	}
	return value{{}}
}

// single is the datum of a value that has exactly one. A multi-value is null to everything that wants one value.
func (v value) single() (datum, bool) {
	if len(v) != 1 {
		return datum{}, false
	}
	return v[0], true
}

// compare orders two data of one type.
func compare(t typ, a, b datum) int {
	switch t {
	case tDouble:
		return cmp.Compare(a.f, b.f)
	case tKeyword, tIP:
		return strings.Compare(a.s, b.s)
	case tSpan:
		return cmp.Or(cmp.Compare(a.f, b.f), cmp.Compare(a.n, b.n))
	}
	return cmp.Compare(a.n, b.n)
}

// finite is the double f, or null: ES|QL knows no infinities and no NaN.
func finite(f float64) value {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return nil
	}
	if f == 0 {
		f = 0 // not the negative one
	}
	return value{{f: f}}
}

// fromEvent reads the values at a path as a type. As Elasticsearch stores them, keywords and addresses are a sorted set
// and the rest is sorted; what cannot be read as the type is left out.
func fromEvent(vs []event.Value, t typ) value {
	var out value
	for _, v := range vs {
		if v.Kind == event.Object && t != tTime { // {"$date": …} is a time
			continue
		}
		if d, ok := readDatum(v.Text, t); ok {
			out = append(out, d)
		}
	}
	if len(out) < 2 {
		return out
	}
	slices.SortFunc(out, func(a, b datum) int { return compare(t, a, b) })
	if t == tKeyword || t == tIP {
		out = slices.Compact(out)
	}
	return out
}

// readDatum reads what an event has as a type: a time in whatever form events come in, for Elastic's pipeline has made a
// date of it.
func readDatum(text string, t typ) (datum, bool) {
	if t == tTime {
		if at, _, ok := event.ParseTime(text); ok {
			return datum{n: at.UnixMilli()}, true
		}
	}
	return parseDatum(text, t)
}

// parseDatum reads a text as a type, as the casts do.
func parseDatum(text string, t typ) (datum, bool) {
	switch t {
	case tKeyword:
		return datum{s: text}, true
	case tLong:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return datum{n: n}, true
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return datum{}, false
		}
		return longOf(f)
	case tDouble:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || len(finite(f)) == 0 {
			return datum{}, false
		}
		return finite(f)[0], true
	case tBool:
		switch {
		case strings.EqualFold(text, "true"):
			return datum{n: 1}, true
		case strings.EqualFold(text, "false"):
			return datum{}, true
		}
	case tIP:
		if a, ok := event.ParseAddress(text); ok {
			b := a.As16()
			return datum{s: string(b[:])}, true
		}
	case tTime:
		return parseTime(text)
	}
	return datum{}, false
}

// longOf rounds to the nearest long, null beyond.
func longOf(f float64) (datum, bool) {
	if f = math.Round(f); f < -1<<63 || f >= 1<<63 || f != f {
		return datum{}, false
	}
	return datum{n: int64(f)}, true
}

var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02", "2006-01", "2006"}

func parseTime(text string) (datum, bool) {
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			return datum{n: t.UnixMilli()}, true
		}
	}
	return datum{}, false
}

const isoMillis = "2006-01-02T15:04:05.000Z"

// show is the text of a datum, as TO_STRING has it. parseDatum reads it back.
func show(t typ, d datum) string {
	switch t {
	case tBool:
		return strconv.FormatBool(d.n != 0)
	case tLong:
		return strconv.FormatInt(d.n, 10)
	case tDouble:
		return showDouble(d.f)
	case tIP:
		if a, ok := netip.AddrFromSlice([]byte(d.s)); ok {
			return a.Unmap().String()
		}
	case tTime:
		return time.UnixMilli(d.n).UTC().Format(isoMillis)
	}
	return d.s
}

// showDouble prints as Java does: always with a point, with an exponent below 1e-3 and from 1e7 on.
func showDouble(f float64) string {
	if a := math.Abs(f); f != 0 && (a < 1e-3 || a >= 1e7) {
		s := strconv.FormatFloat(f, 'E', -1, 64)
		mantissa, exponent, _ := strings.Cut(s, "E")
		if !strings.Contains(mantissa, ".") {
			mantissa += ".0"
		}
		n, _ := strconv.Atoi(exponent)
		return mantissa + "E" + strconv.Itoa(n)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// native is a datum as an alert shows it.
func native(t typ, d datum) any {
	switch t {
	case tBool:
		return d.n != 0
	case tLong:
		return d.n
	case tDouble:
		return d.f
	}
	return show(t, d)
}
