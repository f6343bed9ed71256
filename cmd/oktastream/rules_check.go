package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"oktastream/rules"
	"oktastream/rules/lang"
)

// checkReport is what `rules check -o json` prints; its names are a contract.
type checkReport struct {
	Rules       []checkedRule  `json:"rules"`
	Diagnostics []diagnostic   `json:"diagnostics"` // of files as a whole, or between rules
	Summary     map[string]int `json:"summary"`     // ok, unsupported, error; warnings
}

type checkedRule struct {
	File        string       `json:"file"`
	Line        int          `json:"line,omitempty"`
	ID          string       `json:"id"`
	Name        string       `json:"name"`
	Title       string       `json:"title"`
	Language    string       `json:"language"`
	Kind        string       `json:"kind"`
	Status      lang.Status  `json:"status"`
	Diagnostics []diagnostic `json:"diagnostics"`
}

type diagnostic struct {
	File    string      `json:"file"`
	Line    int         `json:"line,omitempty"`
	Col     int         `json:"col,omitempty"`
	Level   rules.Level `json:"level"`
	Code    string      `json:"code"`
	Message string      `json:"message"`
	Hint    string      `json:"hint,omitempty"`
}

func newRulesCheck() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "check [PATH]...",
		Short: "Load rules and report on each",
		Long: "check loads rule files and directories (without PATH, the shipped pack) and reports file, id, title, language,\n" +
			"kind and status of each rule, with diagnostics.\n\n" +
			"Exit codes: 0 ok, 1 warnings or unsupported rules, 2 something does not load, 3 usage.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "json" {
				return fail(exitUsage, fmt.Errorf("unknown format %q; there is: text, json", format))
			}
			rep := check(load(args))
			var err error
			if format == "json" {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetEscapeHTML(false)
				enc.SetIndent("", "  ")
				err = enc.Encode(rep)
			} else {
				err = rep.text(cmd.OutOrStdout())
			}
			switch {
			case err != nil:
				return fail(exitUsage, err)
			case rep.Summary["error"] > 0:
				return fail(exitLoad, nil)
			case rep.Summary["unsupported"]+rep.Summary["warnings"] > 0:
				return fail(exitFindings, nil)
			case len(rep.Rules) == 0:
				return fail(exitLoad, fmt.Errorf("no rule found in %q", args))
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "text", "text or json")
	return cmd
}

// check puts diagnostics with the rules that they are about.
func check(res lang.Result) checkReport {
	_, between := rules.NewSet(res.Rules)
	rep := checkReport{Rules: []checkedRule{}, Diagnostics: []diagnostic{}, Summary: map[string]int{"ok": 0, "unsupported": 0, "error": 0, "warnings": 0}}
	for _, f := range res.Files {
		rep.Rules = append(rep.Rules, checkedRule{File: f.File, Line: f.Pos.Line, ID: f.ID, Name: f.Name, Title: f.Title,
			Language: f.Language, Kind: f.Kind, Status: f.Status, Diagnostics: []diagnostic{}})
	}
	for _, d := range slices.Concat(res.Diagnostics, between) {
		out := diagnostic{File: d.File, Line: d.Line, Col: d.Col, Level: d.Level, Code: d.Code, Message: d.Message, Hint: d.Hint}
		if d.Level == rules.Warning {
			rep.Summary["warnings"]++
		}
		r := rep.owner(d)
		if r == nil {
			rep.Diagnostics = append(rep.Diagnostics, out)
			if d.Level == rules.Error {
				rep.Summary["error"]++
			}
			continue
		}
		r.Diagnostics = append(r.Diagnostics, out)
		if d.Level == rules.Error {
			r.Status = lang.Failed
		}
	}
	for i := range rep.Rules {
		slices.SortStableFunc(rep.Rules[i].Diagnostics, func(a, b diagnostic) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
		})
		rep.Summary[string(rep.Rules[i].Status)]++
	}
	return rep
}

// owner is the document of the file that d lies in: the last that begins at or before it.
func (rep *checkReport) owner(d rules.Diagnostic) *checkedRule {
	var found *checkedRule
	for i := range rep.Rules {
		r := &rep.Rules[i]
		if r.File == d.File && (found == nil || r.Line <= d.Line) {
			found = r
		}
	}
	return found
}

func (rep *checkReport) text(w io.Writer) error {
	var err error
	print := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(w, format, args...)
		}
	}
	for _, r := range rep.Rules {
		title := r.Title
		if title == "" {
			title = r.Name
		}
		print("%-11s %-9s %-10s %s  %s  %s\n", r.Status, cmp.Or(r.Language, "-"), cmp.Or(r.Kind, "-"), cmp.Or(r.ID, "-"), r.File, title)
		for _, d := range r.Diagnostics {
			print("  %s\n", d)
		}
	}
	for _, d := range rep.Diagnostics {
		print("%s\n", d)
	}
	print("%d ok, %d unsupported, %d errors, %d warnings\n", rep.Summary["ok"], rep.Summary["unsupported"], rep.Summary["error"], rep.Summary["warnings"])
	return err
}

func (d diagnostic) String() string {
	x := rules.Diagnostic{File: d.File, Level: d.Level, Code: d.Code, Message: d.Message, Hint: d.Hint}
	x.Line, x.Col = d.Line, d.Col
	return x.Error()
}
