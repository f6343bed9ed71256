package backtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"oktastream/rules"
)

// Gates are what a change of rules must keep to.
type Gates struct {
	// MaxPerDay is the highest number of alerts that all rules together may raise on any one UTC day; nil: any number.
	MaxPerDay *int
	// FailOnLost asks that no alert of the baseline is lost. It needs a baseline.
	FailOnLost bool
	// MaxRejected is the highest share of the input, in percent, that may hold no event; nil: any share.
	MaxRejected *float64
}

// check lists the gates that do not hold, with the reason.
func (g Gates) check(r *Report) []string {
	broken := []string{}
	if g.MaxPerDay != nil && r.Busiest != nil && r.Busiest.Alerts > *g.MaxPerDay {
		over := 0
		for _, n := range r.days {
			if n > *g.MaxPerDay {
				over++
			}
		}
		broken = append(broken, fmt.Sprintf("more than %s a day on %d of %s with alerts; most on %s: %d (%s)", rules.Counted(*g.MaxPerDay, "alert"),
			over, rules.Counted(len(r.days), "day"), r.Busiest.Date, r.Busiest.Alerts, r.culprits(r.Busiest.Date)))
	}
	if g.FailOnLost && r.Compare != nil && len(r.Compare.Lost) > 0 {
		broken = append(broken, "lost from the baseline: "+rules.Counted(len(r.Compare.Lost), "alert"))
	}
	if g.MaxRejected != nil && r.source.Rejected() > *g.MaxRejected {
		broken = append(broken, fmt.Sprintf("%.3g %% of the input holds no event, more than %v %%", r.source.Rejected(), *g.MaxRejected))
	}
	return broken
}

// culprits names the rules with the most alerts of a day.
func (r *Report) culprits(date string) string {
	const show = 3
	var names []string
	for name, days := range r.byRule {
		if days[date] > 0 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(r.byRule[b][date], r.byRule[a][date]), cmp.Compare(a, b))
	})
	parts := []string{}
	for _, name := range names[:min(len(names), show)] {
		parts = append(parts, fmt.Sprintf("%s %d", name, r.byRule[name][date]))
	}
	if len(names) > show {
		parts = append(parts, rules.Counted(len(names)-show, "other"))
	}
	return strings.Join(parts, ", ")
}
