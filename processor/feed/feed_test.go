package feed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// day is a feed for tests that only look at events.
var day = sync.OnceValue(func() []Item { return slices.Collect(New(Options{Events: 5000})) })

func digest(o Options) string {
	h := sha256.New()
	for it := range New(o) {
		h.Write(it.JSON)
		h.Write([]byte(it.Label + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	o := Options{Seed: 7, Events: 1000, Disorder: time.Minute, Duplicates: 20}
	feed := New(o)
	once := digest(o)
	for range 2 { // also by iterating again
		h := sha256.New()
		for it := range feed {
			h.Write(it.JSON)
			h.Write([]byte(it.Label + "\n"))
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != once {
			t.Fatal("two iterations differ")
		}
	}
	o.Seed++
	if digest(o) == once {
		t.Error("another seed gives the same feed")
	}
}

func TestOrderCountAndTime(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 3, 2, 6, 0, 0, 0, time.FixedZone("x", 3600))
	o := Options{Start: start, Events: 2000, Duration: 2 * time.Hour}
	n := 0
	var last time.Time
	seen := map[string]bool{}
	for it := range New(o) {
		var e struct{ UUID, Published string }
		if err := json.Unmarshal(it.JSON, &e); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, e.Published)
		if err != nil || !at.Equal(it.At) || it.At.Location() != time.UTC {
			t.Fatalf("published %s, item at %v", e.Published, it.At)
		}
		if at.Before(last) {
			t.Fatalf("%v after %v", at, last)
		}
		if last = at; at.Before(start) || at.After(start.Add(o.Duration+time.Minute)) {
			t.Fatalf("%v is outside of the day", at)
		}
		if seen[e.UUID] {
			t.Fatalf("uuid %s twice", e.UUID)
		}
		seen[e.UUID] = true
		if got := uuidTime(t, e.UUID); got.UnixMilli() != at.UnixMilli() {
			t.Fatalf("uuid %s says %v, published %v", e.UUID, got, at)
		}
		n++
	}
	if n != o.Events {
		t.Errorf("%d events, want %d", n, o.Events)
	}
}

func uuidTime(t *testing.T, id string) time.Time {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(b) != 16 || b[6]>>4 != 1 || b[8]>>6 != 2 {
		t.Fatalf("uuid %s: %v", id, err)
	}
	ticks := int64(b[6]&0x0f)<<56 | int64(b[7])<<48 | int64(b[4])<<40 | int64(b[5])<<32 | int64(b[0])<<24 | int64(b[1])<<16 | int64(b[2])<<8 | int64(b[3])
	return time.Unix(0, (ticks-0x01B21DD213814000)*100)
}

func TestStopsWhenAsked(t *testing.T) {
	for _, o := range []Options{{}, {Disorder: time.Minute, Duplicates: 100}} {
		n := 0
		for range New(o) {
			if n++; n == 10 {
				break
			}
		}
	}
}

// Every campaign and near miss takes place in every feed, and the first ones early.
func TestCampaigns(t *testing.T) {
	t.Parallel()
	labels := func(o Options) (first map[string]int, count map[string]int, n int) {
		first, count = map[string]int{}, map[string]int{}
		for it := range New(o) {
			if it.Label != "" {
				if _, ok := first[it.Label]; !ok {
					first[it.Label] = n
				}
				count[it.Label]++
			}
			n++
		}
		return
	}
	_, once, _ := labels(Options{Events: 1})
	for _, o := range []Options{{Events: 3000}, {Seed: 99, Events: 1500}, {Events: 1, Duration: 1}, {Events: 2000, Users: 1, Duration: 30 * 24 * time.Hour}, {Events: 3000, Campaigns: 3}} {
		first, count, n := labels(o)
		for _, c := range campaigns {
			if want := once[c.label] * max(o.Campaigns, 1); count[c.label] != want {
				t.Errorf("%+v: %d events of %s, want %d", o, count[c.label], c.label, want)
			}
		}
		early := 0
		for label, i := range first {
			if i < n/20 && !strings.HasPrefix(label, nearMiss) {
				early++
			}
		}
		if o.Campaigns == 0 && o.Events != 1 && early < 5 {
			t.Errorf("%+v: only %d campaigns in the first 5 %% of %d events", o, early, n)
		}
	}
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		o := Options{
			Seed:       rapid.Uint64().Draw(t, "seed"),
			Events:     1, // the campaigns
			Users:      minUsers,
			Disorder:   rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Minute, 10 * time.Minute}).Draw(t, "disorder"),
			Duplicates: rapid.SampledFrom([]int{0, 500, 1000}).Draw(t, "duplicates"),
		}
		var want []string
		plain := o
		plain.Disorder, plain.Duplicates = 0, 0
		for it := range New(plain) {
			want = append(want, string(it.JSON))
		}
		var latest time.Time
		counts := map[string]int{}
		deliveries, behind := 0, 0
		for it := range New(o) {
			if it.At.After(latest) {
				latest = it.At
			}
			if d := latest.Sub(it.At); d > o.Disorder {
				t.Fatalf("delivered %v behind, want at most %v", d, o.Disorder)
			} else if d > 0 {
				behind++
			}
			counts[string(it.JSON)]++
			deliveries++
		}
		if len(counts) != len(want) {
			t.Fatalf("%d different events, want %d", len(counts), len(want))
		}
		for _, e := range want {
			if n := counts[e]; n < 1 || n > 2 || n == 2 && o.Duplicates == 0 {
				t.Fatalf("delivered %d times: %s", n, e)
			}
		}
		switch o.Duplicates {
		case 500:
			if deliveries == len(want) {
				t.Fatalf("no duplicates")
			}
		case 1000:
			if deliveries != 2*len(want) {
				t.Fatalf("%d deliveries of %d events", deliveries, len(want))
			}
		}
	})
}

// The sizes follow those measured on real events. Over all: min 747, median 1,518, mean 1,588, maximum 4,789 bytes. Of
// events like sign-ins, of which a working day mostly consists: median 1,803, p95 2,465.
func TestSizes(t *testing.T) {
	t.Parallel()
	var sizes []int
	sum := 0
	for _, it := range day() {
		sizes = append(sizes, len(it.JSON))
		sum += len(it.JSON)
	}
	slices.Sort(sizes)
	at := func(p int) int { return sizes[min(len(sizes)*p/100, len(sizes)-1)] }
	t.Logf("min %d median %d mean %d p90 %d p95 %d p99 %d max %d", sizes[0], at(50), sum/len(sizes), at(90), at(95), at(99), at(100))
	for _, c := range []struct {
		name          string
		got, min, max int
	}{
		{"min", sizes[0], 600, 1000}, {"median", at(50), 1500, 1950}, {"mean", sum / len(sizes), 1500, 1950},
		{"p95", at(95), 1900, 2500}, {"max", at(100), 2800, 5000},
	} {
		if c.got < c.min || c.got > c.max {
			t.Errorf("%s %d is not between %d and %d", c.name, c.got, c.min, c.max)
		}
	}
}

// What real events hold in place of values must occur here, too.
func TestOddities(t *testing.T) {
	t.Parallel()
	all := new(bytes.Buffer)
	for _, it := range day() {
		all.Write(it.JSON)
		all.WriteByte('\n')
	}
	for _, odd := range []string{
		`"zone":"null"`, `"zone":null`, `"dtHash":"-"`, `"dtHash":null`, `"externalSessionId":"unknown"`, `"externalSessionId":null`, `"domain":"."`, `"domain":null`,
		`"displayMessage":null`, `"legacyEventType":null`, `"client":{}`, `"ipAddress":null`, `"device":null`, `"device":{"id":null`,
		`"outcome":null`, `"target":null`, `"transaction":{"type":null,"id":"unknown"`, `"debugData":{}`, `"asNumber":null`, `"ipChain":[]`,
		`"version":0`, `"postalCode":10013`, `"geographicalContext":null`, `"city":null`, `"id":"unknown"`, `"alternateId":"unknown"`,
		`"userBehaviors":[`, `"version":"V6"`, `"isProxy":true`, `"changeDetails":`, `"requestApiTokenId"`, `"type":"IP address"`,
	} {
		if !bytes.Contains(all.Bytes(), []byte(odd)) {
			t.Errorf("no event with %s", odd)
		}
	}
}

// Nobody's address is in the feed, but for the published indicators and their neighbour.
func TestAddresses(t *testing.T) {
	t.Parallel()
	var allowed []netip.Prefix
	for _, p := range append([]string{"192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32", "24.189.245.80"}, published...) {
		if !strings.Contains(p, "/") {
			p += "/32"
		}
		allowed = append(allowed, netip.MustParsePrefix(p))
	}
	address := regexp.MustCompile(`"(?:ip|ipAddress|suspiciousActivityEventIp)":"([^"]*)"`)
	domain := regexp.MustCompile(`[\w.+-]+@([\w.-]+)`)
	for it := range New(Options{Events: 1, Campaigns: 3}) {
		for _, m := range address.FindAllSubmatch(it.JSON, -1) {
			a, err := netip.ParseAddr(string(m[1]))
			if err != nil || !slices.ContainsFunc(allowed, func(p netip.Prefix) bool { return p.Contains(a) }) {
				t.Fatalf("address %s in %s: %v", m[1], it.JSON, err)
			}
		}
		for _, m := range domain.FindAllSubmatch(it.JSON, -1) {
			if d := string(m[1]); d != "okta.com" && !strings.HasSuffix(d, ".example") { // system@okta.com is Okta's own
				t.Fatalf("domain %s in %s", d, it.JSON)
			}
		}
	}
}

func TestDisorderHappens(t *testing.T) {
	var latest time.Time
	behind, n := 0, 0
	for it := range New(Options{Events: 2000, Duration: time.Hour, Disorder: 2 * time.Minute}) {
		if it.At.Before(latest) {
			behind++
		} else {
			latest = it.At
		}
		n++
	}
	if behind < n/100 || behind > n/3 {
		t.Errorf("%d of %d events are behind", behind, n)
	}
}
