package ruletest

import (
	"fmt"
	"io"
	"strings"
)

// WriteText writes diagnostics, what did not pass, and a closing line. verbose also names what passed.
func (r *Report) WriteText(w io.Writer, verbose bool) error {
	var b strings.Builder
	for _, d := range r.Diagnostics {
		fmt.Fprintln(&b, d.Error())
	}
	count := map[Status]int{}
	for _, x := range r.Results {
		count[x.Status]++
		if x.Status == Pass && !verbose {
			continue
		}
		name := x.Test
		if x.Case != AsWritten {
			name += " [" + string(x.Case) + "]"
		}
		fmt.Fprintf(&b, "%s:%d:%d: %s %s: %s\n", x.File, x.Pos.Line, x.Pos.Col, x.Status, x.Rule, name)
		if x.Status == Todo {
			fmt.Fprintf(&b, "    todo: %s\n", x.Todo)
		}
		if x.Status == Fail {
			for line := range strings.Lines(x.Detail) {
				b.WriteString("    " + strings.TrimSuffix(line, "\n") + "\n")
			}
		}
	}
	fmt.Fprintf(&b, "%d passed, %d failed", count[Pass], count[Fail])
	if count[Todo] > 0 {
		fmt.Fprintf(&b, ", %d todo", count[Todo])
	}
	if len(r.Untested) > 0 {
		fmt.Fprintf(&b, "; without tests: %s", strings.Join(r.Untested, ", "))
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}
