package main

import (
	"regexp"
	"slices"

	"github.com/spf13/cobra"

	"oktastream/rules"
	"oktastream/rules/pack"
	"oktastream/rules/ruletest"
)

func newRulesTest() *cobra.Command {
	var run string
	var verbose bool
	cmd := &cobra.Command{
		Use:   "test [PATH]...",
		Short: "Run the tests that stand beside rules",
		Long: "test loads rules and runs the *_test.yaml files beside them (without PATH, the shipped pack), offline and with\n" +
			"a fixed clock. Stateful rules are also run shuffled within their lateness, with duplicates, restarted in\n" +
			"mid-window and without a group key.\n\n" +
			"Exit codes: 0 ok, 1 a test fails, 2 rules or tests do not load, 3 usage.",
		RunE: func(cmd *cobra.Command, args []string) error {
			var opts ruletest.Options
			if run != "" {
				re, err := regexp.Compile(run)
				if err != nil {
					return fail(exitUsage, err)
				}
				opts.Run = re
			}
			res := load(args)
			files, diags := testFiles(args)
			rep := ruletest.Run(res.Rules, res.Diagnostics, files, opts)
			rep.Diagnostics = append(diags, rep.Diagnostics...)
			if err := rep.WriteText(cmd.OutOrStdout(), verbose); err != nil {
				return fail(exitUsage, err)
			}
			switch {
			case hasErrors(rep.Diagnostics), hasErrors(res.Diagnostics):
				for _, d := range res.Diagnostics {
					cmd.PrintErrln(d.Error())
				}
				return fail(exitLoad, nil)
			case !rep.OK():
				return fail(exitFindings, nil)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&run, "run", "", "run only tests whose rule/name matches this regular expression")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "name the tests that pass as well")
	return cmd
}

func testFiles(paths []string) ([]ruletest.File, []rules.Diagnostic) {
	if len(paths) == 0 {
		return ruletest.LoadFS(pack.FS, ".")
	}
	return ruletest.Load(paths)
}

func hasErrors(ds []rules.Diagnostic) bool {
	return slices.ContainsFunc(ds, func(d rules.Diagnostic) bool { return d.Level == rules.Error })
}
