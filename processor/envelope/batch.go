package envelope

import (
	"strings"

	"oktastream/rules/event/jsontree"
)

// lists are the names under which clouds, functions, exports and search engines put the events of a batch.
var lists = []string{"events", "records", "logs", "items", "entries", "results", "messages", "receivedMessages", "logEvents", "data", "rows", "hits",
	"responses", "value", "values"}

// holders lead, in an element of a batch, to what it holds, where it says more about it than is worth a wrapping of its own.
var holders = [][]string{{"kinesis", "data"}, {"Sns", "Message"}, {"message", "data"}, {"data"}, {"value"}, {"_raw"}, {"logText"}, {"log_text"}}

// openBatch opens a list of events, and one list for each topic, as a Kafka trigger delivers them.
func openBatch(u *Unwrapper, p part) bool {
	if p.kindOf() != jsontree.Object {
		return false
	}
	for _, name := range lists {
		switch n := p.get(name); p.t.Kind(n) {
		case jsontree.Array:
			u.elements(p, Batch, n)
			return true
		case jsontree.Object:
			if name != "records" {
				continue
			}
			topics := p.t.First(n)
			if p.t.Kind(topics) != jsontree.Array {
				continue
			}
			u.tried = append(u.tried, n)
			for c := topics; c != jsontree.None && !u.overfull; c = p.t.Next(n, c) {
				u.elements(p, Batch, c)
			}
			return true
		}
	}
	return false
}

// elements opens what each element of a list holds.
func (u *Unwrapper) elements(p part, kind string, list jsontree.Node) {
	u.tried = append(u.tried, list)
	for c := p.t.First(list); c != jsontree.None && !u.overfull; c = p.t.Next(list, c) {
		u.inPlace(p, c, kind, held(p.t, c))
	}
}

// held is what an element of a batch holds, or itself.
func held(t *jsontree.Tree, n jsontree.Node) jsontree.Node {
	if e := (part{t: t, n: n}); t.Kind(n) != jsontree.Object || isLogEvent(e) {
		return n
	}
	for _, path := range holders {
		if at := (part{t: t, n: n}).get(path...); carries(t, at) {
			return at
		}
	}
	return n
}

// openSearch opens the answer of an Elasticsearch or OpenSearch search.
func openSearch(u *Unwrapper, p part) bool {
	hits := p.get("hits", "hits")
	if p.t.Kind(hits) != jsontree.Array {
		return false
	}
	u.tried = append(u.tried, p.get("hits"))
	for c := p.t.First(hits); c != jsontree.None && !u.overfull; c = p.t.Next(hits, c) {
		if source := p.t.Find(c, "_source"); source != jsontree.None {
			u.inPlace(p, c, Search, source)
		} else {
			u.inside(p, Search, c)
		}
	}
	return true
}

// openCloudWatch opens a subscription of CloudWatch Logs, packed as functions get it or plain as streams do. Its control
// messages hold no event.
func openCloudWatch(u *Unwrapper, p part) bool {
	if data := p.get("awslogs", "data"); carries(p.t, data) {
		u.tried = append(u.tried, p.get("awslogs"))
		return u.one(p, CloudWatch, data)
	}
	events := p.get("logEvents")
	if p.t.Kind(events) != jsontree.Array || p.get("messageType") == jsontree.None {
		return false
	}
	u.tried = append(u.tried, events)
	if strings.EqualFold(p.str("messageType"), "CONTROL_MESSAGE") {
		return true
	}
	for c := p.t.First(events); c != jsontree.None && !u.overfull; c = p.t.Next(events, c) {
		message := p.t.Find(c, "message")
		if message == jsontree.None {
			message = c // is rejected with what it holds
		}
		u.inPlace(p, c, CloudWatch, message)
	}
	return true
}

// openLoki opens what is pushed to Loki, or what a query of it gives: pairs of a time and a line.
func openLoki(u *Unwrapper, p part) bool {
	streams := p.get("streams")
	if streams == jsontree.None {
		streams = p.get("data", "result")
	}
	first := p.t.First(streams)
	if p.t.Kind(streams) != jsontree.Array || first != jsontree.None && p.t.Kind(p.t.Find(first, "values")) != jsontree.Array {
		return false
	}
	u.tried = append(u.tried, streams)
	for s := first; s != jsontree.None; s = p.t.Next(streams, s) {
		values := p.t.Find(s, "values")
		for v := p.t.First(values); v != jsontree.None && !u.overfull; v = p.t.Next(values, v) {
			line := p.t.First(v)
			if line != jsontree.None {
				line = p.t.Next(v, line)
			}
			if line == jsontree.None {
				line = v
			}
			u.inside(p, Loki, line)
		}
	}
	return true
}
