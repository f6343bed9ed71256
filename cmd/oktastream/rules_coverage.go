package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"oktastream/processor/offline"
	"oktastream/rules/coverage"
	"oktastream/rules/event"
	"oktastream/rules/printable"
)

func newRulesCoverage() *cobra.Command {
	var src ruleSource
	var files []string
	var output, name string
	cmd := &cobra.Command{
		Use:   "coverage [--events FILE]... [FILE]...",
		Short: "Say which event types and ATT&CK techniques the rules cover",
		Long: "coverage prints which event types rules read. With files of events, in any envelope, it sets against them what\n" +
			"arrives: the types that arrive and no rule reads, those that rules read and that never arrive, and the rules that\n" +
			"could not have fired. With -o navigator it prints a layer for the ATT&CK Navigator (format 4.5), in which the score\n" +
			"of a technique is the number of rules that name it.\n\n" +
			"Exit codes: 0 ok, 2 a rule does not load, 3 usage or unreadable input.",
		Example: "  oktastream rules coverage --events export.ndjson\n  oktastream rules coverage -r rules/ -o navigator > layer.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOfFormats(output, "text", "json", "navigator"); err != nil {
				return err
			}
			set, err := src.loadSet(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if output == "navigator" {
				if len(files)+len(args) > 0 {
					return fail(exitUsage, errors.New("a layer for the Navigator is made of rules alone; leave the events out"))
				}
				return usage(writeJSON(out, coverage.Navigator(set, name)))
			}
			for _, f := range slices.Concat(files, args) {
				if info, err := os.Stat(f); err == nil && info.IsDir() {
					return fail(exitUsage, fmt.Errorf("%s is a directory; what is named without -r are files of events, rules are named with -r %s", f, f))
				}
			}
			var inputs []offline.Input
			for _, f := range slices.Concat(files, args) {
				inputs = append(inputs, input(f, cmd.InOrStdin()))
			}
			arrived, err := countTypes(cmd, inputs)
			if err != nil {
				return fail(exitUsage, err)
			}
			rep := coverage.New(set, arrived)
			if output == "json" {
				return usage(writeJSON(out, rep))
			}
			return usage(rep.WriteText(out))
		},
	}
	rulesFlag(cmd, &src)
	cmd.Flags().StringArrayVar(&files, "events", nil, "file of events; - is standard input; may be repeated")
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text, json or navigator")
	cmd.Flags().StringVar(&name, "name", "oktastream", "name of the layer for the Navigator")
	return cmd
}

// countTypes counts events by type; nil without inputs. What cannot be used is said on standard error.
func countTypes(cmd *cobra.Command, inputs []offline.Input) (map[string]int, error) {
	if len(inputs) == 0 {
		return nil, nil
	}
	events, rep := offline.Read(inputs)
	for _, f := range rep.Files {
		for _, p := range f.Problems {
			printable.Fprintf(cmd.ErrOrStderr(), "%s\n", p)
		}
		if f.Err != nil {
			printable.Fprintf(cmd.ErrOrStderr(), "%s: %v\n", f.Name, f.Err)
		}
	}
	if err := rep.Check(); err != nil {
		return nil, err
	}
	counts := map[string]int{}
	decoder := event.NewDecoder(event.NewFields())
	for _, e := range events {
		ev, err := decoder.Decode(e.JSON, e.Meta)
		if err != nil {
			return nil, err // it was decoded before
		}
		counts[cmp.Or(strings.Clone(ev.Type()), "(no event type)")]++
	}
	return counts, nil
}
