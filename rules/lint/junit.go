package lint

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"oktastream/rules"
	"oktastream/rules/lang"
)

// The part of JUnit's XML that CI servers agree on.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}

	junitSuite struct {
		Name     string      `xml:"name,attr"` // the file
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}

	junitCase struct {
		Name    string       `xml:"name,attr"` // the rule
		Class   string       `xml:"classname,attr"`
		File    string       `xml:"file,attr"`
		Line    int          `xml:"line,attr,omitempty"`
		Failure *junitReason `xml:"failure"`
		Error   *junitReason `xml:"error"`
		Skipped *junitReason `xml:"skipped"`
		Output  string       `xml:"system-out,omitempty"`
	}

	junitReason struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit prints a test case for each document, in a suite for each file. A document that does not load is an error,
// one that is not supported is skipped, one with a defect or a warning is a failure; notes are its output.
func (rep *Report) WriteJUnit(w io.Writer) error {
	all := junitSuites{Name: "oktastream rules check"}
	for _, r := range rep.Rules {
		c := junitCase{Name: r.Name, Class: r.File, File: r.File, Line: r.Pos.Line}
		if c.Name == "" {
			c.Name = r.File
		}
		c.judge(r.Status, r.Findings)
		all.add(r.File, c)
	}
	for i, f := range rep.Loose {
		c := junitCase{Name: fmt.Sprintf("%s %s", f.File, f.Code), Class: f.File, File: f.File, Line: f.Line}
		status := lang.OK
		if f.Level == rules.Error {
			status = lang.Failed
		}
		c.judge(status, rep.Loose[i:i+1])
		all.add(f.File, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// judge puts the findings where the status and the worst of them belong.
func (c *junitCase) judge(status lang.Status, findings []Finding) {
	var text strings.Builder
	var worst *Finding
	for i := range findings {
		f := &findings[i]
		f.text(&text)
		if worst == nil || severity(f.Level) > severity(worst.Level) {
			worst = f
		}
	}
	if worst == nil {
		return
	}
	reason := &junitReason{Message: worst.Message, Type: worst.Code, Text: text.String()}
	switch {
	case status == lang.Failed:
		c.Error = reason
	case status == lang.Unsupported:
		c.Skipped = reason
	case worst.Level == rules.Error || worst.Level == rules.Warning:
		c.Failure = reason
	default:
		c.Output = text.String()
	}
}

func severity(l rules.Level) int {
	switch l {
	case rules.Error:
		return 3
	case rules.Unsupported:
		return 2
	case rules.Warning:
		return 1
	}
	return 0
}

func (all *junitSuites) add(file string, c junitCase) {
	n := len(all.Suites)
	if n == 0 || all.Suites[n-1].Name != file {
		all.Suites = append(all.Suites, junitSuite{Name: file})
		n++
	}
	s := &all.Suites[n-1]
	s.Cases = append(s.Cases, c)
	s.Tests++
	all.Tests++
	switch {
	case c.Error != nil:
		s.Errors++
		all.Errors++
	case c.Skipped != nil:
		s.Skipped++
		all.Skipped++
	case c.Failure != nil:
		s.Failures++
		all.Failures++
	}
}
