package lint

import (
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"oktastream/rules"
)

// The part of SARIF 2.1.0 that we write.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}

	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
		ColumnKind  string            `json:"columnKind"`
	}

	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}

	sarifDriver struct {
		Name            string            `json:"name"`
		Version         string            `json:"version,omitempty"`
		SemanticVersion string            `json:"semanticVersion,omitempty"`
		Rules           []sarifDescriptor `json:"rules"`
	}

	sarifDescriptor struct {
		ID               string       `json:"id"`
		ShortDescription sarifMessage `json:"shortDescription"`
		FullDescription  sarifMessage `json:"fullDescription"`
		Help             sarifHelp    `json:"help"`
	}

	sarifMessage struct {
		Text string `json:"text"`
	}

	sarifHelp struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown"`
	}

	sarifInvocation struct {
		ExecutionSuccessful bool `json:"executionSuccessful"`
	}

	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifMessage       `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}

	sarifLocation struct {
		PhysicalLocation sarifPhysical `json:"physicalLocation"`
	}

	sarifPhysical struct {
		ArtifactLocation sarifArtifact `json:"artifactLocation"`
		Region           *sarifRegion  `json:"region,omitempty"`
	}

	sarifArtifact struct {
		URI string `json:"uri"`
	}

	sarifRegion struct {
		StartLine   int           `json:"startLine"`
		StartColumn int           `json:"startColumn,omitempty"`
		EndColumn   int           `json:"endColumn,omitempty"`
		Snippet     *sarifMessage `json:"snippet,omitempty"`
	}

	sarifSuppression struct {
		Kind string `json:"kind"`
	}
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// WriteSARIF prints findings as a SARIF 2.1.0 log. Ignored ones are in it, marked as suppressed. version is the
// program's; empty if it has none.
func (rep *Report) WriteSARIF(w io.Writer, version string) error {
	findings := rep.Findings()
	shown := len(findings)
	findings = append(findings, rep.Ignored...)
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "oktastream", Version: version, Rules: []sarifDescriptor{}}},
		Invocations: []sarifInvocation{{ExecutionSuccessful: true}},
		Results:     []sarifResult{},
		ColumnKind:  "unicodeCodePoints",
	}
	codes := []string{}
	for _, f := range findings {
		codes = append(codes, f.Code)
	}
	slices.Sort(codes)
	codes = slices.Compact(codes)
	for _, code := range codes {
		d := sarifDescriptor{ID: code}
		if e := Explain(code); e != nil {
			title := sentence(e.Title)
			d.ShortDescription, d.FullDescription = sarifMessage{title}, sarifMessage{title}
			d.Help = sarifHelp{Text: e.Text, Markdown: e.Text}
		}
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, d)
	}
	for i, f := range findings {
		r := sarifResult{RuleID: f.Code, RuleIndex: slices.Index(codes, f.Code), Level: sarifLevel(f.Level),
			Message: sarifMessage{sentence(f.Message)}, Locations: []sarifLocation{{sarifPhysical{
				ArtifactLocation: sarifArtifact{fileURI(f.File)}, Region: f.region()}}}}
		if f.Hint != "" {
			r.Message.Text += " " + sentence(f.Hint)
		}
		if i >= shown {
			r.Suppressions = []sarifSuppression{{"inSource"}}
		}
		run.Results = append(run.Results, r)
	}
	return encode(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

func (f *Finding) region() *sarifRegion {
	if f.Line < 1 {
		return nil
	}
	r := &sarifRegion{StartLine: f.Line, StartColumn: f.Col}
	if f.Length > 0 && f.Col > 0 {
		r.EndColumn = f.Col + f.Length
		r.Snippet = &sarifMessage{f.Source}
	}
	return r
}

func sarifLevel(l rules.Level) string {
	switch l {
	case rules.Error:
		return "error"
	case rules.Warning, rules.Unsupported:
		return "warning"
	}
	return "note"
}

// sentence ends a message with a full stop, as SARIF asks for.
func sentence(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".?!") {
		return s
	}
	return s + "."
}

// fileURI is a file's name as a URI reference: relative names stay relative, to be seen from where the command ran.
func fileURI(name string) string {
	u := url.URL{Path: name}
	if path.IsAbs(name) {
		u.Scheme = "file"
	}
	return u.String()
}
