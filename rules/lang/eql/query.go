package eql

import (
	"math"
	"strconv"
	"strings"
	"time"
)

const (
	maxTerms = 64  // steps of a sequence
	maxRuns  = 100 // as in Elastic
	maxKeys  = 8   // members of a join key
)

// parse reads a whole query. It panics with a *problem.
func parse(s string) query {
	p := &parser{lexer: lexer{query: s}}
	p.advance()
	var q query
	switch {
	case p.token.kind == endOfQuery:
		fail(p.token.at, CodeSyntax, `write for example any where okta.event_type == "user.session.start"`, "the query is empty")
	case p.is("sequence"):
		q.sequence = p.sequence()
	case p.is("sample"):
		refuse(p.token.at, "write a sequence, or a correlation of type temporal", "a sample has no order of time, and its events no bound in time: it cannot be run")
	case p.is("join"):
		refuse(p.token.at, "write a sequence, or a correlation of type temporal", "join cannot be run: Elastic does not run it either")
	default:
		f := p.filter()
		q.event = &f
	}
	switch {
	case p.is("|"):
		at := p.advance().at
		refuse(at, "leave it out: alerts of one episode are one alert", "the pipe %s cannot be run: a stream has no end to cut at", p.token)
	case p.token.kind != endOfQuery:
		fail(p.token.at, CodeSyntax, "", "the end of the query was expected, not %s", p.token)
	}
	return q
}

// filter reads category where condition.
func (p *parser) filter() filter {
	f := filter{at: p.token.at}
	switch t := p.token; {
	case p.is("any"):
	case t.kind == text, t.kind == escaped, t.kind == word && !reserved[t.text]:
		if f.category = t.text; f.category == "" {
			fail(t.at, CodeSyntax, "write any for events of all categories", "the category is empty")
		}
	default:
		fail(t.at, CodeSyntax, `write any where …`, "a category of events was expected, not %s", t)
	}
	p.advance()
	p.expect("where", "write category where condition")
	f.where = p.expression()
	return f
}

func (p *parser) sequence() *sequence {
	s := &sequence{at: p.advance().at}
	for p.is("by") || p.is("with") {
		switch t := p.token; {
		case p.is("by") && s.by == nil:
			s.by = p.keys()
		case p.is("with") && s.span == 0:
			p.advance()
			p.expect("maxspan", "write with maxspan=10m")
			p.expect("=", "write with maxspan=10m")
			s.span = p.duration()
		default:
			fail(t.at, CodeSyntax, "", "%q stands twice", t.text)
		}
	}
	for p.is("[") || p.is("![") {
		if len(s.terms) == maxTerms {
			tooLarge(p.token.at, "", "the sequence has more than %d steps", maxTerms)
		}
		s.terms = append(s.terms, p.term())
	}
	if len(s.terms) == 0 {
		fail(p.token.at, CodeSyntax, "write [ any where … ]", "a step was expected, not %s", p.token)
	}
	if p.accept("until") {
		if !p.is("[") {
			fail(p.token.at, CodeSyntax, "write until [ any where … ]", "an event was expected after until, not %s", p.token)
		}
		t := p.term()
		s.until = &t
	}
	return s
}

func (p *parser) keys() []expr {
	p.advance()
	var keys []expr
	for {
		keys = append(keys, p.expression())
		if len(keys) > maxKeys {
			tooLarge(p.token.at, "", "a key has more than %d members", maxKeys)
		}
		if !p.accept(",") {
			return keys
		}
	}
}

func (p *parser) term() term {
	open := p.advance()
	t := term{at: open.at, runs: 1, missing: open.text == "!["}
	t.filter = p.filter()
	p.expect("]", "close the step")
	for p.is("by") || p.is("with") || p.is("fork") {
		switch at := p.token.at; {
		case p.is("fork"):
			refuse(at, "", "fork cannot be run: Elastic does not run it either")
		case p.is("by") && t.by == nil:
			t.by = p.keys()
		case p.is("with"):
			p.advance()
			p.expect("runs", "write with runs=3")
			p.expect("=", "write with runs=3")
			t.runs = p.runs()
		default:
			fail(at, CodeSyntax, "", "%q stands twice", p.token.text)
		}
	}
	return t
}

func (p *parser) runs() int {
	n, err := strconv.Atoi(p.token.text)
	if p.token.kind != number || err != nil || n < 1 || n > maxRuns {
		fail(p.token.at, CodeLiteral, "", "runs is a whole number from 1 to %d, not %s", maxRuns, p.token)
	}
	p.advance()
	return n
}

var units = map[string]time.Duration{"d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second,
	"ms": time.Millisecond, "micros": time.Microsecond, "nanos": time.Nanosecond}

// maxSpan keeps spans far from where they overflow; no rule looks back for years.
const maxSpan = 366 * 24 * time.Hour

func (p *parser) duration() time.Duration {
	n := p.token
	if n.kind != number {
		fail(n.at, CodeLiteral, "write for example 10m", "a span of time was expected, not %s", n)
	}
	p.advance()
	unit := p.token
	f, err := strconv.ParseFloat(n.text, 64)
	u, ok := units[strings.ToLower(unit.text)]
	if unit.kind != word || unit.at != n.end || !ok || err != nil {
		fail(n.at, CodeLiteral, "write a number and one of d, h, m, s, ms", "%s%s is not a span of time", n.text, unit.text)
	}
	d := f * float64(u)
	if d < 1 || d != math.Trunc(d) || d > float64(maxSpan) {
		fail(n.at, CodeLiteral, "", "a span is at least a nanosecond, and at most %d days", int(maxSpan/units["d"]))
	}
	p.advance()
	return time.Duration(d)
}
