package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"oktastream/processor/offline"
	"oktastream/processor/offline/backtest"
	"oktastream/rules/engine"
	"oktastream/rules/printable"
)

func newBacktest() *cobra.Command {
	var src ruleSource
	var baseline, format, org string
	var perDay, top int
	var rejected float64
	var failOnLost, quiet, history bool
	var data reading
	cmd := &cobra.Command{
		Use:   "backtest [FILE...|-]",
		Short: "What rules would have done over files, and what it would have cost",
		Long: "backtest evaluates rules over files (or standard input), as eval does, and prints for each rule its alerts, alerts\n" +
			"per day, events and cost, and the groups with the most alerts. With --compare it tells which alerts are new and\n" +
			"which are lost against the rules in another directory: by rule, group and episode.\n\n" +
			"Cost is measured by evaluating each rule alone over the first 50,000 events that meet one of its conditions; the\n" +
			"share is of the sum over all rules. Files are streamed, but the events that meet a condition of some rule must fit\n" +
			"into memory.\n\n" +
			"Exit codes: 0 ok, 1 a gate does not hold, 2 a rule does not load, 3 usage, unreadable input, or input without any event.",
		Example: "  oktastream backtest export.ndjson\n" +
			"  oktastream backtest -r rules/ --compare ../main/rules/ --fail-on-lost --max-alerts-per-day 20 export.ndjson",
		RunE: func(cmd *cobra.Command, args []string) error {
			gates := backtest.Gates{FailOnLost: failOnLost}
			if cmd.Flags().Changed("max-alerts-per-day") {
				gates.MaxPerDay = &perDay
			}
			if cmd.Flags().Changed("max-rejected") {
				gates.MaxRejected = &rejected
			}
			switch {
			case format != "text" && format != "json":
				return fail(exitUsage, fmt.Errorf("unknown format %q; there is: text, json", format))
			case failOnLost && baseline == "":
				return fail(exitUsage, errors.New("--fail-on-lost needs --compare: lost against which rules?"))
			case perDay < 0 || top < 0:
				return fail(exitUsage, errors.New("--max-alerts-per-day and --top cannot be negative"))
			case rejected < 0 || rejected > 100:
				return fail(exitUsage, fmt.Errorf("--max-rejected is a percentage, not %v", rejected))
			}
			notes := cmd.ErrOrStderr()
			if quiet {
				notes = io.Discard
			}
			opts := backtest.Options{Engine: engine.Options{Org: org, Version: buildVersion(), AssumeHistory: history}, Top: top, Gates: gates, Now: time.Now}
			var err error
			if opts.Rules, err = src.loadSet(notes); err != nil {
				return err
			}
			if baseline != "" {
				before := src
				before.paths = []string{baseline}
				if opts.Baseline, err = before.loadSet(notes); err != nil {
					return err
				}
			}
			closer, err := asked(data, &opts.Rules, &opts.Baseline)
			if err != nil {
				return err
			}
			defer closer.Close()
			bar := &bars{w: notes}
			if !quiet && isTerminal(notes) {
				opts.Progress = bar
			}
			if len(args) == 0 {
				args = []string{"-"}
			}
			var inputs []offline.Input
			for _, name := range args {
				in := input(name, cmd.InOrStdin())
				if info, err := os.Stat(name); err == nil && name != "-" {
					in.Size = info.Size()
				}
				inputs = append(inputs, in)
			}
			rep, err := backtest.Run(cmd.Context(), opts, inputs)
			bar.end()
			if err != nil {
				return fail(exitUsage, err)
			}
			for _, line := range rep.Notes() {
				printable.Fprintf(notes, "%s\n", line)
			}
			if err := writeBacktest(cmd.OutOrStdout(), rep, format); err != nil {
				return fail(exitUsage, err)
			}
			switch {
			case rep.Check() != nil:
				return fail(exitUsage, rep.Check())
			case len(rep.Broken) > 0:
				return fail(exitFindings, nil)
			}
			return nil
		},
	}
	rulesFlag(cmd, &src)
	readingFlags(cmd, &data)
	cmd.Flags().StringVar(&baseline, "compare", "", "rule file or directory whose alerts are the baseline")
	cmd.Flags().IntVar(&perDay, "max-alerts-per-day", 0, "fail if all rules together raise more alerts on any UTC day")
	cmd.Flags().Float64Var(&rejected, "max-rejected", 0, "fail if a larger percentage of the input holds no event")
	cmd.Flags().BoolVar(&failOnLost, "fail-on-lost", false, "fail if an alert of the baseline is lost")
	cmd.Flags().IntVar(&top, "top", 10, "how many of the noisiest groups to list")
	cmd.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	cmd.Flags().StringVar(&org, "org", "", "organisation name, for alerts and their ids")
	cmd.Flags().BoolVar(&history, "assume-history", false, "rules about what is seen for the first time take the first event for the beginning of all")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "no notes and no progress")
	return cmd
}

func writeBacktest(w io.Writer, rep *backtest.Report, format string) error {
	out := bufio.NewWriter(w)
	if format == "json" {
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(rep); err != nil {
			return err
		}
	} else if err := rep.WriteText(out); err != nil {
		return err
	}
	return out.Flush()
}

// bars shows one progress bar after the other, each with the time that it will still take.
type bars struct {
	w   io.Writer
	bar *progressbar.ProgressBar
}

func (b *bars) Begin(stage string, total int64, bytes bool) {
	b.end()
	if total == 0 {
		total = -1 // not known: a spinner
	}
	opts := []progressbar.Option{
		progressbar.OptionSetWriter(b.w), progressbar.OptionSetDescription(fmt.Sprintf("%-10s", stage)),
		progressbar.OptionThrottle(100 * time.Millisecond), progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetElapsedTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30),
	}
	if bytes {
		opts = append(opts, progressbar.OptionShowBytes(true))
	} else {
		opts = append(opts, progressbar.OptionShowCount())
	}
	b.bar = progressbar.NewOptions64(total, opts...)
}

// A bar that cannot be drawn is no reason to stop.
func (b *bars) Add(n int) { _ = b.bar.Add(n) }

func (b *bars) end() {
	if b.bar != nil {
		_ = b.bar.Finish()
		b.bar = nil
	}
}
