package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"oktastream/processor/offline"
	"oktastream/rules/author"
	"oktastream/rules/event"
	"oktastream/rules/printable"
)

func newRulesNew() *cobra.Command {
	var from, dir string
	var force bool
	cmd := &cobra.Command{
		Use:   "new NAME",
		Short: "Draft a rule with a positive and a negative test",
		Long: "new writes NAME.yaml, a Sigma rule, and NAME_test.yaml, with one positive and one negative test that pass\n" +
			"`rules test`. With --from-event the rule matches the type and outcome of the first event of a file, in any\n" +
			"envelope; no identity, address or id of the event is written.\n\n" +
			"Exit codes: 0 ok, 3 usage, no readable event, or a file that exists.",
		Example: "  oktastream rules new okta_vault_opened --from-event event.json -d rules/\n  oktastream rules test rules/okta_vault_opened.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var ev *event.Event
			if from != "" {
				var err error
				if ev, err = firstEvent(input(from, cmd.InOrStdin())); err != nil {
					return fail(exitUsage, err)
				}
			}
			d, err := author.NewDraft(args[0], uuid.NewString(), time.Now().UTC(), ev)
			if err != nil {
				return fail(exitUsage, err)
			}
			written, err := writeAll(dir, []outFile{{d.RuleFile, d.Rule}, {d.TestFile, d.Test}}, force)
			if err != nil {
				return fail(exitUsage, err)
			}
			for _, name := range written {
				printable.Fprintf(cmd.OutOrStdout(), "%s\n", name)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&from, "from-event", "", "file whose first event the rule is to match; - is standard input")
	cmd.Flags().StringVarP(&dir, "dir", "d", ".", "folder to write to")
	cmd.Flags().BoolVar(&force, "force", false, "replace files that exist")
	return cmd
}

// firstEvent reads the first event of a file, in order of event time.
func firstEvent(in offline.Input) (*event.Event, error) {
	events, rep := offline.Read([]offline.Input{in})
	if len(events) > 0 {
		return event.NewDecoder(event.NewFields()).Decode(events[0].JSON, events[0].Meta)
	}
	for _, f := range rep.Files {
		if f.Err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, f.Err)
		}
		if len(f.Problems) > 0 {
			return nil, errors.New(f.Problems[0].String())
		}
	}
	return nil, fmt.Errorf("%s holds no event", in.Name)
}
