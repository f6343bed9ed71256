package event

import (
	"net/netip"
	"strconv"

	"oktastream/rules/useragent"
)

// Enrichment answers what an event does not say itself: what its user agent names, and where its address is. The answers
// must not change while it is in use, and must be the same in every process of a group, because both stages ask. It is
// called by several goroutines at once.
type Enrichment interface {
	// Agent is useragent.Parse, which an implementation may remember. It must not keep text.
	Agent(text string) useragent.Agent
	// Network is what a database knows about an address; the zero Network if nothing.
	Network(addr netip.Addr) Network
	// String names the data that the answers come from, "" if they come from the program alone.
	String() string
}

// Network is what GeoIP databases know about an address. An empty member is not known.
type Network struct {
	City, Region, RegionISO, Country, CountryISO, Continent string
	Location                                                string // latitude,longitude
	ASN                                                     uint32
	Organization                                            string
}

// plain is the enrichment that needs nothing.
type plain struct{}

func (plain) Agent(text string) useragent.Agent { return useragent.Parse(text) }
func (plain) Network(netip.Addr) Network        { return Network{} }
func (plain) String() string                    { return "" }

// Enriched returns a copy of f whose events ask e.
func (f *Fields) Enriched(e Enrichment) *Fields {
	g := *f
	g.enrichment = e
	return &g
}

// Enrichment is what the events ask.
func (f *Fields) Enrichment() Enrichment { return f.enrichment }

// Conversions that depend on what the fields say, not on the value alone: on the naming, and on the enrichment.
const (
	account convert = iota + 64 // what the naming makes of an alternateId
	agentName
	agentVersion
	agentOS
	agentOSVersion
	agentOSFull
	agentDevice
	geoCity
	geoRegion
	geoRegionISO
	geoCountry
	geoCountryISO
	geoContinent
	geoLocation
	asNumber
	asOrganization
)

// enrich appends what the fields make of v: nothing if that is not known, so that an alias can fall back on what
// Okta says.
func (e *Event) enrich(dst []Value, v Value, c convert) []Value {
	text := ""
	if c == account {
		return e.fields.naming.user(dst, v)
	}
	if c <= agentDevice {
		text = agentPart(e.fields.enrichment.Agent(v.Text), c)
	} else if s := v.Text; s != "" && (s[0] == ':' || s[0] >= '0' && s[0] <= '9' || s[0]|0x20 >= 'a' && s[0]|0x20 <= 'f') {
		// A look at the first byte spares the error value for the usual "null" and "unknown".
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return dst
		}
		n := e.fields.enrichment.Network(addr.Unmap().WithZone(""))
		if c == asNumber {
			if n.ASN == 0 {
				return dst
			}
			return append(dst, Value{Kind: Number, Text: strconv.FormatUint(uint64(n.ASN), 10)})
		}
		text = n.part(c)
	}
	if text == "" {
		return dst
	}
	return append(dst, Value{Kind: String, Text: text})
}

func agentPart(a useragent.Agent, c convert) string {
	switch c {
	case agentName:
		return a.Name
	case agentVersion:
		return a.Version
	case agentOS:
		return a.OS
	case agentOSVersion:
		return a.OSVer
	case agentOSFull:
		return a.OSFull()
	}
	return a.Device
}

func (n *Network) part(c convert) string {
	switch c {
	case geoCity:
		return n.City
	case geoRegion:
		return n.Region
	case geoRegionISO:
		return n.RegionISO
	case geoCountry:
		return n.Country
	case geoCountryISO:
		return n.CountryISO
	case geoContinent:
		return n.Continent
	case geoLocation:
		return n.Location
	}
	return n.Organization
}
