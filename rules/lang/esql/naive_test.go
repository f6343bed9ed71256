package esql

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"oktastream/rules/event"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// The naive evaluator walks the syntax tree for every row, with Go's own types and no schema. A value is a list of
// string, int64, float64, bool or time.Time; an empty list is null.

type doc map[string][]any

func naive(x *expr, d doc) []any {
	switch x.kind {
	case literal:
		switch {
		case x.lit.null:
			return nil
		case x.lit.typ == tKeyword:
			return []any{x.lit.v.s}
		case x.lit.typ == tLong:
			return []any{x.lit.v.n}
		case x.lit.typ == tDouble:
			return []any{x.lit.v.f}
		case x.lit.typ == tBool:
			return []any{x.lit.v.n == 1}
		}
		panic("a literal of another type")
	case column:
		return d[x.name]
	}
	var args [][]any
	for _, a := range x.args {
		args = append(args, naive(a, d))
	}
	switch x.name {
	case "and", "or":
		unknown := false
		for _, a := range args {
			switch {
			case len(a) != 1:
				unknown = true
			case a[0] == (x.name == "or"):
				return a
			}
		}
		if unknown {
			return nil
		}
		return []any{x.name == "and"}
	case "is null":
		return []any{len(args[0]) == 0}
	case "coalesce":
		for _, a := range args {
			if len(a) > 0 {
				return a
			}
		}
		return nil
	case "case":
		for len(args) > 1 {
			if len(args[0]) == 1 && args[0][0] == true {
				return args[1]
			}
			args = args[2:]
		}
		if len(args) == 1 {
			return args[0]
		}
		return nil
	case "to_upper": // of each value
		var all []any
		for _, v := range args[0] {
			all = append(all, strings.ToUpper(v.(string)))
		}
		return all
	case "mv_count":
		if len(args[0]) == 0 {
			return nil
		}
		return []any{int64(len(args[0]))}
	case "mv_max":
		var best []any
		for _, v := range args[0] {
			if best == nil || naiveLess(best[0], v) {
				best = []any{v}
			}
		}
		return best
	case "in":
		if len(args[0]) != 1 {
			return nil
		}
		found, unknown := false, false
		for _, a := range args[1:] {
			unknown = unknown || len(a) != 1
			found = found || len(a) == 1 && naiveEqual(a[0], args[0][0])
		}
		if unknown && !found {
			return nil
		}
		return []any{found}
	}
	for _, a := range args {
		if len(a) != 1 {
			return nil
		}
	}
	a := args[0][0]
	switch x.name {
	case "not":
		return []any{!a.(bool)}
	case "neg":
		if n, ok := a.(int64); ok {
			return []any{-n}
		}
		return []any{-a.(float64)}
	case "==":
		return []any{naiveEqual(a, args[1][0])}
	case "!=":
		return []any{!naiveEqual(a, args[1][0])}
	case "<":
		return []any{naiveLess(a, args[1][0])}
	case ">":
		return []any{naiveLess(args[1][0], a)}
	case "<=":
		return []any{!naiveLess(args[1][0], a)}
	case ">=":
		return []any{!naiveLess(a, args[1][0])}
	case "+", "-", "*", "/", "%":
		return naiveArithmetic(x.name, a, args[1][0])
	case "like":
		re := regexp.QuoteMeta(args[1][0].(string))
		re = strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(re)
		return []any{regexp.MustCompile("^" + re + "$").MatchString(a.(string))}
	case "length":
		return []any{int64(len([]rune(a.(string))))}
	case "starts_with":
		return []any{strings.HasPrefix(a.(string), args[1][0].(string))}
	case "concat":
		s := ""
		for _, a := range args {
			s += a[0].(string)
		}
		return []any{s}
	case "to_double":
		return []any{real(a)}
	case "to_string":
		return []any{fmt.Sprint(a)}
	}
	panic("a call of " + x.name)
}

func real(v any) float64 {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	panic(fmt.Sprintf("%T is no number", v))
}

func naiveEqual(a, b any) bool { return !naiveLess(a, b) && !naiveLess(b, a) }

func naiveLess(a, b any) bool {
	switch a := a.(type) {
	case string:
		return a < b.(string)
	case bool:
		return !a && b.(bool)
	case int64:
		if b, ok := b.(int64); ok {
			return a < b
		}
	case time.Time:
		return a.Before(b.(time.Time))
	}
	return real(a) < real(b)
}

func naiveArithmetic(op string, a, b any) []any {
	m, ok := a.(int64)
	n, ok2 := b.(int64)
	if ok && ok2 {
		switch {
		case op == "+":
			return []any{m + n}
		case op == "-":
			return []any{m - n}
		case op == "*":
			return []any{m * n}
		case n == 0:
			return nil
		case op == "/":
			return []any{m / n}
		}
		return []any{m % n}
	}
	f, g := real(a), real(b)
	switch op {
	case "+":
		f += g
	case "-":
		f -= g
	case "*":
		f *= g
	case "/":
		f /= g
	case "%":
		f = math.Mod(f, g)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return []any{f}
}

// naiveQuery runs commands over documents, one after the other.
func naiveQuery(commands []command, docs []doc) []doc {
	for _, c := range commands {
		switch c.word {
		case "WHERE":
			docs = slices.DeleteFunc(slices.Clone(docs), func(d doc) bool {
				v := naive(c.where, d)
				return len(v) != 1 || v[0] != true
			})
		case "EVAL":
			var next []doc
			for _, d := range docs {
				n := doc{}
				for k, v := range d {
					n[k] = v
				}
				for _, f := range c.fields {
					n[f.name] = naive(f.x, n)
				}
				next = append(next, n)
			}
			docs = next
		case "STATS":
			docs = naiveStats(c, docs)
		}
	}
	return docs
}

func naiveStats(c command, docs []doc) []doc {
	members := map[string][]doc{}
	keys := map[string][][]any{}
	for _, d := range docs {
		combinations := [][][]any{{}}
		for _, k := range c.by {
			vs := naive(k.x, d)
			var each [][]any
			for _, v := range vs {
				each = append(each, []any{v})
			}
			if len(vs) == 0 {
				each = [][]any{nil}
			}
			var next [][][]any
			for _, c := range combinations {
				for _, e := range each {
					next = append(next, append(slices.Clone(c), e))
				}
			}
			combinations = next
		}
		for _, k := range combinations {
			name := fmt.Sprintf("%#v", k)
			keys[name] = k
			members[name] = append(members[name], d)
		}
	}
	var out []doc
	for name, rows := range members {
		d := doc{}
		for i, k := range c.by {
			d[k.name] = keys[name][i]
		}
		for _, f := range c.fields {
			var in []doc
			for _, r := range rows {
				if f.filter != nil {
					if v := naive(f.filter, r); len(v) != 1 || v[0] != true {
						continue
					}
				}
				in = append(in, r)
			}
			d[f.name] = naiveAggregate(f.x, in)
		}
		out = append(out, d)
	}
	return out
}

func naiveAggregate(x *expr, rows []doc) []any {
	if x.star {
		return []any{int64(len(rows))}
	}
	var all []any
	for _, r := range rows {
		all = append(all, naive(x.args[0], r)...)
	}
	sort.SliceStable(all, func(i, j int) bool { return naiveLess(all[i], all[j]) })
	switch x.name {
	case "count":
		return []any{int64(len(all))}
	case "count_distinct", "values":
		different := slices.CompactFunc(all, naiveEqual)
		if x.name == "values" {
			return different
		}
		return []any{int64(len(different))}
	}
	if len(all) == 0 {
		return nil
	}
	switch n := len(all); x.name {
	case "min":
		return all[:1]
	case "max":
		return all[n-1:]
	case "sum":
		sum := all[0]
		for _, v := range all[1:] {
			sum = naiveArithmetic("+", sum, v)[0]
		}
		return []any{sum}
	case "avg":
		sum := 0.0
		for _, v := range all {
			sum += real(v)
		}
		return []any{sum / float64(n)}
	case "median":
		return []any{(real(all[(n-1)/2]) + real(all[n/2])) / 2}
	}
	panic("an aggregate " + x.name)
}

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
	raw := map[string]any{"uuid": fmt.Sprint(rapid.IntRange(0, 1<<40).Draw(t, "id")), "published": "2026-08-14T08:00:00.000Z"}
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

func query2(text string) *source.Node {
	return &source.Node{Kind: source.Scalar, Type: source.String, Text: text}
}

func decodeEvent(t interface{ Fatal(...any) }, raw string) *event.Event {
	ev, err := event.NewDecoder(event.NewFields()).Decode([]byte(raw), event.Meta{})
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

// Conditions on events: predicates and computed paths say what the naive evaluator says.
func TestConditions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &writer{t: t, columns: rawFields}
		text := "FROM logs-okta* | EVAL e = " + w.of(tKeyword) + " | WHERE " + w.of(tBool) + " | WHERE e IS NOT NULL OR " + w.of(tBool)
		r := &source.Report{}
		where, _ := Compile(query2(text), Options{}, r)
		if where == nil {
			t.Fatalf("%v\n%s", r.Diagnostics, text)
		}
		q := parse(text)
		for range 5 {
			d, raw := drawDoc(t, rapid.SampledFrom([]string{"", "a", "b", "ab", "-"}).Draw(t, "actor"))
			want := len(naiveQuery(q.commands, []doc{d})) == 1
			if got := match.Eval(where, decodeEvent(t, raw)); got != want {
				t.Fatalf("%s\n%s\ngot %v as %s", text, raw, got, match.String(where))
			}
		}
	})
}

// Pipelines: rows come and go, and at every moment the program yields what the naive evaluator makes of those that are
// there.
func TestPipelines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, names := drawPipeline(t)
		r := &source.Report{}
		_, st := Compile(query2(text), Options{From: time.Minute, Interval: time.Minute}, r)
		if st == nil {
			t.Fatalf("%v\n%s", r.Diagnostics, text)
		}
		p := st.Window.Program.(*program)
		q := parse(text)
		type row struct {
			d    doc
			text string
		}
		group := rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "group")
		tally := p.Begin([]string{group})
		var there []row
		held := false
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			if n := len(there); n > 0 && rapid.IntRange(0, 3).Draw(t, "remove") == 0 {
				i := rapid.IntRange(0, n-1).Draw(t, "which")
				tally.Remove(there[i].text)
				there, held = slices.Delete(there, i, i+1), false
			} else {
				d, raw := drawDoc(t, group)
				rw := row{d, decodeEvent(t, raw).Lookup(st.Inputs[0].Columns[0])[0].Text}
				tally.Add(rw.text)
				there = append(there, rw)
			}
			var docs []doc
			var texts []string
			for _, rw := range there {
				docs, texts = append(docs, rw.d), append(texts, rw.text)
			}
			want := naiveQuery(q.commands, docs)
			outputs := p.Outputs([]string{group}, texts)
			if len(there) == 0 {
				continue
			}
			if got := tally.Holds(); got != (len(want) == 1) || got != (outputs != nil) {
				t.Fatalf("%s\n%v of %v rows: got %v, %v, want %v", text, group, len(there), got, outputs, want)
			}
			if held && len(want) == 0 && st.Window.Every == 0 {
				t.Fatalf("%s\nmore rows have undone what was found to be monotone", text)
			}
			held = len(want) == 1
			if held {
				got := doc{}
				for _, o := range outputs {
					got[o.Name] = o.Values
				}
				for _, n := range names {
					if diff := cmp.Diff(want[0][n], got[n], cmp.Comparer(near)); diff != "" && len(want[0][n])+len(got[n]) > 0 {
						t.Fatalf("%s\n%s: %s", text, n, diff)
					}
				}
			}
		}
	})
}

// near forgives the naive evaluator its rounding.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a)) }

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
