package elastic

import (
	"strconv"
	"strings"

	"oktastream/rules/event"
	"oktastream/rules/lang/kuery"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// filters reads Kibana's filters, all of which must hold. What is not known is unsupported, never left out.
func filters(list *source.Node, r *source.Report) match.And {
	var all match.And
	for _, n := range items(list) {
		if isTrue(n.Get("meta").Get("disabled")) {
			continue
		}
		x := filter(n, r)
		if x == nil {
			if r.OK() {
				r.Unsupported(n.Pos, BadFilter, "write it into the query", "the filter has a form that this version does not know")
			}
			return nil
		}
		all = append(all, x)
	}
	return all
}

// filter reads one filter; nil for one that is not known.
func filter(n *source.Node, r *source.Report) (x match.Expr) {
	meta, query := n.Get("meta"), n.Get("query")
	switch {
	case textOf(meta.Get("type")) == "combined":
		x = combined(meta, r)
	case query != nil:
		x = clause(query, r)
	default:
		x = clause(n, r) // older ones have the clause itself
	}
	if x != nil && isTrue(meta.Get("negate")) {
		return match.Not{X: x}
	}
	return x
}

// combined joins the filters that one of Kibana's is made of. What is disabled among them does not count, as there.
func combined(meta *source.Node, r *source.Report) match.Expr {
	var parts []match.Expr
	for _, n := range items(meta.Get("params")) {
		if isTrue(n.Get("meta").Get("disabled")) {
			continue
		}
		x := filter(n, r)
		if x == nil {
			return nil
		}
		parts = append(parts, x)
	}
	switch relation := textOf(meta.Get("relation")); {
	case len(parts) == 0:
	case strings.EqualFold(relation, "and"):
		return match.And(parts)
	case strings.EqualFold(relation, "or"):
		return match.Or(parts)
	}
	return nil
}

func isTrue(n *source.Node) bool { return n != nil && n.Kind == source.Scalar && n.Text == "true" }

// clause reads one clause of Elasticsearch's query DSL; nil for one that is not known.
func clause(n *source.Node, r *source.Report) match.Expr {
	switch {
	case n == nil || n.Kind != source.Map:
		return nil
	case n.Get("match_phrase") != nil:
		return term(n.Get("match_phrase"), r)
	case n.Get("match") != nil:
		return term(n.Get("match"), r)
	case n.Get("term") != nil:
		return term(n.Get("term"), r)
	case n.Get("terms") != nil:
		return term(n.Get("terms"), r)
	case n.Get("match_all") != nil:
		return match.Const(true)
	case n.Get("exists") != nil:
		if f := n.Get("exists").Get("field"); f != nil {
			return present(f, r)
		}
	case n.Get("wildcard") != nil:
		return wildcard(n.Get("wildcard"), r)
	case n.Get("prefix") != nil:
		return prefix(n.Get("prefix"), r)
	case n.Get("range") != nil:
		return between(n.Get("range"), r)
	case n.Get("bool") != nil:
		return boolean(n.Get("bool"), r)
	}
	for _, p := range n.Pairs {
		if k := p.Key.Text; k != "meta" && k != "$state" && k != "exists" {
			r.Unsupported(p.Key.Pos, BadFilter, "write it into the query", "filters with %s are not supported", k)
			break
		}
	}
	return nil
}

// pred is a predicate on the field that a key names.
func pred(key *source.Node, r *source.Report, op match.Op, literals ...string) match.Expr {
	p, ok := field(key, r)
	if !ok {
		return nil
	}
	return &match.Pred{Path: p, Op: op, Literals: literals, Pos: key.Pos}
}

// present asks for a value that is not empty.
func present(name *source.Node, r *source.Report) match.Expr {
	return pred(name, r, match.Wildcard, "?*")
}

// only is the one member of a map that is no option.
func only(n *source.Node) *source.Pair {
	for i := range n.Pairs {
		if k := n.Pairs[i].Key.Text; k != "boost" && k != "minimum_should_match" {
			return &n.Pairs[i]
		}
	}
	return nil
}

// inner is a value, or the one in {key: value}.
func inner(n *source.Node, keys ...string) *source.Node {
	for _, k := range keys {
		if v := n.Get(k); v != nil {
			return v
		}
	}
	return n
}

func term(n *source.Node, r *source.Report) match.Expr {
	p := only(n)
	if p == nil {
		return nil
	}
	if t := p.Value.Get("type"); t != nil && t.Text != "phrase" || p.Value.Get("fuzziness") != nil {
		return nil
	}
	var values []string
	for _, v := range items(inner(p.Value, "query", "value")) {
		if v.Kind != source.Scalar {
			return nil
		}
		values = append(values, v.Text)
	}
	return equal(p.Key, values, isTrue(p.Value.Get("case_insensitive")), r)
}

// equal compares a field with any of several values; one that holds addresses also with networks, as Elasticsearch does.
func equal(key *source.Node, values []string, fold bool, r *source.Report) match.Expr {
	path, ok := field(key, r)
	if !ok {
		return nil
	}
	texts := &match.Pred{Path: path, Op: match.Equal, Fold: fold, Pos: key.Pos}
	addresses := &match.Pred{Path: path, Op: match.InCIDR, Pos: key.Pos}
	for _, v := range values {
		if nets, ok := kuery.Networks(path, v); ok {
			addresses.Nets = append(addresses.Nets, nets...)
		} else {
			texts.Literals = append(texts.Literals, v)
		}
	}
	switch {
	case len(addresses.Nets) == 0:
		return texts
	case len(texts.Literals) == 0:
		return addresses
	}
	return match.Or{texts, addresses}
}

func wildcard(n *source.Node, r *source.Report) match.Expr {
	p := only(n)
	if p == nil {
		return nil
	}
	v := inner(p.Value, "value", "wildcard")
	if v.Kind != source.Scalar {
		return nil
	}
	x, ok := pred(p.Key, r, match.Wildcard, v.Text).(*match.Pred)
	if !ok {
		return nil
	}
	x.Fold = isTrue(p.Value.Get("case_insensitive"))
	return x
}

func prefix(n *source.Node, r *source.Report) match.Expr {
	p := only(n)
	if p == nil {
		return nil
	}
	v := inner(p.Value, "value")
	if v.Kind != source.Scalar {
		return nil
	}
	x, ok := pred(p.Key, r, match.Prefix, v.Text).(*match.Pred)
	if !ok {
		return nil
	}
	x.Fold = isTrue(p.Value.Get("case_insensitive"))
	return x
}

var bounds = map[string]match.Op{"gt": match.Greater, "gte": match.GreaterEqual, "lt": match.Less, "lte": match.LessEqual}

func between(n *source.Node, r *source.Report) match.Expr {
	p := only(n)
	if p == nil {
		return nil
	}
	path, ok := field(p.Key, r)
	if !ok {
		return nil
	}
	var all match.And
	for _, b := range p.Value.Pairs {
		op, ok := bounds[b.Key.Text]
		if !ok && b.Key.Text != "format" && b.Key.Text != "boost" {
			return nil
		}
		if !ok || b.Value.IsNull() {
			continue
		}
		_, address := event.ParseAddress(b.Value.Text)
		switch {
		case path.HoldsAddresses():
			if !address {
				return nil
			}
		case b.Value.Type != source.Int && b.Value.Type != source.Float && !isTime(b.Value.Text):
			return nil
		}
		all = append(all, &match.Pred{Path: path, Op: op, Literals: []string{b.Value.Text}, Pos: p.Key.Pos})
	}
	return all
}

// boolean reads must, filter, should and must_not. Of the clauses of should one has to hold, or as many as
// minimum_should_match says; beside must or filter none has to, unless it says so: there they only raise the score.
func boolean(n *source.Node, r *source.Report) match.Expr {
	var all match.And
	var should []match.Expr
	optional, least := false, ""
	for _, p := range n.Pairs {
		var members []match.Expr
		if p.Key.Text == "minimum_should_match" {
			least = p.Value.Text
			continue
		}
		for _, m := range items(p.Value) {
			x := clause(m, r)
			if x == nil {
				return nil
			}
			members = append(members, x)
		}
		switch p.Key.Text {
		case "must", "filter":
			all = append(all, members...)
			optional = optional || len(members) > 0
		case "should":
			should = members
		case "must_not":
			for _, x := range members {
				all = append(all, match.Not{X: x})
			}
		default:
			return nil
		}
	}
	switch {
	case len(should) == 0 || least == "" && optional || least == "0":
	case least == "" || least == "1":
		all = append(all, match.Or(should))
	case least == strconv.Itoa(len(should)):
		all = append(all, should...)
	default:
		return nil
	}
	return all
}

// exceptions reads the items of exception lists: an event that meets all entries of one is left out. An item that expires
// leaves out only events of an earlier time. Kibana asks the clock when the rule runs, which finds the same where events
// come at once; the event's own time gives the same answer in every process, and again when old events are read once more.
func exceptions(list *source.Node, r *source.Report) match.Or {
	var any match.Or
	for _, item := range items(list) {
		var all match.And
		for _, e := range items(item.Get("entries")) {
			x := entry(e, nil, r)
			if x == nil {
				if r.OK() {
					r.Unsupported(e.Pos, BadFilter, "write it into the query", "an exception of the type %q cannot be run", textOf(e.Get("type")))
				}
				return nil
			}
			all = append(all, x)
		}
		if len(all) == 0 {
			r.Unsupported(item.Pos, BadFilter, "", "the exception has no entries")
			return nil
		}
		if expires := item.Get("expire_time"); !expires.IsNull() && expires.Text != "" {
			if expires.Kind != source.Scalar || !isTime(expires.Text) {
				r.Error(expires.Pos, BadFilter, "write a time such as 2026-01-02T15:04:05Z", "expire_time %q is not a time", expires.Text)
				return nil
			}
			r.Note(expires.Pos, BadFilter, "", "the exception expires: it leaves out events before %s", expires.Text)
			all = append(all, &match.Pred{Path: event.MustPath("published"), Op: match.Less, Literals: []string{expires.Text}, Pos: expires.Pos})
		}
		any = append(any, all)
	}
	return any
}

func textOf(n *source.Node) string {
	if n == nil {
		return ""
	}
	return n.Text
}

// entry reads one entry of an exception; nil for one that is not known. in is the array whose elements it is about.
func entry(e, in *source.Node, r *source.Report) match.Expr {
	name, value := e.Get("field"), e.Get("value")
	if name == nil || name.Kind != source.Scalar {
		return nil
	}
	if in != nil {
		member := *name
		if len(in.Text) > 5 && in.Text[:5] == "okta." {
			member.Text = event.Camel(member.Text)
		}
		member.Text = match.ElementName + "." + member.Text
		name = &member
	}
	var x match.Expr
	switch textOf(e.Get("type")) {
	case "match", "match_any":
		var values []string
		for _, v := range items(value) {
			values = append(values, v.Text)
		}
		x = equal(name, values, false, r)
	case "wildcard":
		if value == nil {
			return nil
		}
		x = pred(name, r, match.Wildcard, value.Text)
	case "exists":
		x = present(name, r)
	case "nested":
		var body match.And
		for _, sub := range items(e.Get("entries")) {
			inner := entry(sub, name, r)
			if inner == nil {
				return nil
			}
			body = append(body, inner)
		}
		p, ok := field(name, r)
		if !ok || in != nil || len(body) == 0 {
			return nil
		}
		x = &match.Pred{Path: p, Op: match.Element, Body: body, Pos: name.Pos}
	}
	if x != nil && textOf(e.Get("operator")) == "excluded" {
		return match.Not{X: x}
	}
	return x
}
