package main

import (
	"github.com/spf13/cobra"

	"oktastream/rules/author"
)

func newRulesShow() *cobra.Command {
	var src ruleSource
	var output string
	cmd := &cobra.Command{
		Use:   "show RULE",
		Short: "Say what a rule matches, in plain words",
		Long: "show explains the rule with a name or id: what it matches in plain words and in canonical form, how it groups, what\n" +
			"its window must hold, under which identity its state is kept and how it is routed, the fields that it reads, and\n" +
			"the event types that it can read, with whether event hooks deliver them.\n\n" +
			"Exit codes: 0 ok, 2 the rule does not load, 3 usage or no such rule.",
		Example: "  oktastream rules show okta_session_device_tokens\n  oktastream rules show -r rules/ brute_force -o json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOfFormats(output, "text", "json"); err != nil {
				return err
			}
			set, name, err := src.loadRule(args[0], cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			d, _ := author.Describe(set, name)
			if output == "json" {
				return usage(writeJSON(cmd.OutOrStdout(), d))
			}
			return usage(d.WriteText(cmd.OutOrStdout()))
		},
	}
	rulesFlag(cmd, &src)
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	return cmd
}
