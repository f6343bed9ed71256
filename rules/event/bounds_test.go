package event

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// clockOf makes a version 1 uuid whose clock shows t.
func clockOf(t time.Time) uuid.UUID {
	const sinceReform = 122_192_928_000_000_000 // hundreds of nanoseconds from 1582-10-15 to 1970
	ticks := uint64(t.Unix()*10_000_000+int64(t.Nanosecond())/100) + sinceReform
	u := uuid.MustParse("00000000-0000-1000-8c55-0242ac120002")
	u[0], u[1], u[2], u[3] = byte(ticks>>24), byte(ticks>>16), byte(ticks>>8), byte(ticks)
	u[4], u[5] = byte(ticks>>40), byte(ticks>>32)
	u[6], u[7] = 0x10|byte(ticks>>56), byte(ticks>>48)
	return u
}

// An event without a time has that of its version 1 uuid, if a clock of Okta's can have shown it: from 2009 to 2100.
func TestClockOfUUID(t *testing.T) {
	variant, version := clockOf(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)), clockOf(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	variant[8] |= 0x40 // Microsoft's
	version[6] |= 0x40 // 5
	for id, want := range map[string]time.Time{
		clockOf(time.Date(2008, 12, 31, 23, 59, 59, 999_999_900, time.UTC)).String(): {},
		clockOf(time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)).String():                time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC),
		clockOf(time.Date(2026, 3, 2, 8, 0, 0, 123_456_700, time.UTC)).String():      time.Date(2026, 3, 2, 8, 0, 0, 123_456_700, time.UTC),
		clockOf(time.Date(2100, 12, 31, 23, 59, 59, 0, time.UTC)).String():           time.Date(2100, 12, 31, 23, 59, 59, 0, time.UTC),
		clockOf(time.Date(2101, 1, 1, 0, 0, 0, 0, time.UTC)).String():                {},
		clockOf(time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC)).String():                {},
		clockOf(time.Date(5000, 1, 1, 0, 0, 0, 0, time.UTC)).String():                {},
		variant.String(): {}, version.String(): {}, "x": {},
	} {
		if want.IsZero() {
			want = time.Unix(0, 0)
		}
		e := decode(t, `{"uuid":"`+id+`"}`, Meta{})
		if e.Time() != want.UnixNano() || e.Flags() != TimeMissing {
			t.Errorf("%s: %v, flags %b, want %v", id, time.Unix(0, e.Time()).UTC(), e.Flags(), want.UTC())
		}
	}
}

// A time that nanoseconds cannot hold is none; one at the ends of what they can is.
func TestTimesThatCount(t *testing.T) {
	for year, want := range map[int]bool{1678: false, 1679: true, 2261: true, 2262: false} {
		e := decode(t, fmt.Sprintf(`{"uuid":"1","published":"%d-06-01T00:00:00Z"}`, year), Meta{})
		if got := e.Flags()&TimeUnreadable == 0; got != want || want && time.Unix(0, e.Time()).UTC().Year() != year {
			t.Errorf("%d: %v, %v", year, got, time.Unix(0, e.Time()).UTC())
		}
	}
}

// The name of an account is what comes before the first character that no account name has.
func TestAccountNames(t *testing.T) {
	for text, want := range map[string]string{
		"09azAZ._-": "09azAZ._-", "0@x": "0", "9@x": "9", "a@x": "a", "z@x": "z", "A@x": "A", "Z@x": "Z", ".@x": ".", "_@x": "_", "-@x": "-",
		"/x": "x", ":x": "x", "@x": "x", "[x": "x", "`x": "x", "{x": "x", "a/b": "a", "a:b": "a", "a[b": "a", "a`b": "a", "a{b": "a", "a+b@c": "a", "é": "", "": "", "+@": "",
	} {
		if got := accountName(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Notation of maps, at its edges: names of one letter are names, and without a name there is no pair.
func TestShortNotation(t *testing.T) {
	for text, want := range map[string]string{
		"{a=POSITIVE}": "a", "a=POSITIVE": "a", "a=POSITIVE, b=NEGATIVE, c=POSITIVE": "a|c", "{a=POSITIVE, b, c=POSITIVE}": "a|b, c",
		"=POSITIVE": "", "{=POSITIVE}": "", "{A Z-_:09=POSITIVE}": "A Z-_:09", "A Z-_:09=POSITIVE": "A Z-_:09", "http://x/?a=POSITIVE": "", "a@b=POSITIVE": "",
	} {
		e := decode(t, fmt.Sprintf(`{"debugContext":{"debugData":{"behaviors":%q}}}`, text), Meta{})
		if got := texts(e.Lookup(MustPath("okta.debug_context.debug_data.risk_behaviors"))); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// A document in Elastic's names counts before what is computed where it had databases, and behind it elsewhere.
func TestWhatADocumentSaysItself(t *testing.T) {
	e := decode(t, `{"eventType":"user.session.start","client":{"ipAddress":"192.0.2.1","userAgent":{"rawUserAgent":"raw","browser":"okta","os":"okta"},"geographicalContext":{"city":"okta"}},
		"securityContext":{"asNumber":1,"asOrg":"okta","domain":"okta"},"actor":{"alternateId":"okta@x"},
		"user_agent":{"name":"own","original":"own","os":{"name":"own"}},"user":{"name":"own","nick":"own"},
		"source":{"domain":"own","geo":{"city_name":"own"},"as":{"number":2,"organization":{"name":"own"}}}}`, Meta{})
	for path, want := range map[string]string{"user_agent.name": "own", "user_agent.os.name": "own", "source.geo.city_name": "own", "source.as.number": "2", "source.as.organization.name": "own",
		"user_agent.original": "raw", "source.domain": "okta", "source.ip": "192.0.2.1"} {
		if got := texts(e.Lookup(MustPath(path))); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

// Only the decimal number of an element is one; other digits name a member.
func TestElementNumbers(t *testing.T) {
	for text, want := range map[string]int32{"0": 0, "7": 7, "10": 10, "2147483647": 2147483647, "2147483648": -1, "-1": -1, "-2": -1, "-0": -1, "01": -1, "+1": -1, "": -1, "x": -1, "1x": -1} {
		if got := elementNumber(text); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

func TestSnakeCase(t *testing.T) {
	for camel, want := range map[string]string{"displayName": "display_name", "actor.alternateId": "actor.alternate_id", "Actor.ZoneA": "actor.zone_a", "x@[y": "x@[y", "ipA": "ip_a", "aZ": "a_z"} {
		if got := snake(camel); got != want {
			t.Errorf("%s: %s, want %s", camel, got, want)
		}
	}
}

// What a path reads below a member tells whether it needs the member, and whether it needs anything else.
func TestReadsBelow(t *testing.T) {
	for text, want := range map[string][2]bool{
		"actor.id": {true, true}, "target.id": {false, false}, "actor.id or actor.type": {true, true}, "ACTOR.id": {true, true},
		"actor.id or target.id": {true, false}, "target.id or actor.id": {true, false}, "target.id or client.id": {false, false}, "actor": {true, true},
	} {
		any, only := MustPath(text).ReadsBelow("actor")
		if any != want[0] || only != want[1] {
			t.Errorf("%s: %v, %v, want %v", text, any, only, want)
		}
	}
	actor, target := MustPath("actor.id"), MustPath("target.id")
	for _, c := range []struct {
		reads     []Path
		any, only bool
	}{{[]Path{actor}, true, true}, {[]Path{actor, actor}, true, true}, {[]Path{actor, target}, true, false}, {[]Path{target, actor}, true, false}, {[]Path{target}, false, false}, {nil, false, false}} {
		p := Computed(fmt.Sprint("=test below ", c.reads), c.reads, func(*Event) []Value { return nil })
		if any, only := p.ReadsBelow("actor"); any != c.any || only != c.only {
			t.Errorf("computed from %v: %v, %v", c.reads, any, only)
		}
	}
}

// Abbreviations of zones have three to five capitals; anything else behind a time makes it none.
func TestZoneNames(t *testing.T) {
	for zone, want := range map[string]bool{"UTC": true, "AAA": true, "ZZZZZ": true, "UT": false, "ABCDEF": false, "U@C": false, "U[C": false, "utc": false, "UtC": false} {
		if got := isZoneName(zone); got != want {
			t.Errorf("%s: %v", zone, got)
		}
	}
}

// A huge event binds its memory no longer than until the next one, and usual ones use theirs again.
func TestHugeEventsAreForgotten(t *testing.T) {
	d, p := NewDecoder(nil), NewProjection(MustPath("actor"))
	for _, c := range []struct {
		size int
		kept bool
	}{{100, true}, {maxArena / 2, true}, {2 * maxArena, false}, {100, true}} {
		e, err := d.Decode([]byte(`{"actor":{"id":"`+strings.Repeat("x", c.size)+`"}}`), Meta{})
		if err != nil {
			t.Fatal(err)
		}
		if out := e.Project(p); len(out) < c.size {
			t.Fatalf("projected %d bytes of %d", len(out), c.size)
		}
		if kept := cap(e.projected) > 0; kept != c.kept {
			t.Errorf("after %d bytes %d are kept", c.size, cap(e.projected))
		}
	}
}

// Each assumption is told, alone and among others.
func TestNotesOfFlags(t *testing.T) {
	var all Flags
	for i, a := range assumptions {
		if notes := a.flag.Notes(); len(notes) != 1 || notes[0] != a.note {
			t.Errorf("%b: %q", a.flag, notes)
		}
		if all |= a.flag; len(all.Notes()) != i+1 {
			t.Errorf("%b: %q", all, all.Notes())
		}
	}
	if notes := Flags(0).Notes(); notes != nil {
		t.Errorf("nothing assumed: %q", notes)
	}
}

// A path that is none, among others, adds nothing to a projection and takes nothing away.
func TestProjectionOfNoPath(t *testing.T) {
	e := decode(t, `{"actor":{"id":"1"},"client":{"id":"2"},"target":3}`, Meta{})
	if out := string(e.Project(NewProjection(MustPath("actor.id"), Path{}, MustPath("client.id")))); !strings.Contains(out, `"1"`) || !strings.Contains(out, `"2"`) || strings.Contains(out, "3") {
		t.Errorf("projection %s", out)
	}
}

// Offsets go up to 18 hours and 59 minutes of an hour.
func TestOffsetsOfTimes(t *testing.T) {
	for zone, want := range map[string]int{"+18:00": 64_800, "-18:00": -64_800, "+19:00": -1, "-19:00": -1, "+00:59": 3_540, "-00:59": -3_540, "+00:60": -1, "+0530": 19_800, "+05": 18_000, "Z": 0, " UTC": 0, "gmt": 0, " +02:00 CEST": 7_200, " +02:00 cest": -1, "X": -1} {
		at, offset, ok := ParseTime("2026-03-02T08:00:00" + zone)
		if ok != (want != -1) || ok && (offset != want || at.Unix() != time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Unix()-int64(want)) {
			t.Errorf("%q: %v, offset %d, %v, want %d", zone, at, offset, ok, want)
		}
	}
}

// Letters and digits make the names of classes and of pairs, up to the ends of the alphabet; other bytes do not.
func TestNamesInNotation(t *testing.T) {
	for c := byte(' '); c < 0x7f; c++ {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if _, _, ok := notation("x" + string(rune(c)) + "x{a=b}"); ok != (letter || strings.IndexByte("_.$", c) >= 0) && c != '{' && c != '[' {
			t.Errorf("class x%cx: %v", c, ok)
		}
		if _, _, ok := unbraced("x" + string(rune(c)) + "x=b"); ok != (letter || strings.IndexByte(" _-:=", c) >= 0) {
			t.Errorf("name x%cx: %v", c, ok)
		}
	}
}
