package enrich

import (
	"errors"
	"net/netip"
	"strings"
	"unsafe"

	"github.com/dgraph-io/ristretto/v2"

	"oktastream/rules/event"
	"oktastream/rules/useragent"
)

// DefaultCache is the size in bytes of each of the two caches. A tenant has a few thousand user agents and some ten
// thousand addresses a day; an entry takes about 400 bytes.
const DefaultCache = 16 << 20

// Options say where to look. The zero Options parse user agents, know no address, and remember nothing.
type Options struct {
	City  string // file of a database of places, such as GeoLite2-City.mmdb; "" for none
	ASN   string // file of a database of autonomous systems, such as GeoLite2-ASN.mmdb; "" for none
	Cache int    // bytes that each cache may hold; 0 for no caches
}

// Enrichment implements event.Enrichment. It is safe for concurrent use until Close.
type Enrichment struct {
	databases databases
	agents    *ristretto.Cache[string, useragent.Agent]
	networks  *ristretto.Cache[string, event.Network]
}

// Open opens the databases. An error names the file.
func Open(o Options) (*Enrichment, error) {
	e := &Enrichment{}
	var err error
	if e.databases, err = openDatabases(o.City, o.ASN); err != nil {
		return nil, err
	}
	if o.Cache <= 0 {
		return e, nil
	}
	var err1, err2 error
	e.agents, err1 = newCache[useragent.Agent](o.Cache)
	e.networks, err2 = newCache[event.Network](o.Cache)
	if err := errors.Join(err1, err2); err != nil {
		e.Close()
		return nil, err
	}
	return e, nil
}

// newCache returns a cache of about so many bytes. Costs are given with each entry; the library's own would reject
// entries long before the limit.
func newCache[V any](bytes int) (*ristretto.Cache[string, V], error) {
	const entry = 400 // bytes of a typical one; the counters want ten for each that fits
	return ristretto.NewCache(&ristretto.Config[string, V]{
		NumCounters: max(int64(bytes)/entry*10, 100), MaxCost: int64(bytes), BufferItems: 64, IgnoreInternalCost: true,
	})
}

// overhead is what the library keeps for an entry beside key and value.
const overhead = 128

// Agent implements event.Enrichment.
func (e *Enrichment) Agent(text string) useragent.Agent {
	if e.agents == nil {
		return useragent.Parse(text)
	}
	if a, ok := e.agents.Get(text); ok {
		return a
	}
	a := useragent.Parse(text)
	text = strings.Clone(text)
	e.agents.Set(text, a, int64(len(text)+len(a.Name)+len(a.Version)+len(a.OS)+len(a.OSVer)+len(a.Device)+int(unsafe.Sizeof(a))+overhead))
	return a
}

// Network implements event.Enrichment.
func (e *Enrichment) Network(addr netip.Addr) event.Network {
	if e.databases.none() {
		return event.Network{}
	}
	if e.networks == nil {
		return e.databases.network(addr)
	}
	key := addr.As16()
	text := unsafe.String(&key[0], len(key)) // looked up only; what is kept is a copy
	if n, ok := e.networks.Get(text); ok {
		return n
	}
	n := e.databases.network(addr)
	e.networks.Set(string(key[:]), n, int64(len(key)+len(n.City)+len(n.Region)+len(n.Country)+len(n.Organization)+len(n.Location)+int(unsafe.Sizeof(n))+overhead))
	return n
}

// String implements event.Enrichment: type and build of each database.
func (e *Enrichment) String() string { return e.databases.String() }

// Close lets go of databases and caches. e must not be asked afterwards.
func (e *Enrichment) Close() error {
	if e.agents != nil {
		e.agents.Close()
	}
	if e.networks != nil {
		e.networks.Close()
	}
	return e.databases.close()
}
