package backtest

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"oktastream/rules"
	"oktastream/rules/printable"
)

// listed is how many new and lost alerts the text shows; the JSON has all.
const listed = 20

// WriteText writes the report for people. Text that comes from events cannot write terminal escapes.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	r.head(&b)
	r.rules(&b)
	if len(r.Groups) > 0 {
		b.WriteString("\nnoisiest groups\n")
		width := 0
		for _, g := range r.Groups {
			width = max(width, len(g.Rule))
		}
		for _, g := range r.Groups {
			printable.Fprintf(&b, "%6d  %-*s  %s\n", g.Alerts, width, g.Rule, g.Group)
		}
	}
	if r.Compare != nil {
		r.Compare.text(&b)
	}
	if len(r.Broken) > 0 {
		b.WriteString("\n")
	}
	for _, g := range r.Broken {
		printable.Fprintf(&b, "gate broken: %s\n", g)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Report) head(b *strings.Builder) {
	b.WriteString(rules.Counted(r.Events, "event"))
	if r.First != nil {
		printable.Fprintf(b, " from %s to %s (%s)", r.First.Format(time.RFC3339), r.Last.Format(time.RFC3339), span(r.Last.Sub(*r.First)))
	}
	printable.Fprintf(b, ", %d of them meet a condition of a rule\n", r.Read)
	printable.Fprintf(b, "reading took %.1fs, evaluating %.1fs\n\n", r.Seconds.Reading, r.Seconds.Evaluating)
}

func span(d time.Duration) string {
	if d < 24*time.Hour {
		return d.Round(time.Second).String() + ", counted as a day"
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}

func (r *Report) rules(b *strings.Builder) {
	var quiet []string
	everyEvent := false
	table(b, func(row func(...any)) {
		row("alerts", "per day", "busiest day", "events", "cost", "µs/event", "rule")
		for _, x := range r.Rules {
			if x.Alerts == 0 && x.Events == 0 {
				quiet = append(quiet, x.Name)
				continue
			}
			name := x.Name
			if x.Cost.EveryEvent {
				name += " *"
				everyEvent = true
			}
			row(x.Alerts, decimal(x.PerDay), x.Busiest.text(), x.Events, fmt.Sprintf("%.1f%%", x.Cost.Share*100), decimal(x.Cost.Micros), name)
		}
		row(r.Alerts, decimal(r.PerDay), r.Busiest.text(), "", "", "", all(len(r.Rules)))
	})
	if len(quiet) > 0 {
		printable.Fprintf(b, "no event for %s\n", strings.Join(quiet, ", "))
	}
	if everyEvent {
		b.WriteString("* no field rules this rule out at once: its condition is evaluated for every event\n")
	}
}

func (d *Day) text() string {
	if d == nil {
		return "-"
	}
	return fmt.Sprintf("%d on %s", d.Alerts, d.Date)
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }

func (c *Compare) text(b *strings.Builder) {
	printable.Fprintf(b, "\ncompared with the baseline: %d new, %d lost\n", len(c.New), len(c.Lost))
	if len(c.Rules) > 0 {
		table(b, func(row func(...any)) {
			row("was", "now", "new", "lost", "rule")
			for _, d := range c.Rules {
				row(number(d.Was), number(d.Now), d.New, d.Lost, d.Name)
			}
		})
	}
	for _, l := range []struct {
		what string
		list []Sighting
	}{{"new", c.New}, {"lost", c.Lost}} {
		for _, s := range l.list[:min(len(l.list), listed)] {
			printable.Fprintf(b, "  %-4s  %s  %s  %s\n", l.what, s.Time.UTC().Format(time.RFC3339), s.Rule, s.Group)
		}
		if n := len(l.list) - listed; n > 0 {
			printable.Fprintf(b, "  and %d more %s\n", n, l.what)
		}
	}
}

func number(n *int) string {
	if n == nil {
		return "-"
	}
	return strconv.Itoa(*n)
}

// table writes rows of right-aligned cells; the last cell of each is as wide as it likes.
func table(b *strings.Builder, fill func(row func(...any))) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fill(func(cells ...any) {
		for i, c := range cells {
			if i < len(cells)-1 {
				printable.Fprintf(t, "%v\t", c)
			} else {
				printable.Fprintf(t, "  %v\n", c)
			}
		}
	})
	t.Flush()
}

func all(rules int) string {
	if rules == 1 {
		return "the rule"
	}
	return fmt.Sprintf("all %d rules", rules)
}
