package event

import (
	"strings"
	"sync"
)

// Classification is what ECS calls an event type: its event.category and its event.type. Rules and alerts take it from here
// alone. Elastic's Okta integration has a row for each type of a catalogue; this one has rules instead, so that a type that
// is newer than any table has sensible values too. See families for what they are.
type Classification struct {
	category string
	kinds    kinds
}

// kinds is a set of values of event.type.
type kinds uint16

const (
	access kinds = 1 << iota
	admin
	change
	connection
	creation
	deletion
	denied
	end
	group
	indicator
	info
	protocol
	start
	user
)

// kindNames are the values, in the order of their bits.
var kindNames = [...]string{"access", "admin", "change", "connection", "creation", "deletion", "denied", "end", "group",
	"indicator", "info", "protocol", "start", "user"}

const (
	authentication = "authentication"
	configuration  = "configuration"
	host           = "host"
	iam            = "iam"
	network        = "network"
	session        = "session"
	threat         = "threat"
)

// expected are the kinds that ECS foresees in a category. What the words of a name say beyond them is left out.
var expected = map[string]kinds{
	authentication: start | end | info,
	configuration:  access | change | creation | deletion | info,
	host:           access | change | end | info | start,
	iam:            admin | change | creation | deletion | group | info | user,
	network:        access | connection | denied | end | info | protocol | start,
	session:        start | end | info,
	threat:         indicator,
}

// Classify returns the classification of an event type. It allocates nothing for a type of the catalogue that is spelt as
// Okta spells it.
func Classify(eventType string) Classification {
	known := classifications()
	if c, ok := known[eventType]; ok {
		return c
	}
	if info, ok := LookupType(eventType); ok {
		return known[info.Name]
	}
	return classify(eventType)
}

var classifications = sync.OnceValue(func() map[string]Classification {
	known := make(map[string]Classification, len(catalogue()))
	for _, info := range catalogue() {
		known[info.Name] = classify(info.Name)
	}
	return known
})

// Category is the event.category, "" for no event type.
func (c Classification) Category() string { return c.category }

// Types lists the values of event.type in alphabetical order. Threats that are no indicators have none.
func (c Classification) Types() []string {
	var names []string
	for i, name := range kindNames {
		if c.kinds&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

func (c Classification) appendCategory(dst []Value) []Value {
	if c.category == "" {
		return dst
	}
	return append(dst, Value{Kind: String, Text: c.category})
}

func (c Classification) appendTypes(dst []Value) []Value {
	for i, name := range kindNames {
		if c.kinds&(1<<i) != 0 {
			dst = append(dst, Value{Kind: String, Text: name})
		}
	}
	return dst
}

// classify decides by the family of the name, and by its words where the family leaves that open.
func classify(name string) Classification {
	if name == "" {
		return Classification{}
	}
	f := familyOf(strings.ToLower(name))
	says := wordsOf(name)
	c := Classification{category: f.category}
	switch {
	case f.category == "" && says.signIn, f.open && says.signIn:
		c.category = authentication
	case f.category == "" && says.people:
		c.category = iam
	case f.category == "":
		c.category = configuration
	}
	if c.kinds = f.only; c.kinds != 0 {
		return c
	}
	c.kinds = says.kinds&expected[c.category] | f.more
	if c.kinds == 0 && c.category != threat {
		c.kinds = info
	}
	return c
}

// familyOf is the family with the longest prefix that name begins with, the zero family if none is.
func familyOf(name string) (found family) {
	for _, f := range families {
		if len(f.prefix) > len(found.prefix) && strings.HasPrefix(name, f.prefix) {
			found = f
		}
	}
	return found
}

// meaning is what the words of a name say.
type meaning struct {
	kinds  kinds
	signIn bool // about signing in and what one signs in with
	people bool // about a user, a group or a role
}

// wordsOf reads a name: its members stand between dots, their words between underscores, hyphens, or a small and a capital
// letter. A user or a group is what the event is about only where it is a member: in user_csv it tells which file.
func wordsOf(name string) (m meaning) {
	for member := range strings.SplitSeq(name, ".") {
		auto := false
		for word := range eachWord(member) {
			w, ok := vocabulary[word]
			if word == "auto" { // what happens by itself changes nothing that somebody has set
				auto = true
			}
			if !ok {
				continue
			}
			if !auto {
				m.kinds |= w.kinds
			}
			m.signIn = m.signIn || w.signIn
			m.people = m.people || w.people || w.kinds&(user|group) != 0 && len(word) == len(member)
		}
	}
	return m
}

// eachWord yields the words of a member in lower case.
func eachWord(member string) func(func(string) bool) {
	return func(yield func(string) bool) {
		from := 0
		for i := 1; i <= len(member); i++ {
			end := i == len(member) || member[i] == '_' || member[i] == '-'
			if !end && (member[i] < 'A' || 'Z' < member[i] || member[i-1] < 'a' || 'z' < member[i-1]) {
				continue
			}
			if !yield(strings.ToLower(member[from:i])) {
				return
			}
			if from = i; end {
				from++
			}
		}
	}
}
