package event

import (
	"fmt"
	"strings"
)

// Integration is the version of Elastic's Okta integration that the ECS names follow: a commit of elastic/integrations,
// because the package's own versions name neither the table of categories nor its source.
const Integration = "elastic/integrations 0b97ab02"

// Naming is what user.name and its copies mean. The integration has changed it: until April 2025 it was the account, the
// part of the address before @, which makes two people of two domains one; since then it is the whole address.
type Naming uint8

const (
	ByAddress Naming = iota
	ByAccount
)

var namings = [...]string{ByAddress: "address", ByAccount: "account"}

// Namings lists the texts that ParseNaming reads, the default first.
func Namings() []string { return namings[:] }

// ParseNaming reads a Naming.
func ParseNaming(text string) (Naming, error) {
	for n, name := range namings {
		if text == name {
			return Naming(n), nil
		}
	}
	return 0, fmt.Errorf("unknown form of user.name %q (available: %s)", text, strings.Join(namings[:], ", "))
}

func (n Naming) String() string { return namings[n] }

// Named returns a copy of f whose events name users by n.
func (f *Fields) Named(n Naming) *Fields {
	g := *f
	g.naming = n
	return &g
}

// Naming is how the events name users.
func (f *Fields) Naming() Naming { return f.naming }

// NamesUsers reports whether the values of p, or of a path that it is computed from, depend on the naming.
func (p Path) NamesUsers() bool {
	if p.c == nil {
		return false
	}
	for _, r := range p.c.reads {
		if r.convert == account {
			return true
		}
	}
	for _, q := range p.c.from {
		if q.NamesUsers() {
			return true
		}
	}
	return false
}

// user appends what the naming makes of an alternateId.
func (n Naming) user(dst []Value, v Value) []Value {
	if n == ByAccount {
		v = Value{Kind: String, Text: accountName(v.Text)}
	}
	return filled.apply(dst, v)
}
