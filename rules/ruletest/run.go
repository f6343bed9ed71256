package ruletest

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/rules/nearest"
)

// Options choose what is run.
type Options struct {
	// Run, if set, selects the tests whose "rule/test name" it matches.
	Run *regexp.Regexp
	// Coverage asks which branches of the rules the tests go through.
	Coverage bool
	// Naming is how the events name users.
	Naming event.Naming
}

// Status is the result of one test in one case.
type Status string

const (
	Pass Status = "pass"
	Fail Status = "fail"
	Todo Status = "todo" // fails, as its author expects
)

// Result is what came of one test in one case.
type Result struct {
	Rule, File, Test string
	Pos              match.Pos
	Case             Case
	Status           Status
	Todo             string // the author's reason
	Detail           string // what was not as expected, in lines; empty for Pass
}

// Report is what came of a run.
type Report struct {
	Results     []Result
	Diagnostics []rules.Diagnostic // about test files and rules that are missing
	Untested    []string           // names of loaded rules without any test, sorted
	Coverage    []Coverage         // of the rules with tests that were run, by name; nil unless it was asked for

	cover *cover
}

// OK reports whether nothing failed, everything could be run, and something was.
func (r *Report) OK() bool {
	return !hasError(r.Diagnostics) && len(r.Results) > 0 &&
		!slices.ContainsFunc(r.Results, func(x Result) bool { return x.Status == Fail })
}

// Run runs the tests of files against the loaded rules. loaded are the diagnostics of loading them: a test whose rule did
// not load is an error that repeats why. A rule is tested together with the other rules of its file, and those whose alerts these observe, and no others.
func Run(rs []rules.Rule, loaded []rules.Diagnostic, files []File, o Options) Report {
	var rep Report
	if o.Coverage {
		rep.cover = newCover()
	}
	byName := map[string]*rules.Rule{}
	untested := map[string]bool{}
	for i := range rs {
		byName[rs[i].Name] = &rs[i]
		untested[rs[i].Name] = true
	}
	for i := range files {
		f := &files[i]
		rule := byName[f.Rule]
		if rule == nil {
			rep.Diagnostics = append(rep.Diagnostics, missing(f, rs, loaded)...)
			continue
		}
		set, diags := rules.NewSet(together(rs, rule.File))
		rep.Diagnostics = append(rep.Diagnostics, diags...)
		if set = set.Named(o.Naming); hasError(diags) {
			continue
		}
		for j := range f.Tests {
			t := &f.Tests[j]
			delete(untested, f.Rule)
			for _, w := range t.Alerts {
				delete(untested, w.Rule)
			}
			if o.Run != nil && !o.Run.MatchString(f.Rule+"/"+t.Name) {
				continue
			}
			rep.run(&trial{file: f, test: t, rule: rule, set: set, byName: byName})
		}
	}
	for _, r := range rs {
		if untested[r.Name] {
			rep.Untested = append(rep.Untested, r.Name)
		}
	}
	slices.Sort(rep.Untested)
	if rep.cover != nil {
		rep.Coverage = rep.cover.result()
	}
	return rep
}

// together are the rules of a file, and those of other files whose alerts they observe.
func together(rs []rules.Rule, file string) []rules.Rule {
	var of []rules.Rule
	for _, r := range rs {
		if r.File == file {
			of = append(of, r)
		}
	}
	for i := 0; i < len(of); i++ {
		if of[i].Stateful == nil {
			continue
		}
		for _, in := range of[i].Stateful.Inputs {
			named := func(r rules.Rule) bool { return r.Name == in.From }
			if k := slices.IndexFunc(rs, named); in.From != "" && k >= 0 && !slices.ContainsFunc(of, named) {
				of = append(of, rs[k])
			}
			for k := range rs {
				other := func(r rules.Rule) bool { return r.Name == rs[k].Name }
				if in.Alerts != rules.NoAlerts && !slices.ContainsFunc(of, other) {
					of = append(of, rs[k])
				}
			}
		}
	}
	return of
}

// missing explains why the rule of f is not there.
func missing(f *File, rs []rules.Rule, loaded []rules.Diagnostic) []rules.Diagnostic {
	var names []string
	beside := strings.TrimSuffix(strings.TrimSuffix(f.Name, path.Ext(f.Name)), "_test")
	hint := "load the file that holds it too"
	for _, r := range rs {
		names = append(names, r.Name)
		if strings.TrimSuffix(r.File, path.Ext(r.File)) == beside {
			hint = "the rule beside this file is called " + r.Name
		}
	}
	if near := nearest.Of(f.Rule, names); near != "" {
		hint = "did you mean " + near + "?"
	}
	d := f.errorAt(f.Pos, NoRule, hint, "there is no rule %q; a rule is called by its name:, or else by its file without the ending", f.Rule)
	var why []rules.Diagnostic
	for _, l := range loaded {
		if l.Rule == f.Rule && (l.Level == rules.Error || l.Level == rules.Unsupported) {
			why = append(why, l)
		}
	}
	if len(why) > 0 {
		d.Message, d.Hint = fmt.Sprintf("the rule %q does not load", f.Rule), why[0].Error()
	}
	return []rules.Diagnostic{d}
}

// run runs one test as written and, if that passes and the rule is stateful, in the automatic cases.
func (rep *Report) run(t *trial) {
	given, bad := t.file.deliveries(t.test)
	if bad != nil {
		rep.Diagnostics = append(rep.Diagnostics, *bad)
		return
	}
	t.given = given
	var err error
	t.plain, err = t.play(given, false)
	if err != nil {
		rep.add(t, AsWritten, err.Error())
		return
	}
	problem := compare(t.file.Start, t.test.Alerts, t.plain.alerts)
	if problem != "" {
		problem += t.plain.account(t.set) + t.window()
	}
	if rep.cover != nil {
		if err := rep.cover.note(t); err != nil {
			rep.add(t, AsWritten, err.Error())
			return
		}
	}
	rep.add(t, AsWritten, problem)
	if problem != "" || t.test.Todo != "" || t.rule.Stateful == nil {
		return
	}
	for _, c := range automatic {
		if slices.Contains(t.file.Skip, c) {
			continue
		}
		switch problem, ran, err := t.run(c); {
		case err != nil:
			rep.add(t, c, err.Error())
		case ran:
			rep.add(t, c, problem)
		}
	}
}

func (rep *Report) add(t *trial, c Case, problem string) {
	r := Result{Rule: t.file.Rule, File: t.file.Name, Test: t.test.Name, Pos: t.test.Pos, Case: c, Status: Pass,
		Todo: t.test.Todo, Detail: problem}
	switch {
	case problem != "" && r.Todo != "":
		r.Status = Todo
	case problem != "":
		r.Status = Fail
	case r.Todo != "":
		// Left as it is, the mark would hide the day on which the test breaks again.
		r.Status, r.Detail = Fail, "the test passes: remove its todo\n"
	}
	rep.Results = append(rep.Results, r)
}
