package esql

import (
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
		tally := p.Begin([]string{group}, false)
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
			all := p.Begin([]string{group}, true)
			for _, text := range texts {
				all.Add(text)
			}
			outputs := all.Outputs()
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
