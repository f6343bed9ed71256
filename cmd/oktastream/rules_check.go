package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"oktastream/rules"
	"oktastream/rules/lang/source"
	"oktastream/rules/lint"
)

const checkHelp = `check loads rule files and directories (without PATH, the shipped pack), looks for what their author cannot have meant,
and reports file, id, title, language, kind and status of each rule, with findings. A finding has a code; what it means
is printed with --explain CODE. Levels:

  error        the rule does not load, or loads and can never match
  unsupported  the rule is valid where it comes from, but this version cannot run it
  warning      the rule loads, but probably does not do what its author meant
  note         worth knowing

A comment ignores warnings, notes and rules that can never match: at the end of a line or on lines above it, for that
line; before the first line, for the whole file:

  # oktastream: ignore OKS0708 because only events of known sessions matter here

Output for machines: json, sarif (2.1.0), junit, and github (workflow commands).

Exit codes: 0 everything loads and there are at most notes, 1 warnings, unsupported rules or rules that can never match,
2 something does not load, 3 wrong usage.`

func newRulesCheck() *cobra.Command {
	var output, feed, retention, explain, naming string
	var levels []string
	var src ruleSource
	cmd := &cobra.Command{
		Use:   "check [PATH]...",
		Short: "Load rules and report on each",
		Long:  checkHelp,
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("explain") {
				return explainCode(cmd.OutOrStdout(), explain)
			}
			write, err := reportWriter(output)
			if err != nil {
				return fail(exitUsage, err)
			}
			o, err := lintOptions(feed, retention, levels)
			if err != nil {
				return fail(exitUsage, err)
			}
			if o.Naming, err = namingOf(naming); err != nil {
				return err
			}
			src.paths = args
			in := lint.Input{Loaded: src.load(), Read: src.read}
			in.Tests, in.Broken = src.tests()
			rep := lint.Check(in, o)
			summary := rep.Summary()
			switch err := write(rep, cmd.OutOrStdout()); {
			case err != nil:
				return fail(exitUsage, err)
			case summary.Failed():
				return fail(exitLoad, nil)
			case !summary.Clean():
				return fail(exitFindings, nil)
			case len(rep.Rules) == 0:
				return fail(exitLoad, fmt.Errorf("no rule found in %q", args))
			}
			return nil
		},
	}
	namingFlag(cmd, &naming)
	f := cmd.Flags()
	loadFlags(cmd, &src)
	f.StringVarP(&output, "output", "o", "text", "text, json, sarif, junit or github")
	f.StringVar(&feed, "feed", "", "how events leave Okta: event-hook, log-stream or system-log-api; finds rules on types that do not come")
	f.StringVar(&retention, "retention", "30d", "how long the changelog topic keeps state (retention.ms); finds windows that outlast it")
	f.StringArrayVar(&levels, "level", nil, "CODE=LEVEL with error, warning, note or off, such as OKS0711=warning; may be repeated")
	f.StringVar(&explain, "explain", "", "print what a code means, and what to do")
	return cmd
}

// reportWriter finds the function for a format.
func reportWriter(format string) (func(*lint.Report, io.Writer) error, error) {
	switch format {
	case "text":
		return (*lint.Report).WriteText, nil
	case "json":
		return (*lint.Report).WriteJSON, nil
	case "sarif":
		return func(r *lint.Report, w io.Writer) error { return r.WriteSARIF(w, version) }, nil
	case "junit":
		return (*lint.Report).WriteJUnit, nil
	case "github":
		return (*lint.Report).WriteGitHub, nil
	}
	return nil, fmt.Errorf("unknown format %q; there is: text, json, sarif, junit, github", format)
}

func lintOptions(feed, retention string, levels []string) (o lint.Options, err error) {
	o = lint.Options{Levels: map[string]rules.Level{}}
	if o.Feed, err = lint.ParseFeed(feed); err != nil {
		return o, err
	}
	if o.Retention, err = source.Duration(retention); err != nil {
		return o, fmt.Errorf("--retention: %w; write 90m, 24h or 30d", err)
	}
	for _, text := range levels {
		code, level, ok := strings.Cut(text, "=")
		if !ok {
			return o, fmt.Errorf("--level is CODE=LEVEL, not %q", text)
		}
		if lint.Explain(code) == nil {
			return o, unknownCode(code)
		}
		if o.Levels[strings.ToUpper(code)], err = lint.ParseLevel(level); err != nil {
			return o, err
		}
	}
	return o, nil
}

func explainCode(w io.Writer, code string) error {
	e := lint.Explain(code)
	if e == nil {
		return fail(exitUsage, unknownCode(code))
	}
	_, err := fmt.Fprintf(w, "%s: %s\n\n%s\n", e.Code, e.Title, e.Text)
	return err
}

func unknownCode(code string) error {
	return fmt.Errorf("there is no code %q; %s", code, source.DidYouMean(code, lint.Codes()))
}
