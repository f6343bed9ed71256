package esql

import (
	"math"
	"net/netip"
	"regexp"
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
		re, err := regexp.Compile(args[1].lit[0].s)
		if err != nil {
			fail(args[1].at, CodePattern, "", "%q cannot be read as a regular expression: %v", args[1].lit[0].s, err)
		}
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

// network reads a network, or an address as the network of it alone.
func network(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.WithZone("").Prefix(addr.BitLen())
	}
	return netip.ParsePrefix(text)
}

func cidrMatch(_ typ, a []datum) value {
	addr, ok := netip.AddrFromSlice([]byte(a[0].s))
	if !ok {
		return nil
	}
	addr = addr.Unmap()
	for _, block := range a[1:] {
		net, err := network(block.s)
		if err != nil {
			return nil
		}
		if net.Contains(addr) {
			return boolean(true)
		}
	}
	return boolean(false)
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

func mvCount(a value) value {
	if len(a) == 0 {
		return nil
	}
	return num(int64(len(a)))
}

func mvConcat(_ typ, a []value) value {
	sep, ok := a[1].single()
	if !ok || len(a[0]) == 0 {
		return nil
	}
	texts := make([]string, len(a[0]))
	for i, d := range a[0] {
		texts[i] = d.s
	}
	return str(strings.Join(texts, sep.s))
}

func dedupe(a value) value {
	if len(a) < 2 {
		return a
	}
	var out value
	seen := map[datum]bool{}
	for _, d := range a {
		if !seen[d] {
			seen[d] = true
			out = append(out, d)
		}
	}
	return out
}

func sorted(t typ, a value) value {
	out := slices.Clone(a)
	slices.SortStableFunc(out, func(a, b datum) int { return compare(t, a, b) })
	return out
}

func mvSum(t typ, a value) value {
	if len(a) == 0 {
		return nil
	}
	sum := a[:1]
	for _, d := range a[1:] {
		if len(sum) == 0 {
			return nil
		}
		if t == tDouble {
			sum = finite(sum[0].f + d.f)
		} else {
			sum = longArithmetic("+", sum[0].n, d.n)
		}
	}
	return sum
}

func mvAvg(_ typ, a []value) value {
	sum := mvSum(tDouble, a[0])
	if len(sum) == 0 {
		return nil
	}
	return finite(sum[0].f / float64(len(a[0])))
}

func mvSort(t typ, a []value) value {
	out := sorted(t, a[0])
	if len(a) == 2 && len(a[1]) == 1 && strings.EqualFold(a[1][0].s, "DESC") {
		slices.Reverse(out)
	}
	return out
}

// mvSlice counts from 0, from the end if negative; both ends are inclusive.
func mvSlice(_ typ, a []value) value {
	last := len(a) - 1
	from, ok := a[1].single()
	to, ok2 := a[last].single()
	n := int64(len(a[0]))
	if !ok || !ok2 || n == 0 {
		return nil
	}
	lo, hi := from.n, to.n
	if lo < 0 {
		lo += n
	}
	if hi < 0 {
		hi += n
	}
	lo, hi = max(lo, 0), min(hi, n-1)
	if lo > hi {
		return nil
	}
	return a[0][lo : hi+1]
}

func mvAppend(_ typ, a []value) value {
	if len(a[0]) == 0 || len(a[1]) == 0 {
		return nil
	}
	return slices.Concat(a[0], a[1])
}

// mvContains is never null: no value contains nothing.
func mvContains(_ typ, a []value) value {
	have := map[datum]bool{}
	for _, d := range a[0] {
		have[d] = true
	}
	for _, d := range a[1] {
		if !have[d] {
			return boolean(false)
		}
	}
	return boolean(true)
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
