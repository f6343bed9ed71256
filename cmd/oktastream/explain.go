package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"oktastream/processor/offline"
	"oktastream/rules"
	"oktastream/rules/explain"
	"oktastream/rules/lang"
	"oktastream/rules/lang/source"
	"oktastream/rules/printable"
)

func newExplain() *cobra.Command {
	var src ruleSource
	var rule, event, format string
	var quiet bool
	var data reading
	cmd := &cobra.Command{
		Use:   "explain --rule RULE [--event UUID|N] [FILE...|-]",
		Short: "Say why a rule fired for an event, or why not",
		Long: "explain reads the same files as eval, feeds them in order of event time to one rule, and explains the verdict about\n" +
			"one event: the condition with the values seen, the group key, the window at that moment, what was ignored, and what\n" +
			"was missing. Without --event it explains each firing or, if nothing fired, the last event that came closest.\n\n" +
			"--event takes a uuid, the beginning of one, or the number of the event in order of event time.\n\n" +
			"Exit codes: 0 explained, whether the rule fired or not; 2 the rule does not load; 3 usage, no such rule or event, or\n" +
			"unreadable input.",
		Example: "  oktastream explain --rule okta_session_device_tokens export.ndjson\n" +
			"  oktastream explain -r rules/ --rule brute_force --event f1d0b993 export.ndjson",
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return fail(exitUsage, fmt.Errorf("unknown format %q; there is: text, json", format))
			}
			notes := cmd.ErrOrStderr()
			set, name, err := src.loadRule(rule, notes)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				args = []string{"-"}
			}
			var inputs []offline.Input
			for _, name := range args {
				inputs = append(inputs, input(name, cmd.InOrStdin()))
			}
			events, read := offline.Read(inputs)
			if !quiet {
				for _, f := range read.Files {
					for _, p := range f.Problems {
						printable.Fprintf(notes, "%s\n", p)
					}
					if f.Err != nil {
						printable.Fprintf(notes, "%s: %v\n", f.Name, f.Err)
					}
				}
			}
			if err := read.Check(); err != nil {
				return fail(exitUsage, err)
			}
			given := make([]explain.Input, len(events))
			for i, e := range events {
				given[i] = explain.Input{JSON: e.JSON, Meta: e.Meta}
			}
			closer, err := asked(data, &set)
			if err != nil {
				return err
			}
			defer closer.Close()
			rep, err := explain.Run(set, name, given, event)
			if err != nil {
				return fail(exitUsage, err)
			}
			out := cmd.OutOrStdout()
			if format == "json" {
				enc := json.NewEncoder(out)
				enc.SetEscapeHTML(false)
				enc.SetIndent("", "  ")
				err = enc.Encode(rep)
			} else {
				err = rep.WriteText(out, isTerminal(out))
			}
			if err != nil {
				return fail(exitUsage, err)
			}
			return nil
		},
	}
	rulesFlag(cmd, &src)
	readingFlags(cmd, &data)
	cmd.Flags().StringVar(&rule, "rule", "", "name or id of the rule (may be left out if only one is loaded)")
	cmd.Flags().StringVar(&event, "event", "", "uuid, the beginning of one, or number of the event")
	cmd.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "no notes about the input")
	return cmd
}

// loadRule loads rules to explain one of them. Whatever is wrong with others is no matter here.
func (src *ruleSource) loadRule(want string, notes io.Writer) (*rules.Set, string, error) {
	res := src.load()
	set, between := rules.NewSet(res.Rules)
	if i := slices.IndexFunc(set.Rules(), func(r rules.Rule) bool { return r.Name == want || r.ID == want }); i >= 0 {
		return set, set.Rules()[i].Name, nil
	}
	if full := shortName(res.Files, want); full != "" {
		return src.loadRule(full, notes)
	}
	diags := slices.Concat(res.Diagnostics, between)
	if want == "" && len(set.Rules()) == 1 && !slices.ContainsFunc(diags, func(d rules.Diagnostic) bool { return d.Level == rules.Error }) {
		return set, set.Rules()[0].Name, nil
	}
	var names []string
	for _, f := range res.Files {
		if f.Name != "" {
			names = append(names, f.Name)
		}
		if want == "" || f.Name != want && f.ID != want && f.File != want {
			continue
		}
		if f.Status == lang.OK && f.Kind == "base" {
			return nil, "", fail(exitUsage, fmt.Errorf("%s fires only as part of the correlations that name it; ask about one of those", want))
		}
		for _, d := range diags {
			if d.File == f.File && (d.Rule == "" || d.Rule == f.Name) {
				fmt.Fprintln(notes, d.Error())
			}
		}
		return nil, "", fail(exitLoad, fmt.Errorf("the rule %s does not load", want))
	}
	var unreadable []string
	for _, d := range diags {
		if d.Rule == "" && d.Level == rules.Error {
			unreadable = append(unreadable, d.Error())
		}
	}
	if want == "" && len(set.Rules()) > 1 {
		return nil, "", fail(exitUsage, fmt.Errorf("%d rules are loaded; name one with --rule", len(set.Rules())))
	}
	if len(unreadable) > 0 || len(set.Rules()) == 0 {
		for _, d := range diags {
			fmt.Fprintln(notes, d.Error())
		}
		return nil, "", fail(exitLoad, errors.New("the rules do not load"))
	}
	hint := source.DidYouMean(want, names)
	return nil, "", fail(exitUsage, fmt.Errorf("%w: %q: %s", explain.ErrNoRule, want, strings.TrimSpace(hint)))
}

// shortName is the whole name of the only rule that other rules of its file may call want; empty if there is none, or if
// want is the whole name of a rule.
func shortName(files []lang.FileReport, want string) string {
	found := ""
	for _, f := range files {
		switch {
		case f.Name == want || f.ID == want || f.File == want:
			return ""
		case want == "" || !strings.HasSuffix(f.Name, "/"+want):
		case found != "":
			return ""
		default:
			found = f.Name
		}
	}
	return found
}
