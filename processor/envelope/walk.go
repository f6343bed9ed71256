package envelope

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unsafe"

	"oktastream/processor/document"
	"oktastream/rules/event/jsontree"
)

// part is a value on the way in, with the wrappings taken off so far.
type part struct {
	t     *jsontree.Tree
	n     jsontree.Node
	chain string
	kind  string // the outermost wrapping
	depth int
	level int      // members passed through since the last wrapping that has a name
	path  []string // what is left of the configured path
}

// place is a value that another one is in.
type place struct {
	t *jsontree.Tree
	n jsontree.Node
}

func (p part) kindOf() jsontree.Kind { return p.t.Kind(p.n) }

func (p part) json() []byte { return p.t.Bytes(p.n) }

// get is the member that names lead to, or None.
func (p part) get(names ...string) jsontree.Node {
	n := p.n
	for _, name := range names {
		n = p.t.Find(n, name)
	}
	return n
}

func (p part) is(kind jsontree.Kind, names ...string) bool { return p.t.Kind(p.get(names...)) == kind }

// str is the string that names lead to, or "".
func (p part) str(names ...string) string {
	if n := p.get(names...); p.t.Kind(n) == jsontree.String {
		return p.t.Text(n)
	}
	return ""
}

// inside is what a reason says of where it is.
func (p part) inside(reason string) string {
	if p.chain == "" {
		return reason
	}
	return "inside " + p.chain + ": " + reason
}

// text opens a text: the record, or a string inside it. Nearly always it is one JSON value; otherwise it may be a sequence
// of them, or packed.
func (u *Unwrapper) text(p part, data []byte) {
	p.t, p.n = &u.trees[p.depth], jsontree.Root
	if err := parse(p.t, data); err != nil {
		u.documents(p, data, err)
		return
	}
	u.recognise(p)
}

// parse reads a text, and nests what has dotted names.
func parse(t *jsontree.Tree, data []byte) error {
	if err := t.Parse(data); err != nil || !t.Dotted() {
		return err
	}
	if err := t.Parse(t.Nested()); err != nil {
		return fmt.Errorf("with its dotted names nested: %w", err)
	}
	return nil
}

// documents opens what is not one JSON value, for the reason wrong. Where nothing in it is an event, it is rejected as a
// whole: noise is one thing that is wrong, not one for every line.
func (u *Unwrapper) documents(p part, data []byte, wrong error) {
	r := u.readers[p.depth]
	if r == nil {
		r = &document.Reader{}
		u.readers[p.depth] = r
	}
	r.Reset(data, max(1, MaxUnpacked-u.unpacked))
	before := u.mark()
	n, err := 0, error(nil)
	for ; !u.overfull; n++ {
		var d document.Document
		if d, err = r.Next(); err != nil {
			break
		}
		d.Data = bytes.Clone(d.Data)
		u.document(p, d)
	}
	u.unpacked += r.Unpacked()
	packed := err != nil && !errors.Is(err, io.EOF)
	if len(u.result.Events) > before.events {
		if packed {
			u.reject(Packed, p.inside(err.Error()), data)
		}
		return
	}
	empty := len(u.result.Empty) > before.empty
	switch rejected := u.undo(before); {
	case packed:
		u.reject(Packed, p.inside(err.Error()), data)
	case len(rejected) == 0 && empty: // pages without elements
		u.result.Empty = append(u.result.Empty, outermost(p, Page))
	case len(rejected) == 0:
		u.reject(Empty, p.inside("nothing is packed in it"), data)
	case rejected[0].Code == NotJSON && r.Unpacked() == 0:
		u.reject(NotJSON, p.inside(wrong.Error()), data)
	case n == 1:
		u.reject(rejected[0].Code, rejected[0].Reason, data)
	default:
		u.reject(rejected[0].Code, fmt.Sprintf("none of %d documents holds an event; the first: %s", n, rejected[0].Reason), data)
	}
}

// document opens one document of several.
func (u *Unwrapper) document(p part, d document.Document) {
	at := ""
	if !u.file { // files say by themselves where a document begins
		at = fmt.Sprintf("line %d: ", d.Line)
	}
	if d.Err != nil {
		if len(d.Data) == 0 {
			d.Data = u.value
		}
		u.reject(NotJSON, p.inside(at+d.Err.Error()), d.Data)
		return
	}
	switch {
	case d.Element:
		p = u.into(p, Page)
	case d.Row:
		p = u.into(p, Table)
	}
	if p.depth > MaxNesting {
		u.reject(TooDeep, "more wrappings than this: "+p.chain, d.Data)
		return
	}
	if p.kind != "" && u.pin != "" && p.kind != u.pin {
		u.reject(NotExpected, "expected "+u.pin+", found "+p.kind, d.Data)
		return
	}
	p.t, p.n = &u.trees[p.depth], jsontree.Root
	if err := parse(p.t, d.Data); err != nil {
		u.reject(NotJSON, p.inside(at+err.Error()), d.Data)
		return
	}
	u.recognise(p)
}

// into is p with one more wrapping.
func (u *Unwrapper) into(p part, kind string) part {
	if p.kind == "" {
		p.kind = kind
	}
	p.chain, p.depth, p.level = u.join(p.chain, kind), p.depth+1, 0
	return p
}

// inside goes on with a value inside an envelope of this kind: with the text of a string, else with the value itself.
func (u *Unwrapper) inside(p part, kind string, n jsontree.Node) { u.inPlace(p, p.n, kind, n) }

// inPlace is inside for a value that the part of p at holds.
func (u *Unwrapper) inPlace(p part, at jsontree.Node, kind string, n jsontree.Node) {
	if u.overfull {
		return
	}
	if p.depth == MaxNesting {
		u.reject(TooDeep, "more wrappings than this: "+p.chain+" > "+kind, p.json())
		return
	}
	u.around = append(u.around, place{p.t, p.n}, place{p.t, at})
	p = u.into(p, kind)
	p.n = n
	if p.kindOf() == jsontree.String {
		u.text(p, textOf(p.t.Text(n)))
	} else {
		u.recognise(p)
	}
	u.around = u.around[:len(u.around)-2]
}

// textOf is what a string holds: its own text, or what it encodes in base64.
func textOf(s string) []byte {
	if b, ok := fromBase64(s); ok {
		return b
	}
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// each goes on with the elements of an array.
func (u *Unwrapper) each(p part, kind string, list jsontree.Node) {
	u.tried = append(u.tried, list)
	for c := p.t.First(list); c != jsontree.None && !u.overfull; c = p.t.Next(list, c) {
		u.inside(p, kind, c)
	}
}

// one goes on with a member, unless it has been opened before.
func (u *Unwrapper) one(p part, kind string, n jsontree.Node) bool {
	if u.hasTried(n) {
		return false
	}
	u.tried = append(u.tried, n)
	u.inside(p, kind, n)
	return true
}

func (u *Unwrapper) hasTried(n jsontree.Node) bool { return slices.Contains(u.tried[u.base:], n) }

// mark is how much of the result there was, so that an attempt that leads nowhere can be undone.
type mark struct {
	events, rejected, empty int
	next                    int32
	overfull                bool
}

func (u *Unwrapper) mark() mark {
	return mark{len(u.result.Events), len(u.result.Rejected), len(u.result.Empty), u.next, u.overfull}
}

// undo takes back what came after m, and returns what was rejected.
func (u *Unwrapper) undo(m mark) []Rejection {
	rejected := slices.Clone(u.result.Rejected[m.rejected:])
	u.result.Events = u.result.Events[:m.events]
	u.result.Rejected = u.result.Rejected[:m.rejected]
	u.result.Empty = u.result.Empty[:m.empty]
	u.next, u.overfull = m.next, m.overfull
	return rejected
}

// shapes are the tests in their order. The first that recognises a value takes it apart and reports true; where that gives
// no event, the others have their turn. A wrapping comes before what it may contain: a hook has an eventType of its own, an
// ECS document an event object.
var shapes []shape

type shape struct {
	kind  string
	batch bool // may hold nothing
	open  func(*Unwrapper, part) bool
}

func init() { // the tests lead back to the list
	shapes = []shape{
		{Page, true, openPage},
		{Hook, true, openHook},
		{Raw, false, openComplete},
		{EventBridge, false, openEventBridge},
		{Connect, false, openConnect},
		{Hit, false, openHit},
		{ECS, false, openECS},
		{Filebeat, false, openFilebeat},
		{Splunk, false, openSplunk},
		{OTLP, true, openOTLP},
		{Airbyte, false, openAirbyte},
		{ElasticAgent, false, openAgent},
		{Text, false, openText},
		{Raw, false, openRaw},
		{Row, false, openRow},
		{Search, true, openSearch},
		{CloudWatch, true, openCloudWatch},
		{Loki, true, openLoki},
		{Batch, true, openBatch},
		{Nested, false, openNested},
	}
}

// recognise finds the shape of one value and takes it apart.
func (u *Unwrapper) recognise(p part) {
	if len(p.path) > 0 {
		u.follow(p)
		return
	}
	if !u.look() {
		return
	}
	base := u.base
	u.base = len(u.tried)
	u.attempt(p)
	u.tried, u.base = u.tried[:u.base], base
}

func (u *Unwrapper) attempt(p part) {
	pinned := p.depth == 0 && u.pin != ""
	before := u.mark()
	var first *shape // that recognised the value
	var rejected []Rejection
	for i := range shapes {
		s := &shapes[i]
		if pinned && s.kind != u.pin || !s.open(u, p) {
			continue
		}
		only := s.kind == Page || s.kind == Hook // it is nothing else besides
		if len(u.result.Events) > before.events || only && len(u.result.Rejected) > before.rejected {
			return
		}
		if again := u.undo(before); first == nil {
			first, rejected = s, again
		}
		if only {
			break
		}
	}
	switch {
	case u.wide():
		u.stop(TooWide, fmt.Sprintf("no event among the first %d values of the record; the others were not looked at", MaxParts))
	case len(rejected) == 1:
		u.reject(rejected[0].Code, rejected[0].Reason, rejected[0].JSON)
	case len(rejected) > 1:
		u.reject(rejected[0].Code, p.inside(fmt.Sprintf("%s holds no event; the first of %d reasons: %s", first.kind, len(rejected), rejected[0].Reason)), p.json())
	case first != nil && first.batch:
		u.result.Empty = append(u.result.Empty, outermost(p, first.kind))
	case first != nil:
		u.reject(NoEvents, p.inside("an empty list under "+first.kind+", and no event beside it"), p.json())
	case pinned:
		u.reject(NotExpected, "expected "+u.pin, p.json())
	default:
		u.reject(NotOkta, whyNot(p), p.json())
	}
}

// follow goes where the configured path leads: through objects, texts, and all elements of arrays.
func (u *Unwrapper) follow(p part) {
	switch p.kindOf() {
	case jsontree.Array:
		for c := p.t.First(p.n); c != jsontree.None && !u.overfull; c = p.t.Next(p.n, c) {
			q := p
			q.n = c
			u.follow(q)
		}
		return
	case jsontree.String:
		u.inside(p, Text, p.n)
		return
	}
	n := p.get(p.path[0])
	if n == jsontree.None {
		u.reject(NotExpected, fmt.Sprintf("nothing at the configured path %s: there is no member %q", strings.Join(u.path, "."), p.path[0]), p.json())
		return
	}
	if p.path = p.path[1:]; len(p.path) == 0 {
		u.inside(p, Path, n)
		return
	}
	p.n = n
	u.follow(p)
}

func outermost(p part, kind string) string {
	if p.kind != "" {
		return p.kind
	}
	return kind
}
