package enrich

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"

	"oktastream/rules/event"
)

// databases are files of the MaxMind DB format, version 2. A nil reader is none.
type databases struct{ city, asn *maxminddb.Reader }

func openDatabases(city, asn string) (d databases, err error) {
	open := func(file, what string) *maxminddb.Reader {
		if file == "" || err != nil {
			return nil
		}
		var r *maxminddb.Reader
		if r, err = maxminddb.Open(file); err != nil {
			err = fmt.Errorf("database %s: %w", file, err)
			return nil
		}
		if !strings.Contains(r.Metadata.DatabaseType, what) {
			err = fmt.Errorf("database %s: is of type %s, and has no %s data", file, r.Metadata.DatabaseType, what)
			r.Close()
			return nil
		}
		return r
	}
	d.city = open(city, "City")
	d.asn = open(asn, "ASN")
	if err != nil {
		d.close()
		return databases{}, err
	}
	return d, nil
}

func (d databases) none() bool { return d.city == nil && d.asn == nil }

func (d databases) String() string {
	var parts []string
	for _, r := range []*maxminddb.Reader{d.city, d.asn} {
		if r != nil {
			built := time.Unix(int64(r.Metadata.BuildEpoch), 0).UTC()
			parts = append(parts, r.Metadata.DatabaseType+" of "+built.Format(time.RFC3339))
		}
	}
	return strings.Join(parts, ", ")
}

func (d databases) close() error {
	var errs []error
	for _, r := range []*maxminddb.Reader{d.city, d.asn} {
		if r != nil {
			errs = append(errs, r.Close())
		}
	}
	return errors.Join(errs...)
}

// place and system are the parts of a record that are read. Names are the English ones, as in Elastic's geoip processor.
type place struct {
	City      named `maxminddb:"city"`
	Continent named `maxminddb:"continent"`
	Country   named `maxminddb:"country"`
	Location  struct {
		Latitude  *float64 `maxminddb:"latitude"`
		Longitude *float64 `maxminddb:"longitude"`
	} `maxminddb:"location"`
	Subdivisions []named `maxminddb:"subdivisions"`
}

type named struct {
	ISO   string `maxminddb:"iso_code"`
	Names struct {
		English string `maxminddb:"en"`
	} `maxminddb:"names"`
}

type system struct {
	Number       uint32 `maxminddb:"autonomous_system_number"`
	Organization string `maxminddb:"autonomous_system_organization"`
}

// network reads the records of an address. A record that cannot be decoded counts as none: it says nothing about the
// address, and the event's own values stand in.
func (d databases) network(addr netip.Addr) event.Network {
	var n event.Network
	if d.city != nil {
		var p place
		if err := d.city.Lookup(addr).Decode(&p); err == nil {
			n.City, n.Continent = p.City.Names.English, p.Continent.Names.English
			n.Country, n.CountryISO = p.Country.Names.English, p.Country.ISO
			if len(p.Subdivisions) > 0 {
				s := p.Subdivisions[0]
				n.Region = s.Names.English
				if s.ISO != "" && n.CountryISO != "" {
					n.RegionISO = n.CountryISO + "-" + s.ISO
				}
			}
			if l := p.Location; l.Latitude != nil && l.Longitude != nil {
				n.Location = strconv.FormatFloat(*l.Latitude, 'f', -1, 64) + "," + strconv.FormatFloat(*l.Longitude, 'f', -1, 64)
			}
		}
	}
	if d.asn != nil {
		var s system
		if err := d.asn.Lookup(addr).Decode(&s); err == nil {
			n.ASN, n.Organization = s.Number, s.Organization
		}
	}
	return n
}
