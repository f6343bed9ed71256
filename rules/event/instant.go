package event

import (
	"strconv"
	"strings"
	"time"
)

// ParseTime reads a point in time as those who pass events on write it. It is the one reader of times: the clock, the
// parts and the order of times, and the languages' date fields all ask it, so that an event cannot be at one time for its
// window and at another for its condition. t is in UTC; offset is how many seconds the clock that text shows is ahead of
// UTC. Blanks around it do not count. It reads
//
//   - ISO 8601 with a T, a blank or a slash where writers differ, to the minute or finer, with a point or a comma before
//     the fraction, and with the zone as Z, +00:00, +0000, +00, UTC or GMT, behind a blank or not, with the name of the zone
//     behind the offset as Go and Java have it; without a zone it is UTC, as databases write it;
//   - the dates of mail and HTTP, and of Java and Unix, where their zone is UTC or an offset;
//   - a number of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size, from 2001 to 2286;
//     what is smaller may be any number;
//   - MongoDB's {"$date": …} of these.
//
// A day without a time is no point in time. Zones with names of their own are ambiguous (CST), and refused.
func ParseTime(text string) (t time.Time, offset int, ok bool) {
	const longest = 80
	s := strings.TrimSpace(text)
	if s == "" || len(s) > longest {
		return time.Time{}, 0, false
	}
	switch c := s[0]; {
	case c == '{':
		return extendedJSON(s)
	case isDigit(c):
		if t, ok = epoch(s); ok {
			return t, 0, true
		}
		return isoTime(s)
	case 'A' <= c && c <= 'Z':
		return mailTime(s)
	}
	return time.Time{}, 0, false
}

// HoldsTimes reports whether the path is one of the times that an event has of itself.
func (p Path) HoldsTimes() bool {
	switch strings.ToLower(p.String()) {
	case "@timestamp", "published", "okta.published", "event.created", "event.ingested", "event.start", "event.end":
		return true
	}
	return false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// extendedJSON reads {"$date":"…"}, {"$date":1} and {"$date":{"$numberLong":"1"}}.
func extendedJSON(s string) (t time.Time, offset int, ok bool) {
	for _, name := range []string{`"$date"`, `"$numberLong"`} {
		inner, found := strings.CutPrefix(s, "{")
		if !found {
			break
		}
		inner, found = strings.CutPrefix(strings.TrimSpace(inner), name)
		inner = strings.TrimSpace(inner)
		if !found || len(inner) < 2 || inner[0] != ':' || inner[len(inner)-1] != '}' {
			return time.Time{}, 0, false
		}
		s = strings.TrimSpace(inner[1 : len(inner)-1])
	}
	if n := len(s); n >= 2 && s[0] == '"' && s[n-1] == '"' {
		s = s[1 : n-1]
	}
	if strings.HasPrefix(s, "{") {
		return time.Time{}, 0, false
	}
	return ParseTime(s)
}

// epoch reads a number of JSON, with an exponent too, as Java writes large ones. From 2001 to 2286 the seconds have ten
// digits, so whatever the unit is, the first ten are seconds and the next nine what is below.
func epoch(s string) (time.Time, bool) {
	const seconds, all = 10, 19
	var digits [all]byte
	n, point, i := 0, -1, 0
	for ; i < len(s) && (isDigit(s[i]) || s[i] == '.' && point < 0); i++ {
		if s[i] == '.' {
			point = n
			continue
		}
		if n < all {
			digits[n] = s[i] - '0'
		}
		n++
	}
	if point < 0 {
		point = n
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		exponent := strings.TrimPrefix(s[i+1:], "+")
		if exponent == "" || len(exponent) > 2 || !isDigit(exponent[0]) || !isDigit(exponent[len(exponent)-1]) {
			return time.Time{}, false
		}
		e, _ := strconv.Atoi(exponent)
		point, i = point+e, len(s)
	}
	if i < len(s) || digits[0] == 0 || point < seconds || point > all || (point-seconds)%3 != 0 {
		return time.Time{}, false
	}
	var sec, nsec int64
	for _, d := range digits[:seconds] {
		sec = sec*10 + int64(d)
	}
	for _, d := range digits[seconds:] {
		nsec = nsec*10 + int64(d)
	}
	return time.Unix(sec, nsec).UTC(), true
}

// timeText is a time on its way through isoTime; bad is set once something does not fit.
type timeText struct {
	rest string
	bad  bool
}

// number reads exactly n digits.
func (t *timeText) number(n int) int {
	if len(t.rest) < n {
		t.bad = true
		return 0
	}
	v := 0
	for _, c := range []byte(t.rest[:n]) {
		if !isDigit(c) {
			t.bad = true
			return 0
		}
		v = v*10 + int(c-'0')
	}
	t.rest = t.rest[n:]
	return v
}

// skip passes over one of the characters in any, and reports whether there is one.
func (t *timeText) skip(any string) bool {
	if t.rest == "" || strings.IndexByte(any, t.rest[0]) < 0 {
		return false
	}
	t.rest = t.rest[1:]
	return true
}

func (t *timeText) need(any string) {
	if !t.skip(any) {
		t.bad = true
	}
}

func isoTime(s string) (at time.Time, offset int, ok bool) {
	t := timeText{rest: s}
	year := t.number(4)
	compact := t.rest != "" && isDigit(t.rest[0]) // 20260110T090000Z
	dash, colon := "-", ":"
	switch {
	case compact:
		dash, colon = "", ""
	case strings.HasPrefix(t.rest, "/"):
		dash = "/"
	}
	part := func(mark string) int {
		if mark != "" {
			t.need(mark)
		}
		return t.number(2)
	}
	month, day := part(dash), part(dash)
	t.need("Tt ")
	if !compact {
		t.rest = strings.TrimLeft(t.rest, " ")
	}
	hour, minute := t.number(2), part(colon)
	second, nano := 0, 0
	if compact && t.rest != "" && isDigit(t.rest[0]) || !compact && strings.HasPrefix(t.rest, colon) {
		second = part(colon)
		nano = t.fraction()
	}
	offset = t.zone()
	const january, december = 1, 12
	if t.bad || t.rest != "" || month < january || month > december || day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, 0, false
	}
	at = time.Date(year, time.Month(month), day, hour, minute, second, nano, time.UTC)
	return at.Add(-time.Duration(offset) * time.Second), offset, true
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// fraction reads what is behind the point of the seconds. What is below a nanosecond is cut off.
func (t *timeText) fraction() int {
	if !t.skip(".,") {
		return 0
	}
	t.bad = t.bad || t.rest == "" || !isDigit(t.rest[0])
	nano, scale := 0, 100_000_000
	for t.rest != "" && isDigit(t.rest[0]) {
		nano += int(t.rest[0]-'0') * scale
		scale /= 10
		t.rest = t.rest[1:]
	}
	return nano
}

// zone reads the zone at the end: nothing, Z, UTC, GMT, or an offset with or without the name of the zone behind it.
func (t *timeText) zone() (offset int) {
	t.rest = strings.TrimLeft(t.rest, " ")
	switch s := t.rest; {
	case s == "":
		return 0
	case s[0] == '+' || s[0] == '-':
		t.rest = s[1:]
		hours, minutes := t.number(2), 0
		if t.skip(":") || t.rest != "" && isDigit(t.rest[0]) {
			minutes = t.number(2)
		}
		if t.bad = t.bad || hours > 18 || minutes > 59; s[0] == '-' { // 18 hours are the most that Java knows
			hours, minutes = -hours, -minutes
		}
		offset = hours*3600 + minutes*60
		if named := strings.TrimLeft(t.rest, " "); named != t.rest && isZoneName(named) {
			t.rest = ""
		}
	case s[0] == 'Z' || s[0] == 'z':
		t.rest = s[1:]
	case len(s) >= 3 && (strings.EqualFold(s[:3], "UTC") || strings.EqualFold(s[:3], "GMT")):
		t.rest = s[3:]
	}
	if n := len(t.rest); n > 2 && t.rest[0] == '[' && t.rest[n-1] == ']' { // 2026-01-10T09:00:00Z[UTC]
		t.rest = ""
	}
	return offset
}

// isZoneName tells whether s abbreviates a zone, as CEST does: three to five letters.
func isZoneName(s string) bool {
	for _, c := range []byte(s) {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	return len(s) >= 3 && len(s) <= 5
}

// mailTime reads the forms that begin with the name of a day.
func mailTime(s string) (t time.Time, offset int, ok bool) {
	if len(s) < len("Mon Jan 2 15:04:05 2006") || strings.Index("MonTueWedThuFriSatSun", s[:3])%3 != 0 || s[3] != ' ' && s[3] != ',' {
		return time.Time{}, 0, false
	}
	for _, layout := range [...]string{"Mon, _2 Jan 2006 15:04:05 MST", "Mon, _2 Jan 2006 15:04:05 -0700", time.UnixDate, time.RubyDate, time.ANSIC} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		name, offset := t.Zone()
		if strings.Contains(layout, "MST") && name != "UTC" && name != "GMT" {
			continue // Parse gives a zone that it does not know the offset 0
		}
		return t.UTC(), offset, true
	}
	return time.Time{}, 0, false
}
