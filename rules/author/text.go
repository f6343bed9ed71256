package author

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"oktastream/rules/printable"
)

// WriteList prints summaries as a table.
func WriteList(w io.Writer, list []Summary) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "NAME\tSEVERITY\tKIND\tLANGUAGE\tATT&CK\tEVENT TYPES")
	for _, s := range list {
		kind := s.Kind
		if s.Output == "signal" {
			kind += " (signal)"
		}
		printable.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", s.Name, s.Severity, kind, s.Language, cmp.Or(few(s.Techniques, 3), few(s.Tactics, 3), "-"), types(s))
	}
	return tw.Flush()
}

func types(s Summary) string {
	switch {
	case s.EveryType && len(s.EventTypes) > 0:
		return "every (names " + few(s.EventTypes, 2) + ")"
	case s.EveryType && len(s.Except) > 0:
		return "every but " + few(s.Except, 1)
	case s.EveryType:
		return "every"
	}
	return cmp.Or(few(s.EventTypes, 2), "none")
}

// few shows the first n names and counts the others.
func few(names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, " ")
	}
	return fmt.Sprintf("%s +%d", strings.Join(names[:n], " "), len(names)-n)
}

// WriteText prints a description for a person.
func (d Description) WriteText(w io.Writer) error {
	var b bytes.Buffer
	line := func(name, value string) {
		if value != "" {
			printable.Fprintf(&b, "  %-10s %s\n", name, value)
		}
	}
	block := func(title string, lines []string) {
		if len(lines) > 0 {
			printable.Fprintf(&b, "\n%s\n", title)
			for _, l := range lines {
				printable.Fprintf(&b, "%s\n", strings.TrimRight("  "+l, " "))
			}
		}
	}
	printable.Fprintf(&b, "%s\n", d.Name)
	line("title", d.Title)
	line("id", d.ID)
	line("file", fmt.Sprintf("%s:%d", d.File, d.Line))
	line("severity", fmt.Sprintf("%s, risk %d, %s", d.Severity, d.Risk, d.Output))
	line("status", d.Status)
	line("kind", d.Kind+", "+d.Language)
	line("ATT&CK", strings.Join(slices.Concat(d.Tactics, d.Techniques), " "))
	block("what", paragraph(d.Description))

	for _, in := range d.Inputs {
		title := "matches an event with"
		switch {
		case in.Alerts == "only":
			title = in.Name + ": an alert of another rule with"
		case in.Alerts != "":
			title = in.Name + ": an event, or an alert of another rule, with"
		case in.From != "":
			title = fmt.Sprintf("%s: an alert of %s with", in.Name, in.From)
		case len(d.Inputs) > 1:
			title = in.Name + ": an event with"
		}
		block(title, in.Words)
		if len(in.Group) > 0 && !slices.Equal(in.Group, d.GroupBy) {
			printable.Fprintf(&b, "  grouped by %s\n", strings.Join(in.Group, ", "))
		}
	}
	if d.StateID != "" {
		block("alerts when one group has", append(slices.Clone(d.Content), d.Timing...))
		group := d.GroupBy
		if len(group) == 0 {
			group = []string{"nothing: the whole organisation is one group"}
		}
		block("groups by", group)
		block("state", []string{"identity " + d.StateID, "routed by " + routed(d.Class)})
	}
	var conditions []string
	for _, in := range d.Inputs {
		if len(d.Inputs) > 1 {
			conditions = append(conditions, in.Name+": "+in.Condition)
			continue
		}
		conditions = append(conditions, in.Condition)
	}
	block("canonical condition", conditions)
	block("fields read", d.Fields)
	var types []string
	if d.EveryType {
		every := "every type"
		if len(d.Except) > 0 {
			every += " but " + few(d.Except, 5)
		}
		if len(d.Types) > 0 {
			every += "; by name:"
		}
		types = append(types, every)
	}
	for _, t := range d.Types {
		types = append(types, fmt.Sprintf("%-50s %s", t.Name, delivery(t)))
	}
	block("event types", types)
	block("false positives", d.FalseAlarms)
	block("triage", paragraph(d.Triage))
	_, err := w.Write(b.Bytes())
	return err
}

// routed explains the name of a class.
func routed(class string) string {
	if class == "-" {
		return "nothing: all events of the rule go to one partition"
	}
	return class
}

func delivery(t Type) string {
	switch {
	case !t.Known:
		return "not in the catalogue"
	case t.Hook:
		return "event hook"
	}
	return "no event hook"
}

func paragraph(text string) []string {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	return printable.Paragraph(text)
}
