package event

import (
	"net/netip"
	"testing"

	"pgregory.net/rapid"
)

// Fields of addresses read in one spelling, by any of their names; other fields, and what is no address, as they were sent.
func TestAddressesReadInOneSpelling(t *testing.T) {
	raw := `{"client":{"ipAddress":"2001:DB8:0:0::1","ip":"fe80::1%eth0","id":"2001:DB8:0:0::1"},"request":{"ipChain":[{"ip":"::FFFF:192.0.2.1"},{"ip":"192.0.2.2"},{"ip":"unknown"},{"ip":7}]}}`
	for path, want := range map[string]string{
		"client.ipAddress": "2001:db8::1", "CLIENT.IPADDRESS": "2001:db8::1", "source.ip": "2001:db8::1", "client.ip": "2001:db8::1", "okta.client.ip": "2001:db8::1",
		"related.ip": "2001:db8::1", "client.id": "2001:DB8:0:0::1", "request.ipChain.ip": "192.0.2.1|192.0.2.2|unknown|7", "okta.request.ip_chain.ip": "192.0.2.1|192.0.2.2|unknown|7",
		"request.ipChain[0].ip": "192.0.2.1", "client.ipAddress or client.id": "2001:db8::1|2001:DB8:0:0::1",
	} {
		p := MustPath(path)
		if got := texts(decode(t, raw, Meta{}).Lookup(p)); got != want {
			t.Errorf("%s = %q, want %q", path, got, want)
		}
		fields := NewFields()
		id := fields.Add(p)
		e, err := NewDecoder(fields).Decode([]byte(raw), Meta{})
		if err != nil || texts(e.Field(id)) != want {
			t.Errorf("%s as a field = %q, %v", path, texts(e.Field(id)), err)
		}
		if got := p.HoldsAddresses(); got != (path != "client.id" && path != "client.ipAddress or client.id") {
			t.Errorf("%s holds addresses: %v", path, got)
		}
	}
}

// Two texts have one spelling if and only if they are the same address; a plain IPv4 address and what is no address keep
// theirs, by which windows are stored.
func TestAddressSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.StringMatching(`[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}`),
			rapid.StringMatching(`::[fF]{4}:[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}`),
			rapid.StringMatching(`([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}`),
			rapid.StringMatching(`([0-9a-fA-F]{0,4}:){1,6}[0-9a-fA-F]{0,4}`),
			rapid.StringMatching(`.{0,9}`)).Draw(t, "text")
		addr, err := netip.ParseAddr(text)
		got := Address(text)
		switch {
		case err != nil && got != text:
			t.Fatalf("%q, no address, reads as %q", text, got)
		case err == nil && addr.Is4() && got != text:
			t.Fatalf("%q reads as %q", text, got)
		case err == nil && got != addr.Unmap().WithZone("").String():
			t.Fatalf("%q reads as %q", text, got)
		case Address(got) != got:
			t.Fatalf("%q reads as %q, and that as %q", text, got, Address(got))
		}
	})
}
