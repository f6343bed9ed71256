package ruletest

import (
	"encoding/xml"
	"fmt"
	"io"

	"oktastream/rules"
)

// The parts of the JUnit format that its many readers agree on. Times are left out: the clock of the tests is fixed.
type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	File     string      `xml:"file,attr,omitempty"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr,omitempty"`
	Line    int           `xml:"line,attr,omitempty"`
	Failure *junitProblem `xml:"failure,omitempty"`
	Error   *junitProblem `xml:"error,omitempty"`
	Skipped *junitProblem `xml:"skipped,omitempty"`
}

type junitProblem struct {
	Message string `xml:"message,attr,omitempty"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the report as JUnit XML: a suite for each test file, a case for each test and automatic case. Tests
// marked as todo are skipped, and diagnostics that are errors are cases with an error, so that no reader takes a rule
// that does not load for a pass.
func (r *Report) WriteJUnit(w io.Writer) error {
	var all junitSuites
	suite := func(name, file string) *junitSuite {
		for i := range all.Suites {
			if all.Suites[i].Name == name && all.Suites[i].File == file {
				return &all.Suites[i]
			}
		}
		all.Suites = append(all.Suites, junitSuite{Name: name, File: file})
		return &all.Suites[len(all.Suites)-1]
	}
	for _, x := range r.Results {
		s := suite(x.Rule, x.File)
		c := junitCase{Name: x.title(), Class: x.Rule, File: x.File, Line: x.Pos.Line}
		switch x.Status {
		case Fail:
			c.Failure = &junitProblem{Message: firstLine(x.Detail), Type: "alerts", Text: x.Detail}
			s.Failures++
		case Todo:
			c.Skipped = &junitProblem{Message: "todo: " + x.Todo}
			s.Skipped++
		}
		s.Cases = append(s.Cases, c)
		s.Tests++
	}
	for _, d := range r.Diagnostics {
		if d.Level != rules.Error {
			continue
		}
		s := suite(d.Rule, d.File)
		s.Cases = append(s.Cases, junitCase{Name: fmt.Sprintf("%s at %d:%d", d.Code, d.Line, d.Col), Class: d.Rule, File: d.File, Line: d.Line,
			Error: &junitProblem{Message: d.Message, Type: d.Code, Text: d.Error()}})
		s.Tests++
		s.Errors++
	}
	for _, s := range all.Suites {
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
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
