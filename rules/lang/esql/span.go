package esql

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// units are the units of durations. Days and weeks are of fixed length, because all times are in UTC.
var units = []struct {
	names  string
	millis int64
	months int64
}{
	{"ms millisecond milliseconds", 1, 0},
	{"s sec second seconds", 1000, 0},
	{"min minute minutes m", 60_000, 0},
	{"h hour hours", 3600_000, 0},
	{"d day days", day, 0},
	{"w week weeks", 7 * day, 0},
	{"mo month months", 0, 1},
	{"q quarter quarters", 0, 3},
	{"y yr year years", 0, 12},
}

const day = 24 * 3600_000

// maxSpan bounds durations, so that arithmetic with them cannot overflow.
const maxSpan = 1_000_000

// spanOf is n of a unit; ok is false if there is no such unit, or n is beyond all reason.
func spanOf(n int64, unit string) (d datum, ok bool) {
	for _, u := range units {
		for name := range strings.FieldsSeq(u.names) {
			if strings.EqualFold(name, unit) && n <= maxSpan && n >= -maxSpan {
				return datum{n: n * u.millis, f: float64(n * u.months)}, true
			}
		}
	}
	return datum{}, false
}

// spanText reads a duration in a string, as the language converts them: "1 hour".
func spanText(s string) (datum, bool) {
	i := strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if i <= 0 {
		return datum{}, false
	}
	n, err := strconv.ParseInt(s[:i], 10, 64)
	if err != nil {
		return datum{}, false
	}
	return spanOf(n, strings.TrimSpace(s[i:]))
}

// shift moves a time by a duration.
func shift(t, span datum, sign int64) datum {
	at := t.n
	if span.f != 0 {
		at = time.UnixMilli(at).UTC().AddDate(0, int(sign)*int(span.f), 0).UnixMilli()
	}
	return datum{n: at + sign*span.n}
}

// truncate rounds a time down to a multiple of a duration: of the epoch for times and days, of weeks from Monday on, and
// of calendar months.
func truncate(span, t datum) value {
	switch {
	case span.f > 0:
		at := time.UnixMilli(t.n).UTC()
		months := floorDiv(int64(at.Year())*12+int64(at.Month())-1, int64(span.f)) * int64(span.f)
		return one(datum{n: time.Date(int(floorDiv(months, 12)), time.Month(months-12*floorDiv(months, 12)+1), 1, 0, 0, 0, 0, time.UTC).UnixMilli()})
	case span.n <= 0:
		return nil
	case span.n%(7*day) == 0:
		const monday = 4 * day // 1970-01-05
		return one(datum{n: floorDiv(t.n-monday, span.n)*span.n + monday})
	}
	return one(datum{n: floorDiv(t.n, span.n) * span.n})
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// between counts the whole units from a to b, as DATE_DIFF does: it truncates towards zero.
func between(unit string, a, b datum) value {
	unit = strings.ToLower(unit)
	switch unit {
	case "quarters", "quarter", "qq", "q", "months", "month", "mm", "m", "years", "year", "yyyy", "yy":
		months := wholeMonths(time.UnixMilli(a.n).UTC(), time.UnixMilli(b.n).UTC())
		switch unit[0] {
		case 'q':
			months /= 3
		case 'y':
			months /= 12
		}
		return one(datum{n: months})
	}
	for _, u := range diffUnits {
		for name := range strings.FieldsSeq(u.names) {
			if name != unit {
				continue
			}
			n := float64(b.n-a.n) * float64(u.per) / float64(u.millis)
			if math.Abs(n) > math.MaxInt32 { // the result is an integer of 32 bits
				return nil
			}
			return one(datum{n: (b.n - a.n) * u.per / u.millis})
		}
	}
	return nil
}

var diffUnits = []struct {
	names       string
	millis, per int64
}{
	{"nanoseconds nanosecond ns", 1, 1_000_000},
	{"microseconds microsecond mcs", 1, 1000},
	{"milliseconds millisecond ms", 1, 1},
	{"seconds second ss s", 1000, 1},
	{"minutes minute mi n", 60_000, 1},
	{"hours hour hh", 3600_000, 1},
	{"days day dd d", day, 1},
	{"weeks week wk ww", 7 * day, 1},
}

// wholeMonths is the number of months that fit between a and b.
func wholeMonths(a, b time.Time) int64 {
	if b.Before(a) {
		return -wholeMonths(b, a)
	}
	n := int64(b.Year()-a.Year())*12 + int64(b.Month()-a.Month())
	for n > 0 && a.AddDate(0, int(n), 0).After(b) {
		n--
	}
	return n
}
