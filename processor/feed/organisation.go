package feed

import (
	"fmt"
	"strings"
	"time"
)

const (
	domain = "corp.example"
	// Org is the name of the organisation in the feed.
	Org = "corp.okta.example"
)

var (
	firstNames = strings.Fields("Ada Alan Barbara Bertrand Carol Claude Dana Dennis Edith Edsger Frances Fred Grace Gordon Hedy Hal Irene Ivan Jean John Katherine Ken Lena Linus Margaret Marvin Nancy Niklaus Olga Oscar Pia Paul Radia Ray Shafi Stephen Tilda Tony Ursula Vint Wanda Wes Xenia Yukihiro Zoe")
	lastNames  = strings.Fields("Abbott Baker Carter Dahl Evans Fischer Garcia Hopper Iverson Jansen Kowalski Lamport Meyer Naur Okafor Perlis Quist Rossi Sato Tanaka Ueda Varga Wirth Xu Young Zhang")
	appNames   = []string{"Salesforce", "Google Workspace", "Slack", "GitHub Enterprise", "Workday", "Jira", "Zoom", "ServiceNow", "Box", "AWS IAM Identity Center", "Expenses", "Office 365"}
	groupNames = []string{"Engineering", "Sales", "Finance", "Support", "Contractors", "All Managers", "VPN Users", "Legal"}
	places     = []place{
		{"Toronto", "Ontario", "Canada", "M5H", 43.6532, -79.3832},
		{"Berlin", "Berlin", "Germany", "10115", 52.52, 13.405},
		{"Lyon", "Auvergne-Rhône-Alpes", "France", "69001", 45.764, 4.8357},
		{"Austin", "Texas", "United States", "78701", 30.2672, -97.7431},
		{"Kraków", "Lesser Poland", "Poland", "30-001", 50.0647, 19.945},
	}
	elsewhere = place{"Singapore", "", "Singapore", "018956", 1.2897, 103.8501}
	agents    = []agent{
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/115.0.0.0 Safari/537.36", "Mac OS X", "CHROME", "Computer"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/115.0.0.0 Safari/537.36 Edg/115.0.1901.188", "Windows 10", "EDGE", "Computer"},
		{"Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/116.0", "Linux", "FIREFOX", "Computer"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.6 Mobile/15E148 Safari/604.1", "iOS", "SAFARI", "Mobile"},
	}
	script = agent{"python-requests/2.31.0", "Unknown", "UNKNOWN", "Unknown"}
)

type place struct {
	city, state, country, postal string
	lat, lon                     float64
}

type agent struct{ raw, os, browser, device string }

// network is where requests come from.
type network struct {
	ip, ip2       string // ip2: a proxy behind the client, empty for none
	as            int
	asOrg, isp    string
	domain        string
	proxy         bool
	place         place
	unknownDomain bool // Okta then writes "."
}

// machine is a browser on a device; it carries the device token whose hash Okta logs.
type machine struct {
	agent
	dtHash      string
	fingerprint string
	managed     *device // what Okta Verify knows of the device, nil without Okta Verify
}

// session is one login of one person.
type session struct {
	id, root string
	machine  *machine
	net      *network
	began    time.Time
}

type person struct {
	id, login, name string
	office, home    *network
	machine         *machine
	session         *session // of everyday traffic; nil when signed out
}

type app struct{ id, user, name string }

type group struct{ id, name string }

// world is the organisation while its day passes.
type world struct {
	o      Options
	r      random
	people []*person
	admins []*person
	apps   []app
	groups []group
	queue  queue
	pushed int
	left   int // everyday events that may still be pushed
	serial uint64
}

// adminsPerRound is how many administrators a round of campaigns needs, so that no two of them touch the same one.
const adminsPerRound = 6

func newWorld(o Options) *world {
	w := &world{o: o, r: newRandom(o.Seed, streamEvents)}
	for _, name := range appNames {
		w.apps = append(w.apps, app{w.r.id("0oa"), w.r.id("0ua"), name})
	}
	for _, name := range groupNames {
		w.groups = append(w.groups, group{w.r.id("00g"), name})
	}
	offices := make([]*network, len(places))
	for i, p := range places {
		offices[i] = &network{ip: fmt.Sprintf("192.0.2.%d", 10+i), as: 64496, asOrg: "corp example", isp: "corp example", domain: domain, place: p}
	}
	for i := range o.Users + adminsPerRound*o.Campaigns {
		p := w.newPerson(i, offices)
		if i < o.Users {
			w.people = append(w.people, p)
		} else {
			p.login = strings.Replace(p.login, "@", ".admin@", 1)
			w.admins = append(w.admins, p)
		}
	}
	return w
}

func (w *world) newPerson(i int, offices []*network) *person {
	first, last := firstNames[i%len(firstNames)], lastNames[(i/len(firstNames)+i*7)%len(lastNames)]
	login := strings.ToLower(first + "." + last)
	if i >= len(lastNames) {
		login += fmt.Sprint(i)
	}
	office := pick(w.r, offices)
	home := &network{ip: fmt.Sprintf("198.51.100.%d", 1+i%254), as: 64497 + i%4, asOrg: "example broadband", isp: "example broadband", domain: "broadband.example", place: office.place}
	if i%5 == 0 { // mobile networks
		home = &network{ip: fmt.Sprintf("2001:db8:%x::%x", 0x100+i, 1+i), as: 64502, asOrg: "example mobile", isp: "example mobile", place: office.place, unknownDomain: true}
	}
	return &person{
		id: w.r.id("00u"), login: login + "@" + domain, name: first + " " + last,
		office: office, home: home, machine: w.newMachine(agents[i%len(agents)], i%5 == 0),
	}
}

func (w *world) newMachine(a agent, managed bool) *machine {
	m := &machine{agent: a, dtHash: w.r.hex(64), fingerprint: w.r.hex(32)}
	if managed {
		m.managed = w.newDevice(a)
	}
	return m
}

// newSession signs p in from n on m, outside of the everyday state.
func (w *world) newSession(at time.Time, m *machine, n *network) *session {
	id := "idx" + w.r.text(22, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_")
	return &session{id: id, root: id, machine: m, net: n, began: at}
}

// stranger is a network that nobody of the organisation uses.
func (w *world) stranger() *network {
	return &network{ip: fmt.Sprintf("203.0.113.%d", 1+w.r.IntN(254)), as: 64503, asOrg: "example hosting", isp: "example hosting", domain: "hosting.example", place: elsewhere}
}

// anonymizer is a stranger that Okta knows as a proxy.
func (w *world) anonymizer() *network {
	n := w.stranger()
	n.as, n.asOrg, n.isp, n.domain, n.unknownDomain, n.proxy = 64504, "example vpn", "example vpn", "", true, true
	return n
}
