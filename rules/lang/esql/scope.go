package esql

import (
	"regexp"
	"slices"
	"strings"

	"oktastream/rules/event"
)

// scope is the columns that a command sees. Before the first STATS that is every field of the event, unless KEEP or
// DROP have hidden it; afterwards, what STATS has made.
type scope struct {
	columns map[string]*term
	order   []string // of columns
	open    bool     // fields of the event can be seen
	// aggregates says that the query has a STATS, so that it is about more than one event.
	aggregates bool
	// guessed is set once a field is read whose type we do not know.
	guessed *bool
	hidden  []func(string) bool
	// aggregate, inside STATS, is what a call of an aggregate function becomes; nil elsewhere.
	aggregate func(x *expr) *term
}

func eventScope(metadata []name) *scope {
	s := &scope{columns: map[string]*term{}, open: true}
	for _, m := range metadata {
		switch m.text {
		case "_id", "_version", "_index", "_source", "_ignored", "_index_mode", "_tsid", "_score", "_size", "_tier", "_routing":
		default:
			unsupported(m.at, "", "the metadata %s is not known here", m.text)
		}
	}
	return s
}

func (s *scope) set(name string, t *term) {
	if i := slices.Index(s.order, name); i >= 0 { // a column that is redefined moves to the end
		s.order = slices.Delete(s.order, i, i+1)
	}
	s.order = append(s.order, name)
	s.columns[name] = t
}

func (s *scope) sees(field string) bool {
	return s.open && !slices.ContainsFunc(s.hidden, func(hides func(string) bool) bool { return hides(field) })
}

// column finds a column by name.
func (s *scope) column(name string, at int) *term {
	if t := s.columns[name]; t != nil {
		moved := *t
		moved.at = at
		return &moved
	}
	if !s.sees(name) {
		hint := ""
		if len(s.order) > 0 && !s.open {
			hint = "there are " + strings.Join(s.order[:min(len(s.order), 10)], ", ")
		}
		fail(at, CodeColumn, hint, "there is no column %s here", name)
	}
	if _, known := types[name]; !known && s.guessed != nil {
		_, known = slices.BinarySearch(event.Names(), name)
		*s.guessed = *s.guessed || !known
	}
	return field(name, at)
}

// keep hides all columns but those that names list.
func (s *scope) keep(names []name) {
	matches := matcher(names)
	kept := []string{}
	for _, n := range names { // in the order of KEEP
		one := matcher([]name{n})
		for _, c := range s.order {
			if one(c) && !slices.Contains(kept, c) {
				kept = append(kept, c)
			}
		}
		if !n.wild && s.columns[n.text] == nil && !s.sees(n.text) {
			fail(n.at, CodeColumn, "", "there is no column %s here", n.text)
		}
	}
	for _, c := range s.order {
		if !slices.Contains(kept, c) {
			delete(s.columns, c)
		}
	}
	s.order = kept
	s.hidden = append(s.hidden, func(field string) bool { return !matches(field) })
}

func (s *scope) drop(names []name) {
	matches := matcher(names)
	for _, n := range names {
		if !n.wild && s.columns[n.text] == nil && !s.sees(n.text) {
			fail(n.at, CodeColumn, "", "there is no column %s here", n.text)
		}
	}
	s.order = slices.DeleteFunc(s.order, func(c string) bool {
		if !matches(c) {
			return false
		}
		delete(s.columns, c)
		return true
	})
	s.hidden = append(s.hidden, matches)
}

func (s *scope) rename(pairs [][2]name) {
	for _, p := range pairs {
		t := s.column(p[0].text, p[0].at)
		s.drop([]name{{text: p[0].text, at: p[0].at}})
		s.set(p[1].text, t)
	}
}

// matcher tells whether a column is among names, some of which hold *.
func matcher(names []name) func(string) bool {
	var res []*regexp.Regexp
	var plain []string
	for _, n := range names {
		if !n.wild {
			plain = append(plain, n.text)
			continue
		}
		parts := strings.Split(n.text, "*")
		for i, p := range parts {
			parts[i] = regexp.QuoteMeta(p)
		}
		res = append(res, regexp.MustCompile(`(?s)\A`+strings.Join(parts, ".*")+`\z`))
	}
	return func(c string) bool {
		return slices.Contains(plain, c) || slices.ContainsFunc(res, func(re *regexp.Regexp) bool { return re.MatchString(c) })
	}
}

// types of the fields that Elastic's Okta integration maps to anything but keyword.
var types = map[string]typ{
	"@timestamp": tTime, "event.created": tTime, "event.ingested": tTime, "event.start": tTime, "event.end": tTime, "okta.published": tTime,
	"client.ip": tIP, "source.ip": tIP, "destination.ip": tIP, "server.ip": tIP, "host.ip": tIP, "related.ip": tIP,
	"okta.client.ip": tIP, "okta.request.ip_chain.ip": tIP,
	"okta.security_context.is_proxy": tBool, "okta.debug_context.debug_data.threat_suspected": tKeyword,
	"source.as.number": tLong, "client.as.number": tLong, "destination.as.number": tLong, "okta.security_context.as.number": tLong,
	"okta.authentication_context.authentication_step": tLong,
	"kibana.alert.risk_score":                         tDouble, "event.risk_score": tDouble, "event.severity": tLong, "event.duration": tLong,
}

// severals are the fields of an Okta event that may have several values. The others have one at most.
var severals = []string{"okta.target", "target", "related.", "tags", "event.category", "event.type", "user.target.", "okta.request.ip_chain",
	"request.ipChain", "okta.debug_context.debug_data.risk_reasons", "okta.debug_context.debug_data.risk_behaviors", "okta.debug_context.debug_data.flattened", "["}

// field is the term of a field of the event.
func field(name string, at int) *term {
	t := &term{typ: tKeyword, col: -1, at: at, size: 1}
	if name == "@timestamp" {
		t.typ, t.clock = tTime, true
		return t
	}
	if known, ok := types[name]; ok {
		t.typ = known
	}
	for _, s := range severals {
		t.multi = t.multi || strings.HasPrefix(name, s)
	}
	if name == "_id" {
		name = "uuid"
	}
	p, err := event.ParsePath(name)
	if err != nil {
		fail(at, CodeColumn, "", "%s is no field: %v", name, err)
	}
	t.path = p
	return t
}
