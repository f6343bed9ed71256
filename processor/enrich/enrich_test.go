// The writer of databases that these tests use needs 64-bit integers.

//go:build !386 && !arm

package enrich

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
	"go.uber.org/goleak"

	"oktastream/processor/feed"
	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/event"
	"oktastream/rules/lang"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// database writes a file with records for some networks.
func database(t testing.TB, kind string, records map[string]mmdbtype.Map) string {
	t.Helper()
	w, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, BuildEpoch: 1767225600, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	for network, record := range records {
		_, n, err := net.ParseCIDR(network)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Insert(n, record); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), kind+".mmdb")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := w.WriteTo(f); err != nil {
		t.Fatal(err)
	}
	return file
}

func named_(iso, name string) mmdbtype.Map {
	return mmdbtype.Map{"iso_code": mmdbtype.String(iso), "names": mmdbtype.Map{"en": mmdbtype.String(name)}}
}

func files(t testing.TB) (city, asn string) {
	city = database(t, "GeoLite2-City", map[string]mmdbtype.Map{
		"192.0.2.0/24": {"city": named_("", "Oslo"), "country": named_("NO", "Norway"), "continent": named_("EU", "Europe"),
			"subdivisions": mmdbtype.Slice{named_("03", "Oslo County")},
			"location":     mmdbtype.Map{"latitude": mmdbtype.Float64(59.9), "longitude": mmdbtype.Float64(10.75)}},
		"2001:db8::/32":   {"country": named_("CH", "Switzerland")},
		"198.51.100.0/24": {"country": mmdbtype.String("not a record")},
	})
	asn = database(t, "GeoLite2-ASN", map[string]mmdbtype.Map{
		"192.0.2.0/25": {"autonomous_system_number": mmdbtype.Uint32(64500), "autonomous_system_organization": mmdbtype.String("Example Net")},
	})
	return city, asn
}

func open(t testing.TB, o Options) *Enrichment {
	t.Helper()
	e, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestNetworks(t *testing.T) {
	city, asn := files(t)
	for _, cache := range []int{0, DefaultCache} {
		e := open(t, Options{City: city, ASN: asn, Cache: cache})
		for addr, want := range map[string]event.Network{
			"192.0.2.9": {City: "Oslo", Region: "Oslo County", RegionISO: "NO-03", Country: "Norway", CountryISO: "NO", Continent: "Europe",
				Location: "59.9,10.75", ASN: 64500, Organization: "Example Net"},
			"192.0.2.200": {City: "Oslo", Region: "Oslo County", RegionISO: "NO-03", Country: "Norway", CountryISO: "NO", Continent: "Europe",
				Location: "59.9,10.75"},
			"2001:db8::1": {Country: "Switzerland", CountryISO: "CH"}, "203.0.113.1": {}, "198.51.100.1": {},
		} {
			for range 2 {
				if diff := cmp.Diff(want, e.Network(netip.MustParseAddr(addr))); diff != "" {
					t.Errorf("%s: %s", addr, diff)
				}
			}
		}
		if s := e.String(); s != "GeoLite2-City of 2026-01-01T00:00:00Z, GeoLite2-ASN of 2026-01-01T00:00:00Z" {
			t.Error(s)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	city, asn := files(t)
	broken := filepath.Join(t.TempDir(), "broken.mmdb")
	data, err := os.ReadFile(city)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, data[:len(data)-40], 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]Options{
		"no such file": {City: "missing.mmdb"}, "has no City data": {City: asn}, "has no ASN data": {City: city, ASN: city},
		broken: {City: broken},
	} {
		if _, err := Open(o); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%v, want an error with %s", err, name)
		}
	}
}

// A database that was damaged after its head has been read never takes the process down.
func TestDamagedDatabase(t *testing.T) {
	city, _ := files(t)
	data, err := os.ReadFile(city)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 100 {
		damaged := append([]byte(nil), data...)
		for range 1 + i%20 {
			damaged[rng.IntN(len(damaged)-200)] = byte(rng.Uint32()) // metadata stands at the end
		}
		file := filepath.Join(t.TempDir(), "d.mmdb")
		if err := os.WriteFile(file, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		e, err := Open(Options{City: file})
		if err != nil {
			continue
		}
		for _, a := range []string{"192.0.2.9", "2001:db8::1", "203.0.113.1"} {
			e.Network(netip.MustParseAddr(a))
		}
		e.Close()
	}
}

const rule = `title: Several systems for one device token
name: systems
id: 0b6f8c1e-4b0a-4e0e-9d54-700000000001
logsource: {product: okta, service: okta}
detection: {s: {eventType|startswith: user.}, condition: s}
---
title: Two systems
name: two
id: 0b6f8c1e-4b0a-4e0e-9d54-700000000002
level: low
correlation:
  type: value_count
  rules: [systems]
  group-by: [source.geo.country_name]
  timespan: 1d
  condition: {field: user_agent.os.name, gte: 2}
`

// alerts runs a feed through both halves.
func alerts(t *testing.T, set *rules.Set) string {
	l := engine.NewLocal(set, engine.Options{})
	d := l.NewDecoder()
	var out engine.Output
	i := int64(0)
	for item := range feed.New(feed.Options{Seed: 7}) {
		if i == 200 {
			break
		}
		ev, err := d.Decode(item.JSON, event.Meta{Origin: event.Origin{Topic: "t", Offset: i}})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Process(ev, &out); err != nil {
			t.Fatal(err)
		}
		i++
	}
	if err := l.Close(&out); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i := range out.Alerts {
		out.Alerts[i].Engine = alert.Engine{}
		text, err := alert.Marshal(&out.Alerts[i])
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "%s\n", text)
	}
	return b.String()
}

// What a cache holds must not show: with one that holds everything, one that holds next to nothing, and none, the alerts
// are the same bytes.
func TestCacheDoesNotShow(t *testing.T) {
	r := lang.LoadFS(fstest.MapFS{"r.yml": {Data: []byte(rule)}}, ".")
	set, diags := rules.NewSet(r.Rules)
	if len(diags) > 0 || len(set.Rules()) == 0 {
		t.Fatal(r.Diagnostics, diags)
	}
	city, asn := files(t)
	want := alerts(t, set.Enriched(open(t, Options{City: city, ASN: asn, Cache: 0})))
	if !strings.Contains(want, "user_agent.os.name") {
		t.Fatalf("no alert shows a system: %s", want)
	}
	for _, cache := range []int{DefaultCache, 2000} {
		if got := alerts(t, set.Enriched(open(t, Options{City: city, ASN: asn, Cache: cache}))); got != want {
			t.Errorf("with a cache of %d bytes:\n%s", cache, cmp.Diff(want, got))
		}
	}
}

// Several workers share the caches.
func TestConcurrentUse(t *testing.T) {
	city, asn := files(t)
	e := open(t, Options{City: city, ASN: asn, Cache: 4000})
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 1))
			for range 100 {
				n := byte(rng.UintN(256))
				network := e.Network(netip.AddrFrom4([4]byte{192, 0, 2, n}))
				if want := uint32(64500); n < 128 && network.ASN != want || n >= 128 && network.ASN != 0 || network.City != "Oslo" {
					t.Errorf("192.0.2.%d: %+v", n, network)
				}
				text := fmt.Sprintf("python-requests/2.%d.0", n%8)
				if a := e.Agent(text); a.Name != "Python Requests" || a.Version != fmt.Sprintf("2.%d", n%8) {
					t.Errorf("%s: %+v", text, a)
				}
			}
		})
	}
	all.Wait()
}

// The names of the databases are part of the rule set's fingerprint, so that a rollout with others is seen.
func TestFingerprint(t *testing.T) {
	set, _ := rules.NewSet(nil)
	city, asn := files(t)
	with, without := set.Enriched(open(t, Options{City: city, ASN: asn})), set.Enriched(open(t, Options{Cache: DefaultCache}))
	if without.Fingerprint() != set.Fingerprint() || with.Fingerprint() == set.Fingerprint() {
		t.Errorf("%s, with databases %s, without %s", set.Fingerprint(), with.Fingerprint(), without.Fingerprint())
	}
}
