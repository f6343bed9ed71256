package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"oktastream/processor"
	"oktastream/rules/alert"
	"oktastream/rules/lang/source"
	"oktastream/rules/schema"
)

// schemas are made by code from the tables that parsers read by.
var schemas = []struct {
	name string
	make func() []byte
}{
	{"rule", schema.Rule},
	{"test", schema.Test},
	{"config", configSchema},
	{"alert", func() []byte { return alert.SchemaJSON }},
}

func newSchema() *cobra.Command {
	var names []string
	for _, s := range schemas {
		names = append(names, s.name)
	}
	return &cobra.Command{
		Use:   "schema rule|test|config|alert",
		Short: "Print the JSON Schema of rules, rule tests, configuration or alerts",
		Long: "schema prints a JSON Schema (2020-12), with which editors complete and validate files: of a rule document, a file of\n" +
			"rule tests, a configuration file, or the alert record in the native format.\n\n" +
			"Exit codes: 0 ok, 3 usage.",
		Example: "  oktastream schema rule > rule.schema.json\n\n" +
			"and at the top of a rule file, for editors with the YAML language server:\n\n" +
			"  # yaml-language-server: $schema=rule.schema.json",
		Args:      cobra.ExactArgs(1),
		ValidArgs: names,
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, s := range schemas {
				if s.name == args[0] {
					_, err := cmd.OutOrStdout().Write(s.make())
					return usage(err)
				}
			}
			return fail(exitUsage, fmt.Errorf("there is no schema %q: %s", args[0], source.DidYouMean(args[0], names)))
		},
	}
}

// configSchema describes our settings and the Kafka properties.
func configSchema() []byte {
	var own, kafka []schema.Setting
	for _, s := range settingTable {
		own = append(own, schema.Setting{Name: s.name, Doc: s.doc, Kind: s.kind, Values: s.values})
	}
	for _, name := range processor.PropertyNames() {
		kafka = append(kafka, schema.Setting{Name: name, Doc: "Kafka client property"})
	}
	return schema.Config(own, kafka)
}
