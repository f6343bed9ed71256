package event

import (
	"net/netip"
	"testing"
)

// echo knows of each address the address.
type echo struct{ plain }

func (echo) Network(a netip.Addr) Network { return Network{City: a.String(), ASN: 64500} }

// Addresses of every spelling are looked up, as IPv4 where they are that; what is no address is asked of nobody.
func TestEnrichedAddresses(t *testing.T) {
	for address, want := range map[string]string{
		"0.0.0.1": "0.0.0.1", "1.2.3.4": "1.2.3.4", "9.9.9.9": "9.9.9.9", "192.0.2.1": "192.0.2.1", "::1": "::1", "a::1": "a::1", "A::1": "a::1", "f::1": "f::1", "F::1": "f::1", "2001:db8::1": "2001:db8::1",
		"::ffff:192.0.2.1": "192.0.2.1", "fe80::1%eth0": "fe80::1", "null": "", "unknown": "", "": "", "g::1": "", "1.2.3": "", "/1.2.3.4": "",
	} {
		e, err := NewDecoder(NewFields().Enriched(echo{})).Decode([]byte(`{"client":{"ipAddress":"`+address+`"}}`), Meta{})
		if err != nil {
			t.Fatal(err)
		}
		number := ""
		if want != "" {
			number = "64500"
		}
		if city, asn := texts(e.Lookup(MustPath("source.geo.city_name"))), texts(e.Lookup(MustPath("source.as.number"))); city != want || asn != number {
			t.Errorf("%s: city %q of network %q, want %q", address, city, asn, want)
		}
	}
}

// Below what the integration leaves alone names are those of the event, also where they have an underscore.
func TestNamesLeftAlone(t *testing.T) {
	e := decode(t, `{"target":[{"detailEntry":{"method_used":"a","methodUsed":"b"},"changeDetails":{"to":{"the_state":"c","theState":"d"}}}],"device":{"os_version":"e","osVersion":"f"}}`, Meta{})
	for path, want := range map[string]string{"okta.target.detailEntry.method_used": "a", "okta.target.changeDetails.to.the_state": "c", "okta.device.os_version": "e"} {
		if got := texts(e.Lookup(MustPath(path))); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}
