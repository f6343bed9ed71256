package main

import "github.com/spf13/cobra"

func newRules() *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "Write, check, test and understand rules"}
	cmd.AddCommand(newRulesCheck(), newRulesTest(), newRulesList(), newRulesShow(), newRulesNew(), newRulesFmt(), newRulesImport(), newRulesCoverage())
	return cmd
}
