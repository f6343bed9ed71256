package esql

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// maxText bounds what functions that repeat and join may build.
const maxText = 1 << 20

func str(s string) value { return value{{s: s}} }

func num(n int64) value { return value{{n: n}} }

// scalars are the functions that need nothing but their arguments. What is missing is refused by name.
var scalars = map[string]*function{
	"length":      {signature: "k:l", one: func(_ typ, a []datum) value { return num(int64(utf8.RuneCountInString(a[0].s))) }},
	"byte_length": {signature: "k:l", one: func(_ typ, a []datum) value { return num(int64(len(a[0].s))) }},
	"to_lower":    {signature: "k:k", all: eachText(strings.ToLower)},
	"to_upper":    {signature: "k:k", all: eachText(strings.ToUpper)},
	"trim":        {signature: "k:k", one: text1(func(s string) string { return strings.Trim(s, blanks) })},
	"ltrim":       {signature: "k:k", one: text1(func(s string) string { return strings.TrimLeft(s, blanks) })},
	"rtrim":       {signature: "k:k", one: text1(func(s string) string { return strings.TrimRight(s, blanks) })},
	"reverse": {signature: "k:k", one: text1(func(s string) string {
		r := []rune(s)
		slices.Reverse(r)
		return string(r)
	})},
	"starts_with": {signature: "kk:b", one: func(_ typ, a []datum) value { return boolean(strings.HasPrefix(a[0].s, a[1].s)) }},
	"ends_with":   {signature: "kk:b", one: func(_ typ, a []datum) value { return boolean(strings.HasSuffix(a[0].s, a[1].s)) }},
	"contains":    {signature: "kk:b", one: func(_ typ, a []datum) value { return boolean(strings.Contains(a[0].s, a[1].s)) }},
	"substring":   {signature: "kl[l]:k", one: substring},
	"left":        {signature: "kl:k", one: func(_ typ, a []datum) value { return str(firstRunes(a[0].s, a[1].n)) }},
	"right": {signature: "kl:k", one: func(_ typ, a []datum) value {
		r := []rune(a[0].s)
		return str(string(r[len(r)-int(min(max(a[1].n, 0), int64(len(r)))):]))
	}},
	"split":      {signature: "kk:k", one: split},
	"locate":     {signature: "kk[l]:l", one: locate},
	"concat":     {signature: "k*:k", one: concat},
	"repeat":     {signature: "kl:k", one: repeat},
	"space":      {signature: "l:k", one: func(_ typ, a []datum) value { return repeat(tLong, []datum{{s: " "}, a[0]}) }},
	"cidr_match": {signature: "ik*:b", one: cidrMatch},

	"abs":   {signature: "n:=", one: absolute},
	"ceil":  {signature: "n:=", one: rounded(math.Ceil)},
	"floor": {signature: "n:=", one: rounded(math.Floor)},
	"round": {signature: "n[l]:=", one: round},
	"sqrt":  {signature: "d:d", one: func(_ typ, a []datum) value { return finite(math.Sqrt(a[0].f)) }},
	"cbrt":  {signature: "d:d", one: func(_ typ, a []datum) value { return finite(math.Cbrt(a[0].f)) }},
	"exp":   {signature: "d:d", one: func(_ typ, a []datum) value { return finite(math.Exp(a[0].f)) }},
	"log10": {signature: "d:d", one: func(_ typ, a []datum) value { return finite(math.Log10(a[0].f)) }},
	"pow":   {signature: "dd:d", one: func(_ typ, a []datum) value { return finite(math.Pow(a[0].f, a[1].f)) }},
	"log": {signature: "d[d]:d", one: func(_ typ, a []datum) value {
		if len(a) == 2 {
			return finite(math.Log(a[1].f) / math.Log(a[0].f))
		}
		return finite(math.Log(a[0].f))
	}},
	"neg": {signature: "n:=", one: func(t typ, a []datum) value {
		if t == tDouble {
			return finite(-a[0].f)
		}
		return longArithmetic("-", 0, a[0].n)
	}},

	"date_trunc": {signature: "st:t", one: func(_ typ, a []datum) value { return truncate(a[0], a[1]) }, constant: []int{0}},
	"date_diff":  {signature: "ktt:l", one: func(_ typ, a []datum) value { return between(a[0].s, a[1], a[2]) }, constant: []int{0}},

	"mv_count":    {signature: "a:l", all: func(_ typ, a []value) value { return mvCount(a[0]) }},
	"mv_concat":   {signature: "kk:k", all: mvConcat},
	"mv_dedupe":   {signature: "a:=", all: func(_ typ, a []value) value { return dedupe(a[0]) }},
	"mv_first":    {signature: "a:=", all: func(_ typ, a []value) value { return a[0][:min(len(a[0]), 1)] }},
	"mv_last":     {signature: "a:=", all: func(_ typ, a []value) value { return a[0][max(len(a[0])-1, 0):] }},
	"mv_min":      {signature: "a:=", all: func(t typ, a []value) value { return sorted(t, a[0])[:min(len(a[0]), 1)] }},
	"mv_max":      {signature: "a:=", all: func(t typ, a []value) value { return sorted(t, a[0])[max(len(a[0])-1, 0):] }},
	"mv_sum":      {signature: "n:=", all: func(t typ, a []value) value { return mvSum(t, a[0]) }},
	"mv_avg":      {signature: "d:d", all: mvAvg},
	"mv_sort":     {signature: "a[k]:=", all: mvSort},
	"mv_slice":    {signature: "al[l]:=", all: mvSlice},
	"mv_append":   {signature: "aa:=", all: mvAppend},
	"mv_contains": {signature: "aa:b", all: mvContains},
}

const blanks = " \t\n\v\f\r"

func text1(f func(string) string) func(typ, []datum) value {
	return func(_ typ, a []datum) value { return str(f(a[0].s)) }
}

// eachText applies f to every value.
func eachText(f func(string) string) func(typ, []value) value {
	return func(_ typ, a []value) value {
		out := make(value, len(a[0]))
		for i, d := range a[0] {
			out[i].s = f(d.s)
		}
		return out
	}
}

func absolute(t typ, a []datum) value {
	switch {
	case t == tDouble:
		return finite(math.Abs(a[0].f))
	case a[0].n == math.MinInt64:
		return nil
	}
	return num(max(a[0].n, -a[0].n))
}

// rounded leaves longs alone.
func rounded(f func(float64) float64) func(typ, []datum) value {
	return func(t typ, a []datum) value {
		if t != tDouble {
			return one(a[0])
		}
		return finite(f(a[0].f))
	}
}

func round(t typ, a []datum) value {
	places := int64(0)
	if len(a) == 2 {
		places = a[1].n
	}
	if t != tDouble {
		if places >= 0 {
			return one(a[0])
		}
		d, ok := longOf(roundTo(float64(a[0].n), places))
		if !ok {
			return nil
		}
		return one(d)
	}
	return finite(roundTo(a[0].f, places))
}

func roundTo(f float64, places int64) float64 {
	if places == 0 {
		return math.Round(f)
	}
	scale := math.Pow(10, math.Abs(float64(places)))
	switch {
	case math.IsInf(scale, 0) && places > 0:
		return f
	case math.IsInf(scale, 0):
		return 0
	case places > 0:
		return math.Round(f*scale) / scale
	}
	return math.Round(f/scale) * scale
}

// dateParts are those of DATE_EXTRACT, by their names in java.time.
var dateParts = map[string]func(time.Time) int64{
	"year":                         func(t time.Time) int64 { return int64(t.Year()) },
	"year_of_era":                  func(t time.Time) int64 { return int64(t.Year()) },
	"month_of_year":                func(t time.Time) int64 { return int64(t.Month()) },
	"day_of_month":                 func(t time.Time) int64 { return int64(t.Day()) },
	"day_of_year":                  func(t time.Time) int64 { return int64(t.YearDay()) },
	"day_of_week":                  func(t time.Time) int64 { return int64(t.Weekday()+6)%7 + 1 },
	"hour_of_day":                  func(t time.Time) int64 { return int64(t.Hour()) },
	"minute_of_hour":               func(t time.Time) int64 { return int64(t.Minute()) },
	"minute_of_day":                func(t time.Time) int64 { return int64(t.Hour()*60 + t.Minute()) },
	"second_of_minute":             func(t time.Time) int64 { return int64(t.Second()) },
	"aligned_week_of_year":         func(t time.Time) int64 { return int64(t.YearDay()-1)/7 + 1 },
	"epoch_day":                    func(t time.Time) int64 { return floorDiv(t.Unix(), 24*3600) },
	"milli_of_second":              func(t time.Time) int64 { return int64(t.Nanosecond() / 1e6) },
	"hour_of_ampm":                 func(t time.Time) int64 { return int64(t.Hour() % 12) },
	"ampm_of_day":                  func(t time.Time) int64 { return int64(t.Hour() / 12) },
	"aligned_day_of_week_in_month": func(t time.Time) int64 { return int64(t.Day()-1)%7 + 1 },
}

func dateExtract(at int, args []*term) *term {
	f := &function{signature: "kt:l", constant: []int{0}, one: func(_ typ, a []datum) value {
		part := dateParts[strings.ToLower(a[0].s)]
		if part == nil {
			return nil
		}
		return num(part(time.UnixMilli(a[1].n).UTC()))
	}}
	t := f.apply("date_extract", at, args)
	if args[0].isLit && len(args[0].lit) == 1 && dateParts[strings.ToLower(args[0].lit[0].s)] == nil {
		unsupported(args[0].at, "", "DATE_EXTRACT has no part %q here", args[0].lit[0].s)
	}
	return t
}
