package explain

import (
	"fmt"
	"io"
	"strings"
	"time"

	"oktastream/rules"
	"oktastream/rules/printable"
)

// printer writes a report as text; color is for terminals.
type printer struct {
	b     strings.Builder
	color bool
}

const (
	green = "\x1b[32m"
	red   = "\x1b[31m"
	bold  = "\x1b[1m"
	plain = "\x1b[0m"
)

// maxShownRows bounds the rows of a window in text: the first few and the last ones.
const maxShownRows = 24

func (p *printer) paint(code, s string) printable.Safe {
	s = printable.Line(s)
	if p.color {
		s = code + s + plain
	}
	return printable.Safe(s)
}

func (p *printer) mark(held bool) printable.Safe {
	if held {
		return p.paint(green, "✓")
	}
	return p.paint(red, "✗")
}

func (p *printer) line(indent int, format string, args ...any) {
	p.b.WriteString(strings.Repeat("  ", indent))
	printable.Fprintf(&p.b, format, args...)
	p.b.WriteByte('\n')
}

// WriteText writes the report for a person to read. color is for terminals.
func (r *Report) WriteText(w io.Writer, color bool) error {
	p := &printer{color: color}
	at := r.Rule.File
	if r.Rule.Line > 0 {
		at = fmt.Sprintf("%s:%d", at, r.Rule.Line)
	}
	p.line(0, "%s  %s  %s", p.paint(bold, r.Rule.Name), r.Rule.Kind, at)
	p.line(1, "%s", r.Rule.Title)
	if r.Rule.Asks != "" {
		p.line(1, "asks for %s", r.Rule.Asks)
	}
	p.line(0, "%s, %d met a condition, %s", rules.Counted(r.Events, "event"), r.Matched, rules.Counted(r.Alerts, "alert"))
	for _, n := range r.Notes {
		p.line(0, "note: %s", n)
	}
	if r.Chosen == Closest && len(r.Verdicts) > 0 {
		what := "nothing fired"
		if r.Alerts > 0 {
			what = "no event fired by itself"
		}
		p.line(0, "%s; this is the last of the events that came closest:", what)
	}
	for i := range r.Verdicts {
		p.b.WriteByte('\n')
		p.verdict(&r.Verdicts[i])
	}
	if r.More > 0 {
		p.line(0, "\nand %s; name an event to see another", rules.Counted(r.More, "more firing"))
	}
	_, err := io.WriteString(w, p.b.String())
	return err
}

func (p *printer) verdict(v *Verdict) {
	where := ""
	if v.Event.File != "" {
		where = fmt.Sprintf("  %s record %d", v.Event.File, v.Event.Record)
		if v.Event.Index > 0 {
			where += fmt.Sprintf("[%d]", v.Event.Index)
		}
	}
	p.line(0, "event %d  %s  %s  %s%s", v.Event.N, stamp(v.Event.Time), v.Event.Type, v.Event.ID, where)
	word, code := "did not fire", red
	if v.Fired {
		word, code = "fired", green
	}
	p.line(0, "%s: %s", p.paint(code, word), v.Why)
	for _, n := range v.Notes {
		p.line(1, "note: %s", n)
	}
	p.conditions(v)
	for _, i := range v.Indicators {
		p.indicator(i)
	}
	for i := range v.Groups {
		p.group(&v.Groups[i], len(v.Groups) > 1)
	}
}

// conditions shows the trees that matter: those that hold or, if none does, all.
func (p *printer) conditions(v *Verdict) {
	any := false
	for _, c := range v.Conditions {
		any = any || c.Held
	}
	for _, c := range v.Conditions {
		name := c.Input
		if c.From != "" {
			name += " (alert of " + c.From + ")"
		}
		if name != "" {
			p.line(1, "%s input %s", p.mark(c.Held), name)
		}
		if c.Tree != nil && (c.Held || !any) {
			depth := 1
			if name != "" {
				depth = 2
			}
			p.tree(c.Tree, depth)
		}
	}
}

func (p *printer) tree(n *Node, depth int) {
	values, note := printable.Safe(""), ""
	if n.leaf {
		values = "  " + p.values(n)
	}
	if n.Note != "" {
		note = "  (" + n.Note + ")"
	}
	p.line(depth, "%s %s%s%s", p.mark(n.Held), n.Text, values, note)
	for i := range n.Parts {
		p.tree(&n.Parts[i], depth+1)
	}
}

// maxShownValues bounds the values at a path in text.
const maxShownValues = 12

func (p *printer) values(n *Node) printable.Safe {
	if len(n.Values) == 0 {
		return "← nothing there"
	}
	var vs []string
	for i, v := range n.Values {
		if i == maxShownValues {
			vs = append(vs, fmt.Sprintf("%d more", len(n.Values)-i))
			break
		}
		s := fmt.Sprintf("%q", clip(v.Text)) // which escapes
		if v.Held != nil {
			s = string(p.mark(*v.Held)) + s
		}
		vs = append(vs, s)
	}
	return printable.Safe("← " + strings.Join(vs, ", "))
}

// clip keeps a text to one line's worth.
func clip(s string) string {
	const most = 120
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

func (p *printer) indicator(i Indicator) {
	text := fmt.Sprintf("%s = %s is on the list as %s", i.Field, i.Address, i.Network)
	if i.FirstSeen != "" || i.LastSeen != "" {
		text += fmt.Sprintf(", in use from %s to %s", orOpen(i.FirstSeen), orOpen(i.LastSeen))
	}
	if i.Source != "" {
		text += " (" + i.Source + ")"
	}
	if i.Stale {
		text += ": stale, the event lies outside"
	}
	p.line(1, "indicator  %s", text)
}

func orOpen(day string) string {
	if day == "" {
		return "open"
	}
	return day
}

func (p *printer) group(g *Group, several bool) {
	var key []string
	for _, m := range g.Key {
		value := m.Value
		if m.Problem != "" {
			value = "?"
		}
		key = append(key, named(m)+" = "+value)
	}
	if len(key) == 0 {
		key = []string{"the whole organisation"}
	}
	input := g.Input
	if g.Alert != "" {
		input += ", alert " + g.Alert
	}
	p.line(1, "group    %s  [%s]", strings.Join(key, ", "), input)
	if several {
		p.line(2, "%s: %s", g.Outcome, g.Why)
	}
	w := g.Window
	if w == nil {
		return
	}
	p.line(1, "window   %s to %s, %s", stamp(w.From), stamp(w.To), rules.Counted(w.Total, "observation"))
	if w.Thinned {
		p.line(2, "busy: repeated values are not kept")
	}
	p.rows(w)
	p.line(1, "needs")
	for _, n := range w.Needs {
		text := n.String()
		if len(n.Values) > 0 {
			text += "  " + strings.Join(n.Values, ", ")
		}
		p.line(2, "%s %s", p.mark(n.Met), text)
	}
	if e := w.Episode; e != nil {
		state := "its alert is out"
		if !e.Reported {
			state = "its alert waits"
		}
		p.line(1, "episode  since %s (event %s), last held at %s: %s", stamp(e.Start), e.EventID, stamp(e.End), state)
	}
	if len(w.Ignored) > 0 {
		p.line(1, "ignored")
	}
	if w.Passed > 0 {
		p.line(2, "… %d more", w.Passed)
	}
	for _, i := range w.Ignored {
		p.line(2, "%s  %s  event %d: %s", stamp(i.Time), i.ID, i.N, i.Text)
	}
}

func (p *printer) rows(w *Snapshot) {
	head := maxShownRows / 4
	for i, r := range w.Rows {
		if skip := len(w.Rows) - maxShownRows; skip > 0 && i >= head && i < head+skip && !r.InChain && !r.This {
			if i == head {
				p.line(2, "  … %d rows left out", skip)
			}
			continue
		}
		pointer := printable.Safe(" ")
		if r.This {
			pointer = p.paint(bold, ">")
		}
		text := fmt.Sprintf("%s  %s  %s", stamp(r.Time), r.ID, r.Type)
		if r.Step != "" {
			text += "  step " + r.Step
		}
		for _, f := range r.Values {
			text += "  " + f.Name + " = " + orNone(f.Values)
		}
		p.line(2, "%s %s", pointer, text)
	}
}

func orNone(values []string) string {
	if len(values) == 0 {
		return "(missing)"
	}
	return clip(strings.Join(values, ", "))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
