package event

import (
	"testing"
	"time"
)

// What a sender says about time is believed as far as it can be: a published that is readable counts, whatever the record
// is stamped with, unless it lies in the future of the wall clock or of the broker.
func TestBelievedTime(t *testing.T) {
	instant := func(s string) int64 {
		at, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			t.Fatal(err)
		}
		return at.UnixNano()
	}
	const (
		v1     = "5d0b7c40-9a1e-11f1-8c55-0242ac120002"
		past   = "2026-03-02T08:00:00Z"
		future = "2036-03-02T08:00:00Z"
		skew   = 5 * time.Minute
	)
	now := instant("2026-03-02T09:00:00Z")
	seconds := now / 1e9 * 1e6 // a count of seconds that was taken for one of milliseconds
	for name, c := range map[string]struct {
		published string
		id        string
		meta      Meta
		want      int64
		flags     Flags
	}{
		"stamp -1":                             {published: past, meta: Meta{Timestamp: -1e6, Now: now}, want: instant(past)},
		"stamp 0":                              {published: past, meta: Meta{Now: now}, want: instant(past)},
		"stamp in seconds":                     {published: past, meta: Meta{Timestamp: seconds, Now: now}, want: instant(past)},
		"stamp in 2036":                        {published: past, meta: Meta{Timestamp: instant(future), Now: now}, want: instant(past)},
		"stamp in nanoseconds":                 {published: past, meta: Meta{Timestamp: 1 << 62, Now: now}, want: instant(past)},
		"stamp of a slow clock":                {published: past, meta: Meta{Timestamp: instant("2026-03-02T07:00:00Z"), Now: now}, want: instant(past)},
		"all of 2036":                          {published: future, meta: Meta{Timestamp: instant(future), Now: now}, want: now, flags: TimeClamped},
		"published of 2036, stamp 0":           {published: future, meta: Meta{Now: now}, want: now, flags: TimeClamped},
		"published of 2036, stamp -1":          {published: future, meta: Meta{Timestamp: -1e6, Now: now}, want: now, flags: TimeClamped},
		"55 minutes ahead":                     {published: "2026-03-02T09:55:00Z", meta: Meta{Timestamp: instant("2026-03-02T09:55:00Z"), Now: now}, want: now, flags: TimeClamped},
		"skew ahead":                           {published: "2026-03-02T09:05:00Z", meta: Meta{Timestamp: now, Now: now}, want: now + int64(skew)},
		"more than skew ahead":                 {published: "2026-03-02T09:05:00.000000001Z", meta: Meta{Timestamp: now, Now: now}, want: now, flags: TimeClamped},
		"appended by the broker":               {published: future, meta: Meta{Timestamp: now - 7e9, Appended: true, Now: now}, want: now - 7e9, flags: TimeClamped},
		"ahead of the broker, read a day late": {published: past, meta: Meta{Timestamp: instant("2026-03-01T08:00:00Z"), Appended: true, Now: now}, want: instant("2026-03-01T08:00:00Z"), flags: TimeClamped},
		"a broker in 1970":                     {published: past, meta: Meta{Timestamp: 5e9, Appended: true, Now: now}, want: instant(past)},
		"a broker in 2036":                     {published: future, meta: Meta{Timestamp: instant(future), Appended: true, Now: now}, want: now, flags: TimeClamped},
		"a broker in 2036 and a good event":    {published: past, meta: Meta{Timestamp: instant(future), Appended: true, Now: now}, want: instant(past)},
		"a wall clock in 1970":                 {published: past, meta: Meta{Timestamp: now, Now: 5e9}, want: instant(past)},
		"no wall clock":                        {published: future, meta: Meta{Timestamp: now}, want: instant(future)},
		"unreadable":                           {published: "soon", meta: Meta{Timestamp: now - 9e9, Now: now}, want: now - 9e9, flags: TimeMissing | TimeUnreadable},
		"unreadable, stamp of a year ago":      {published: "soon", meta: Meta{Timestamp: instant("2025-03-02T09:00:00Z"), Now: now}, want: instant("2025-03-02T09:00:00Z"), flags: TimeMissing | TimeUnreadable},
		"unreadable, stamp -1":                 {published: "soon", meta: Meta{Timestamp: -1e6, Now: now}, want: now, flags: TimeMissing | TimeUnreadable},
		"unreadable, stamp 0":                  {published: "soon", meta: Meta{Now: now}, want: now, flags: TimeMissing | TimeUnreadable},
		"unreadable, stamp in seconds":         {published: "soon", meta: Meta{Timestamp: seconds, Now: now}, want: now, flags: TimeMissing | TimeUnreadable},
		"unreadable, stamp in 2036":            {published: "soon", meta: Meta{Timestamp: instant(future), Now: now}, want: now, flags: TimeMissing | TimeUnreadable},
		"unreadable, uuid with a clock":        {published: "soon", id: v1, meta: Meta{Timestamp: 5e9, Now: instant("2026-09-01T00:00:00Z")}, want: uuidTime(v1), flags: TimeMissing | TimeUnreadable},
		"unreadable, uuid of the future":       {published: "soon", id: v1, meta: Meta{Timestamp: 5e9, Now: now}, want: now, flags: TimeMissing | TimeUnreadable},
		"nothing at all":                       {published: "soon", want: 0, flags: TimeMissing | TimeUnreadable},
	} {
		c.meta.Skew = skew
		if c.id == "" {
			c.id = "e1"
		}
		e := decode(t, `{"uuid":"`+c.id+`","published":"`+c.published+`"}`, c.meta)
		if e.Time() != c.want || e.Flags() != c.flags {
			t.Errorf("%s: %v, flags %b, want %v, %b", name, time.Unix(0, e.Time()).UTC(), e.Flags(), time.Unix(0, c.want).UTC(), c.flags)
		}
	}
}
