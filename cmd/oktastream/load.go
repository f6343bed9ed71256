package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"oktastream/rules"
	"oktastream/rules/lang"
	"oktastream/rules/lang/source"
	"oktastream/rules/pack"
	"oktastream/rules/printable"
	"oktastream/rules/ruletest"
)

// ruleSource says which rules a command is about, and how they are loaded.
type ruleSource struct {
	paths []string // none for the shipped pack
	lang.Loading
	onError string // failOnError or skipOnError
}

// What an error in a rule does to the others.
const (
	failOnError = "fail" // nothing runs
	skipOnError = "skip" // the others run
)

// rulesFlag lets a command that takes files of events name its rules.
func rulesFlag(cmd *cobra.Command, src *ruleSource) {
	cmd.Flags().StringArrayVarP(&src.paths, "rules", "r", nil, "rule file or directory, may be repeated (default: the shipped pack)")
	loadFlags(cmd, src)
	cmd.Flags().StringVar(&src.onError, "rules-on-error", failOnError, "what a rule with errors does to the others: fail (nothing runs) or skip")
}

// loadFlags are those of every command that loads rules.
func loadFlags(cmd *cobra.Command, src *ruleSource) {
	cmd.Flags().StringVar(&src.FilesRoot, "rules-files-root", "", "a further directory below which files may lie that rules name (lists, samples)")
	cmd.Flags().BoolVar(&src.Disabled, "run-disabled-rules", false, "run rules that are disabled in Kibana as well")
}

// configured takes in what the settings say and the flags do not.
func (src *ruleSource) configured(cmd *cobra.Command, s *settings) {
	if len(src.paths) == 0 {
		src.paths = s.Rules
	}
	if !cmd.Flags().Changed("rules-on-error") {
		src.onError = s.RulesOnError
	}
	if !cmd.Flags().Changed("rules-files-root") {
		src.FilesRoot = s.RulesFilesRoot
	}
	src.Disabled = src.Disabled || s.RulesRunDisabled
}

// load reads rules from the paths, or the shipped pack, and warns of filters that have expired by now.
func (src *ruleSource) load() lang.Result {
	var res lang.Result
	if len(src.paths) == 0 {
		res = src.LoadFS(pack.FS, ".")
	} else {
		res = src.Load(src.paths)
	}
	res.Diagnostics = append(res.Diagnostics, res.Expired(time.Now())...)
	return res
}

// tests reads the tests beside the rules.
func (src *ruleSource) tests() ([]ruletest.File, []rules.Diagnostic) {
	if len(src.paths) == 0 {
		return ruletest.LoadFS(pack.FS, ".")
	}
	return ruletest.LoadWithin(src.paths, src.FilesRoot)
}

// read returns the text of a rule file, from where load has it.
func (src *ruleSource) read(name string) ([]byte, error) {
	files := source.FilesIn(pack.FS)
	if len(src.paths) > 0 {
		files = source.NewFiles(src.paths, src.FilesRoot)
	}
	return files.Read(name, source.LimitsOf(name).Bytes)
}

// loadSet loads rules that are about to run: errors are printed with their position and end the command, unless it is told
// to skip such rules; warnings are printed. A rule that this version does not support is left out and said to be.
func (src *ruleSource) loadSet(notes io.Writer) (*rules.Set, error) {
	if src.onError != failOnError && src.onError != skipOnError && src.onError != "" {
		return nil, fail(exitUsage, fmt.Errorf("unknown value %q for what an error in rules does (available: %s, %s)", src.onError, failOnError, skipOnError))
	}
	res := src.load()
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
	switch {
	case failed > 0 && src.onError != skipOnError:
		return nil, fail(exitLoad, fmt.Errorf("%s in rules", rules.Counted(failed, "error")))
	case len(set.Rules()) == 0:
		return nil, fail(exitLoad, fmt.Errorf("no rule found in %q", src.paths))
	case failed > 0:
		printable.Fprintf(notes, "RULES ARE MISSING: %s in rules; what has them detects nothing, the other %s run\n",
			rules.Counted(failed, "error"), rules.Counted(len(set.Rules()), "rule"))
	}
	return set, nil
}
