package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"oktastream/processor/encoding"
	"oktastream/processor/offline"
	"oktastream/rules/alert"
	"oktastream/rules/engine"
	"oktastream/rules/printable"
)

func newEval() *cobra.Command {
	var src ruleSource
	var format, org string
	var quiet, history bool
	var rejected float64
	var data reading
	cmd := &cobra.Command{
		Use:   "eval [FILE...|-]",
		Short: "Evaluate rules over files, without Kafka",
		Long: "eval reads files (or standard input) of events in any envelope: JSON documents, one a line or not, or the admin console's\n" +
			"CSV, plain or packed with gzip or zstd. It evaluates the rules in order of event time and prints one alert per line. Notes and a summary go to standard error. The end of the\n" +
			"input closes every window. The same input gives the same bytes.\n\n" +
			"Exit codes: 0 ok, 1 --max-rejected does not hold, 2 a rule does not load, 3 usage, unreadable input, or input without\n" +
			"any event.",
		Example: "  oktastream eval export.ndjson\n  oktastream eval -r rules/ -o ecs - < events.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := checkFormat(format)
			if err != nil {
				return err
			}
			if rejected < 0 || rejected > 100 {
				return fail(exitUsage, fmt.Errorf("--max-rejected is a percentage, not %v", rejected))
			}
			notes := cmd.ErrOrStderr()
			set, err := src.loadSet(notes)
			if err != nil {
				return err
			}
			closer, err := asked(data, &set)
			if err != nil {
				return err
			}
			defer closer.Close()
			if len(args) == 0 {
				args = []string{"-"}
			}
			var inputs []offline.Input
			for _, name := range args {
				inputs = append(inputs, input(name, cmd.InOrStdin()))
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			rep, err := offline.Stream(set, engine.Options{Org: org, Version: buildVersion(), AssumeHistory: history}, inputs,
				func(a *alert.Alert) ([]byte, error) { return encoding.Encode(a, f) },
				func(line []byte) error {
					out.Write(line)
					return out.WriteByte('\n')
				})
			if err != nil {
				return fail(exitUsage, err)
			}
			if err := out.Flush(); err != nil {
				return fail(exitUsage, err)
			}
			if !quiet {
				for _, line := range rep.Summary(set) {
					printable.Fprintf(notes, "%s\n", line)
				}
			}
			if err := rep.Check(); err != nil {
				return fail(exitUsage, err)
			}
			if share := rep.Rejected(); cmd.Flags().Changed("max-rejected") && share > rejected {
				return fail(exitFindings, fmt.Errorf("%.3g %% of the input holds no event, more than %v %%", share, rejected))
			}
			return nil
		},
	}
	rulesFlag(cmd, &src)
	readingFlags(cmd, &data)
	cmd.Flags().StringVarP(&format, "output", "o", encoding.Default, "format of the alerts: native or ecs")
	cmd.Flags().StringVar(&org, "org", "", "organisation name, for alerts and their ids")
	cmd.Flags().BoolVar(&history, "assume-history", false, "rules about what is seen for the first time take the first event for the beginning of all")
	cmd.Flags().Float64Var(&rejected, "max-rejected", 0, "exit with 1 if a larger percentage of the input holds no event")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "no notes and no summary")
	return cmd
}

func checkFormat(name string) (string, error) {
	if _, err := encoding.New(encoding.Options{Format: name}); err != nil {
		return "", fail(exitUsage, err)
	}
	return name, nil
}

func input(name string, stdin io.Reader) offline.Input {
	if name == "-" {
		return offline.Input{Name: "stdin", Open: func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil }}
	}
	return offline.Input{Name: name, Open: func() (io.ReadCloser, error) {
		info, err := os.Stat(name)
		if err == nil && info.IsDir() {
			return nil, errors.New("is a directory; name the files in it")
		}
		if err != nil {
			return nil, err
		}
		return os.Open(name)
	}}
}
