package event

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestParseTime: one instant in the forms in which events come through databases, warehouses and shippers.
func TestParseTime(t *testing.T) {
	want := time.Date(2026, 1, 10, 9, 0, 5, 120_000_000, time.UTC)
	for _, text := range []string{
		"2026-01-10T09:00:05.120Z", "2026-01-10t09:00:05.12z", "2026-01-10T09:00:05.120+00:00", "2026-01-10T09:00:05.120+0000", "2026-01-10T09:00:05.120-00",
		"2026-01-10T09:00:05.120", "2026-01-10 09:00:05.120", "2026-01-10 09:00:05,120", "2026-01-10 09:00:05.120000000", "2026-01-10 09:00:05.120000000000",
		"2026-01-10T09:00:05.120 UTC", "2026-01-10 09:00:05.120 UTC", "2026-01-10 09:00:05.120 utc", "2026-01-10T09:00:05.120UTC", "2026-01-10 09:00:05.120 GMT",
		"2026-01-10T09:00:05.120Z ", "  2026-01-10T09:00:05.120Z\n", "2026-01-10 09:00:05.120 +0000", "2026-01-10 09:00:05.120 +00:00", "2026-01-10 09:00:05.120 Z",
		"2026/01/10 09:00:05.120", "20260110T090005.120Z", "2026-01-10T09:00:05.120Z[UTC]", "2026-01-10T11:00:05.120+02:00[Europe/Paris]",
		"2026-01-10 09:00:05.12 +0000 UTC", "2026-01-10 11:00:05.12 +0200 CEST", "2026-01-10T00:30:05.120-0830",
		"1768035605120", "1768035605.12", "1768035605.120000", "1768035605120000", "1768035605120000000", "1.76803560512E12", "1.76803560512e+9", " 1768035605120 ",
		`{"$date":"2026-01-10T09:00:05.120Z"}`, `{"$date":1768035605120}`, `{"$date":{"$numberLong":"1768035605120"}}`, `{ "$date" : { "$numberLong" : "1768035605120" } }`,
	} {
		got, _, ok := ParseTime(text)
		if !ok || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
	seconds := want.Truncate(time.Second)
	for _, text := range []string{"Sat, 10 Jan 2026 09:00:05 GMT", "Sat, 10 Jan 2026 11:00:05 +0200", "Sat Jan 10 09:00:05 UTC 2026", "Sat Jan 10 09:00:05 +0000 2026",
		"1768035605", "2026-01-10T09:00:05Z", "20260110T090005Z", "20260110T110005+0200"} {
		if got, _, ok := ParseTime(text); !ok || !got.Equal(seconds) {
			t.Errorf("%q: %v, %v", text, got, ok)
		}
	}
	if got, _, ok := ParseTime("2026-01-10T09:00Z"); !ok || !got.Equal(want.Truncate(time.Minute)) {
		t.Errorf("to the minute: %v, %v", got, ok)
	}
	if got, _, ok := ParseTime("9999-12-31T23:59:59Z"); !ok || got.Year() != 9999 {
		t.Errorf("the end of days: %v, %v", got, ok)
	}
	for _, text := range []string{
		"", " ", "-", "unknown", "2026-01-10", "2026-01", "2026", "20260110", "09:00:05", "2026-01-10T09", "2026-01-10T", "2026-02-30T09:00:05Z", "2025-02-29T09:00:05Z",
		"2026-13-10T09:00:05Z", "2026-00-10T09:00:05Z", "2026-01-00T09:00:05Z", "2026-01-10T24:00:05Z", "2026-01-10T09:60:05Z", "2026-01-10T09:00:61Z", "2026-1-10T09:00:05Z",
		"2026-01-10T09:00:05.Z", "2026-01-10T09:00:05 CST", "2026-01-10T09:00:05 Europe/Paris", "2026-01-10T09:00:05+1", "2026-01-10T09:00:05+25:00",
		"2026-01-10T09:00:05Z and more", "Sat Jan 10 09:00:05 PST 2026", "Sat, 10 Jan 2026 09:00:05 EST", "Jan 10, 2026 @ 09:00:05.000", "10/01/2026 09:00:05",
		"0", "1", "12345678901", "123456789012", "999999999", "17680356051200000000", "-1768035605", "1768035605s", "1e300", "1e", "01768035605", "NaN",
		`{"$date":"soon"}`, `{"$date":{}}`, `{"$date":{"$date":1}}`, `{"date":1768035605120}`, `{}`, `{"$date"}`, `{"$date":`, "[2026,1,10,9,0,5]",
		strings.Repeat("1", 200),
	} {
		if got, _, ok := ParseTime(text); ok {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

// Whatever instant is written, in whatever form of those that are read, it is read back.
func TestParseTimeReadsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offset := rapid.IntRange(-18*60, 18*60).Draw(t, "offset") * 60
		digits := rapid.SampledFrom([]int{0, 1, 3, 6, 9}).Draw(t, "digits")
		at := time.Unix(rapid.Int64Range(1_000_000_000, 9_000_000_000).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds"))
		unit := time.Second
		for range digits {
			unit /= 10
		}
		at = at.UTC().Truncate(unit)
		fraction := ""
		if digits > 0 {
			fraction = rapid.SampledFrom([]string{".", ","}).Draw(t, "point") + fmt.Sprintf("%09d", at.Nanosecond())[:digits]
		}
		if rapid.IntRange(0, 3).Draw(t, "number") == 0 {
			text := strconv.FormatInt(at.Unix(), 10) + strings.Replace(fraction, ",", ".", 1)
			if got, _, ok := ParseTime(text); !ok || !got.Equal(at) {
				t.Fatalf("%q: %v, want %v", text, got, at)
			}
			return
		}
		zones := []string{"-0700", "-07:00", " -0700", " -07:00", "-0700 MST", "-07:00[Some/Where]"}
		if offset%3600 == 0 {
			zones = append(zones, "-07", " -07")
		}
		local := at.In(time.FixedZone("XYZ", offset))
		if rapid.Bool().Draw(t, "UTC") {
			offset, local = 0, at
			zones = []string{"", "Z07:00", " UTC", "UTC", " GMT", " Z07:00"}
		}
		date := rapid.SampledFrom([]string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006/01/02 15:04:05", "20060102T150405"}).Draw(t, "date")
		text := local.Format(date) + fraction + local.Format(rapid.SampledFrom(zones).Draw(t, "zone"))
		got, shown, ok := ParseTime(rapid.SampledFrom([]string{"", " "}).Draw(t, "before") + text)
		if !ok || !got.Equal(at) || shown != offset {
			t.Fatalf("%q: %v, %d, %v, want %v, %d", text, got, shown, ok, at, offset)
		}
	})
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2026-01-10T09:00:05.120+0000", "1768035605120", "1.7E9", `{"$date":{"$numberLong":"1768035605120"}}`, "Sat, 10 Jan 2026 09:00:05 GMT", "20260110T090005Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		at, offset, ok := ParseTime(s)
		if !ok {
			return
		}
		// What was read is a time that can be written down and read again.
		text := at.Add(time.Duration(offset) * time.Second).Format("2006-01-02T15:04:05.999999999")
		again, _, ok := ParseTime(text)
		if year := at.Add(time.Duration(offset) * time.Second).Year(); year >= 0 && year <= 9999 && (!ok || !again.Equal(at.Add(time.Duration(offset)*time.Second))) {
			t.Errorf("%q reads as %v, offset %d; %q as %v", s, at, offset, text, again)
		}
	})
}

// Reading allocates nothing, whether it is a time or not.
func TestParseTimeAllocatesNothing(t *testing.T) {
	texts := []string{"2026-01-10T09:00:05.120Z", "2026-01-10 11:00:05.120 +0200", "1768035605120", `{"$date":1768035605120}`, "unknown", "user.session.start", "12.5", "Ada Lovelace of London"}
	if n := testing.AllocsPerRun(100, func() {
		for _, s := range texts {
			ParseTime(s)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
