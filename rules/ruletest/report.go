package ruletest

import (
	"fmt"
	"io"
	"strings"

	"oktastream/rules"
	"oktastream/rules/printable"
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
		printable.Fprintf(&b, "%s:%d:%d: %s %s: %s\n", x.File, x.Pos.Line, x.Pos.Col, x.Status, x.Rule, x.title())
		if x.Status == Todo {
			printable.Fprintf(&b, "    todo: %s\n", x.Todo)
		}
		if x.Status == Fail {
			for line := range strings.Lines(x.Detail) {
				printable.Fprintf(&b, "    %s\n", strings.TrimSuffix(line, "\n"))
			}
		}
	}
	r.coverage(&b, verbose)
	if len(r.Results) == 0 {
		b.WriteString("no test was run, which is a failure")
	} else {
		printable.Fprintf(&b, "%s: %d passed, %d failed", runs(r.Results), count[Pass], count[Fail])
	}
	if count[Todo] > 0 {
		printable.Fprintf(&b, ", %d todo", count[Todo])
	}
	if len(r.Untested) > 0 {
		printable.Fprintf(&b, "; without tests: %s", strings.Join(r.Untested, ", "))
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// runs counts tests, and the runs that their cases make of them where these are more.
func runs(results []Result) string {
	tests := map[[2]string]bool{}
	for _, x := range results {
		tests[[2]string{x.File, x.Test}] = true
	}
	text := rules.Counted(len(tests), "test")
	if len(results) > len(tests) {
		text += fmt.Sprintf(" in %d runs", len(results))
	}
	return text
}

// title is the test's name with the case.
func (x *Result) title() string {
	if x.Case == AsWritten {
		return x.Test
	}
	return x.Test + " [" + string(x.Case) + "]"
}

// coverage writes what no test exercises; verbose also names the rules that lack nothing.
func (r *Report) coverage(b *strings.Builder, verbose bool) {
	if r.Coverage == nil {
		return
	}
	branches, covered := 0, 0
	for _, c := range r.Coverage {
		branches += c.Branches
		covered += c.Covered
		if len(c.Gaps) == 0 && !verbose {
			continue
		}
		printable.Fprintf(b, "%s: %d of %d branches covered\n", c.Rule, c.Covered, c.Branches)
		for _, g := range c.Gaps {
			printable.Fprintf(b, "    %s:%d:%d: %s\n", c.File, g.Pos.Line, g.Pos.Col, g.What)
		}
	}
	percent := 100
	if branches > 0 {
		percent = covered * 100 / branches
	}
	printable.Fprintf(b, "coverage: %d of %d branches of %s (%d%%), %s without tests\n", covered, branches, rules.Counted(len(r.Coverage), "rule"), percent, rules.Counted(len(r.Untested), "rule"))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
