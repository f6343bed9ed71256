package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"oktastream/rules"
	"oktastream/rules/lang"
	"oktastream/rules/pack"
)

func rulesFlag(cmd *cobra.Command, paths *[]string) {
	cmd.Flags().StringArrayVarP(paths, "rules", "r", nil, "rule file or directory, may be repeated (default: the shipped pack)")
}

// load reads rules from paths, or the shipped pack, and warns of filters that have expired by now.
func load(paths []string) lang.Result {
	var res lang.Result
	if len(paths) == 0 {
		res = lang.LoadFS(pack.FS, ".")
	} else {
		res = lang.Load(paths)
	}
	res.Diagnostics = append(res.Diagnostics, res.Expired(time.Now())...)
	return res
}

// loadSet loads rules that are about to run: errors are printed with their position and end the command, warnings are
// printed. A rule that this version does not support is left out and said to be.
func loadSet(paths []string, notes io.Writer) (*rules.Set, error) {
	res := load(paths)
	set, diags := rules.NewSet(res.Rules)
	diags = slices.Concat(res.Diagnostics, diags)
	failed := 0
	for _, d := range diags {
		if d.Level != rules.Note {
			fmt.Fprintln(notes, d.Error())
		}
		if d.Level == rules.Error {
			failed++
		}
	}
	if failed > 0 {
		return nil, fail(exitLoad, fmt.Errorf("%s in rules", rules.Counted(failed, "error")))
	}
	if len(set.Rules()) == 0 {
		return nil, fail(exitLoad, fmt.Errorf("no rule found in %q", paths))
	}
	return set, nil
}
