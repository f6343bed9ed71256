package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"oktastream/rules"
	"oktastream/rules/ruletest"
)

func newRulesTest() *cobra.Command {
	var o testRun
	var run string
	var watch bool
	var naming string
	cmd := &cobra.Command{
		Use:   "test [PATH]...",
		Short: "Run the tests that stand beside rules",
		Long: "test loads rules and runs the *_test.yaml files beside them (without PATH, the shipped pack), offline and with\n" +
			"a fixed clock. Stateful rules are also run shuffled within their lateness, with duplicates, restarted in\n" +
			"mid-window and without a group key. A test that fails shows what differs, and what the rule made of the events.\n" +
			"A field or event type that Okta does not have is a slip of the pen, because of which a test without alerts may pass\n" +
			"for the wrong reason: it fails the run, unless --lenient.\n\n" +
			"Exit codes: 0 ok, 1 a test fails, warns of such a field, or there is none; 2 rules or tests do not load, 3 usage.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if run != "" {
				re, err := regexp.Compile(run)
				if err != nil {
					return fail(exitUsage, err)
				}
				o.options.Run = re
			}
			var err error
			if o.options.Naming, err = namingOf(naming); err != nil {
				return err
			}
			o.paths, o.out, o.notes = args, cmd.OutOrStdout(), cmd.ErrOrStderr()
			if !watch {
				return o.once()
			}
			if len(args) == 0 {
				return fail(exitUsage, errors.New("--watch needs a PATH: the shipped pack does not change"))
			}
			return o.watch(cmd.Context(), 300*time.Millisecond)
		},
	}
	loadFlags(cmd, &o.ruleSource)
	namingFlag(cmd, &naming)
	cmd.Flags().StringVar(&run, "run", "", "run only tests whose rule/name matches this regular expression")
	cmd.Flags().BoolVarP(&o.verbose, "verbose", "v", false, "name the tests that pass as well")
	cmd.Flags().BoolVar(&o.options.Coverage, "coverage", false, "list the branches of rules that no test goes through")
	cmd.Flags().StringVar(&o.junit, "junit", "", "write the results to this file as JUnit XML as well")
	cmd.Flags().BoolVar(&o.lenient, "lenient", false, "pass tests also with fields and event types that Okta does not have")
	cmd.Flags().BoolVar(&watch, "watch", false, "run again whenever a file changes, until interrupted")
	return cmd
}

// testRun is what one command line asks for.
type testRun struct {
	ruleSource
	options    ruletest.Options
	verbose    bool
	lenient    bool // warnings about test files do not fail the run
	junit      string
	out, notes io.Writer
}

// once loads and runs everything. The error has the exit code.
func (o *testRun) once() error {
	res := o.load()
	files, diags := o.tests()
	rep := ruletest.Run(res.Rules, res.Diagnostics, files, o.options)
	rep.Diagnostics = append(diags, rep.Diagnostics...)
	if err := rep.WriteText(o.out, o.verbose); err != nil {
		return fail(exitUsage, err)
	}
	failed := hasErrors(rep.Diagnostics) || hasErrors(res.Diagnostics)
	if failed {
		for _, d := range res.Diagnostics {
			fmt.Fprintln(o.notes, d.Error())
		}
	}
	if o.junit != "" {
		for _, d := range res.Diagnostics {
			if d.Level == rules.Error {
				rep.Diagnostics = append(rep.Diagnostics, d)
			}
		}
		if err := writeJUnit(o.junit, &rep); err != nil {
			return fail(exitUsage, err)
		}
	}
	switch {
	case failed:
		return fail(exitLoad, nil)
	case !rep.OK():
		return fail(exitFindings, nil)
	case !o.lenient && slices.ContainsFunc(diags, func(d rules.Diagnostic) bool { return d.Level == rules.Warning }):
		fmt.Fprintln(o.notes, "tests may pass for the wrong reason, see the warnings (--lenient lets them)")
		return fail(exitFindings, nil)
	}
	return nil
}

func writeJUnit(name string, rep *ruletest.Report) error {
	var b bytes.Buffer
	if err := rep.WriteJUnit(&b); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}

// watch runs everything now and after every change, until ctx ends. It looks for changes by itself, every so often: that
// works on every file system, network ones included. A change counts when the files have been still from one look to the
// next, so that an editor can finish writing.
func (o *testRun) watch(ctx context.Context, every time.Duration) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	ran, last := "", ""
	for {
		now := ruletest.Fingerprint(o.paths)
		if now == last && now != ran || ran == "" {
			ran = now
			err := o.once()
			if e := (*exitError)(nil); errors.As(err, &e) && e.err != nil {
				return err
			}
			fmt.Fprintf(o.notes, "watching %s; interrupt to end\n", strings.Join(o.paths, ", "))
		}
		last = now
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

func hasErrors(ds []rules.Diagnostic) bool {
	return slices.ContainsFunc(ds, func(d rules.Diagnostic) bool { return d.Level == rules.Error })
}
