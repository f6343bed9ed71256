package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"oktastream/rules"
	"oktastream/rules/author"
	"oktastream/rules/lang"
	"oktastream/rules/lang/sigma"
)

func newRulesList() *cobra.Command {
	var output string
	var src ruleSource
	cmd := &cobra.Command{
		Use:   "list [PATH]...",
		Short: "List rules with severity, kind, language, ATT&CK and event types",
		Long: "list loads rule files and directories (without PATH, the shipped pack) and prints one line for each rule that\n" +
			"alerts. What does not load is said on standard error.\n\n" +
			"Exit codes: 0 ok, 2 something does not load, 3 usage.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOfFormats(output, "table", "json"); err != nil {
				return err
			}
			src.paths = args
			set, broken := src.loadAny(cmd.ErrOrStderr())
			list := author.Summaries(set)
			var err error
			if output == "json" {
				err = writeJSON(cmd.OutOrStdout(), list)
			} else {
				err = author.WriteList(cmd.OutOrStdout(), list)
			}
			switch {
			case err != nil:
				return fail(exitUsage, err)
			case broken:
				return fail(exitLoad, nil)
			case len(list) == 0:
				return fail(exitLoad, fmt.Errorf("no rule found in %q", args))
			}
			return nil
		},
	}
	loadFlags(cmd, &src)
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return cmd
}

// loadAny loads the rules that load. What keeps others from it, or from alerting, is printed; broken says that there is such
// an error. A rule that this version does not support is no error.
func (src *ruleSource) loadAny(notes io.Writer) (set *rules.Set, broken bool) {
	res := src.load()
	set, between := rules.NewSet(res.Rules)
	for _, d := range slices.Concat(res.Diagnostics, between) {
		if d.Level == rules.Error || d.Level == rules.Unsupported || d.Code == sigma.Silences {
			fmt.Fprintln(notes, d.Error())
		}
	}
	broken = hasErrors(between) || hasErrors(res.Diagnostics) ||
		slices.ContainsFunc(res.Files, func(f lang.FileReport) bool { return f.Status == lang.Failed })
	return set, broken
}
