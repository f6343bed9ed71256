package esql

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// writer draws expressions of a type over columns of known types.
type writer struct {
	t       *rapid.T
	columns map[typ][]string
	depth   int
}

func (w *writer) pick(options ...string) string { return rapid.SampledFrom(options).Draw(w.t, "pick") }

func (w *writer) of(t typ) string {
	if w.depth++; w.depth > 4 || rapid.IntRange(0, 2).Draw(w.t, "leaf") == 0 {
		w.depth--
		return w.leaf(t)
	}
	defer func() { w.depth-- }()
	if w.pick("a", "b", "c", "d") == "a" {
		switch w.pick("case", "coalesce") {
		case "case":
			return "CASE(" + w.of(tBool) + ", " + w.of(t) + ", " + w.of(t) + ")"
		default:
			return "COALESCE(" + w.of(t) + ", " + w.of(t) + ")"
		}
	}
	switch t {
	case tBool:
		on := []typ{tLong, tDouble, tKeyword}[rapid.IntRange(0, 2).Draw(w.t, "on")]
		switch w.pick("and", "or", "not", "compare", "in", "like", "null", "starts") {
		case "and":
			return "(" + w.of(tBool) + " AND " + w.of(tBool) + ")"
		case "or":
			return "(" + w.of(tBool) + " OR " + w.of(tBool) + " OR " + w.of(tBool) + ")"
		case "not":
			return "NOT " + w.of(tBool)
		case "compare":
			return "(" + w.of(on) + w.pick(" == ", " != ", " < ", " <= ", " > ", " >= ") + w.of(on) + ")"
		case "in":
			return "(" + w.of(on) + w.pick(" IN (", " NOT IN (") + w.of(on) + ", " + w.of(on) + "))"
		case "like":
			return "(" + w.of(tKeyword) + " LIKE " + w.pick(`"a*"`, `"*b"`, `"?"`, `"a"`, `"*"`) + ")"
		case "null":
			return "(" + w.of(on) + w.pick(" IS NULL", " IS NOT NULL") + ")"
		}
		return "STARTS_WITH(" + w.of(tKeyword) + ", " + w.of(tKeyword) + ")"
	case tLong:
		switch w.pick("op", "length", "count") {
		case "op":
			return "(" + w.of(tLong) + w.pick(" + ", " - ", " * ", " / ", " % ") + w.of(tLong) + ")"
		case "length":
			return "LENGTH(" + w.of(tKeyword) + ")"
		}
		return "MV_COUNT(" + w.of(tKeyword) + ")"
	case tDouble:
		if w.pick("op", "cast") == "cast" {
			return w.of(tLong) + "::DOUBLE"
		}
		return "(" + w.of(tDouble) + w.pick(" + ", " - ", " * ", " / ") + w.of(w.number()) + ")"
	}
	switch w.pick("concat", "upper", "max", "cast") {
	case "concat":
		return "CONCAT(" + w.of(tKeyword) + ", " + w.of(tKeyword) + ")"
	case "upper":
		return "TO_UPPER(" + w.leaf(tKeyword) + ")"
	case "max":
		return "MV_MAX(" + w.of(tKeyword) + ")"
	}
	return "TO_STRING(" + w.of(tLong) + ")"
}

func (w *writer) number() typ {
	if w.pick("long", "double") == "long" {
		return tLong
	}
	return tDouble
}

func (w *writer) leaf(t typ) string {
	if names := w.columns[t]; len(names) > 0 && w.pick("column", "column", "literal") == "column" {
		return w.pick(names...)
	}
	switch t {
	case tBool:
		return w.pick("true", "false", "NULL::BOOLEAN")
	case tLong:
		return w.pick("0", "1", "-2", "3", "NULL::LONG")
	case tDouble:
		return w.pick("0.5", "1.0", "-2.25", "1e3", "NULL::DOUBLE")
	}
	return w.pick(`"a"`, `"b"`, `"ab"`, `"A"`, `""`, "NULL::STRING")
}

// fields of the events, by type and by where the event has them.
var rawFields = map[typ][]string{
	tKeyword: {"okta.actor.id", "okta.outcome.result", "okta.target.type"},
	tLong:    {"source.as.number"},
	tBool:    {"okta.security_context.is_proxy"},
}

func drawDoc(t *rapid.T, actor string) (doc, string) {
	d := doc{}
	raw := map[string]any{"uuid": fmt.Sprint(rapid.Int64Range(0, 1<<40).Draw(t, "id")), "published": "2026-08-14T08:00:00.000Z"}
	text := rapid.SampledFrom([]string{"a", "b", "ab", "A", "-"})
	has := func(f string) bool { return rapid.IntRange(0, 3).Draw(t, f) > 0 }
	if actor != "" {
		d["okta.actor.id"], raw["actor"] = []any{actor}, map[string]any{"id": actor}
	}
	if has("outcome") {
		v := text.Draw(t, "result")
		d["okta.outcome.result"], raw["outcome"] = []any{v}, map[string]any{"result": v}
	}
	if n := rapid.IntRange(0, 3).Draw(t, "targets"); n > 0 {
		var targets []any
		var values []string
		for range n {
			v := text.Draw(t, "type")
			targets, values = append(targets, map[string]any{"type": v}), append(values, v)
		}
		slices.Sort(values)
		for _, v := range slices.Compact(values) {
			d["okta.target.type"] = append(d["okta.target.type"], v)
		}
		raw["target"] = targets
	}
	security := map[string]any{}
	if has("asn") {
		n := int64(rapid.IntRange(-1, 3).Draw(t, "asNumber"))
		d["source.as.number"], security["asNumber"] = []any{n}, n
	}
	if has("proxy") {
		b := rapid.Bool().Draw(t, "isProxy")
		d["okta.security_context.is_proxy"], security["isProxy"] = []any{b}, b
	}
	raw["securityContext"] = security
	text2, err := json.Marshal(raw)
	if err != nil {
		t.Fatal(err)
	}
	return d, string(text2)
}

// drawPipeline draws a query with one or two STATS, grouped by okta.actor.id in the end.
func drawPipeline(t *rapid.T) (text string, names []string) {
	w := &writer{t: t, columns: rawFields}
	text = "FROM logs-okta* | WHERE true | EVAL e = " + w.of(tKeyword) + ", f = " + w.of(tLong)
	w.columns = map[typ][]string{tKeyword: append(slices.Clone(rawFields[tKeyword]), "e"), tLong: append(slices.Clone(rawFields[tLong]), "f"), tBool: rawFields[tBool]}
	by := []string{"okta.actor.id"}
	two := rapid.Bool().Draw(t, "two")
	if two {
		by = append(by, w.pick("e", "okta.target.type", "f", "source.as.number"))
	}
	text, names = w.stats(text, "x", by)
	if two {
		if w.pick("where", "no") == "where" {
			text += " | WHERE " + w.of(tBool)
		}
		text, names = w.stats(text, "y", by[:1])
	}
	if w.pick("eval", "no") == "eval" {
		text += " | EVAL z = " + w.of(tDouble)
		names = append(names, "z")
	}
	bound := func() string {
		return fmt.Sprint(names[0], w.pick(" >= ", " > ", " <= "), rapid.IntRange(0, 4).Draw(t, "bound"))
	}
	switch w.pick("bounds", "any", "none") {
	case "bounds":
		text += " | WHERE " + bound() + w.pick(" AND ", " OR ") + bound()
	case "any":
		text += " | WHERE " + w.of(tBool)
	}
	return text, names
}

// stats appends a STATS whose first aggregate is a number.
func (w *writer) stats(text, prefix string, by []string) (string, []string) {
	columns := map[typ][]string{}
	var parts, names []string
	for i := range rapid.IntRange(1, 4).Draw(w.t, "aggregates") {
		name := fmt.Sprint(prefix, i)
		aggregate := w.pick("count(*)", "count", "count_distinct", "sum", "sumcase")
		if i > 0 {
			aggregate = w.pick("count(*)", "count", "count_distinct", "sum", "sumcase", "min", "max", "avg", "values", "median", "mink")
		}
		result, call := tLong, ""
		switch aggregate {
		case "count(*)":
			call = "COUNT(*)"
		case "count", "count_distinct":
			call = strings.ToUpper(aggregate) + "(" + w.of(tKeyword) + ")"
		case "sumcase":
			call = "SUM(CASE(" + w.of(tBool) + ", " + w.pick("1", "2") + ", 0))"
		case "values":
			result, call = tKeyword, "VALUES("+w.of(tKeyword)+")"
		case "mink":
			result, call = tKeyword, "MIN("+w.of(tKeyword)+")"
		case "avg", "median":
			result, call = tDouble, strings.ToUpper(aggregate)+"("+w.of(tLong)+")"
		default:
			call = strings.ToUpper(aggregate) + "(" + w.of(tLong) + ")"
		}
		if w.pick("all", "all", "some") == "some" {
			call += " WHERE " + w.of(tBool)
		}
		columns[result] = append(columns[result], name)
		parts, names = append(parts, name+" = "+call), append(names, name)
	}
	text += " | STATS " + strings.Join(parts, ", ") + " BY " + strings.Join(by, ", ")
	for _, k := range by {
		for t, list := range w.columns {
			if slices.Contains(list, k) {
				columns[t] = append(columns[t], k)
			}
		}
	}
	w.columns = columns
	return text, names
}
