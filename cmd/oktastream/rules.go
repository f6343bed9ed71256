package main

import "github.com/spf13/cobra"

func newRules() *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "Check and test rules"}
	cmd.AddCommand(newRulesCheck(), newRulesTest())
	return cmd
}
