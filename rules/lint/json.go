package lint

import (
	"encoding/json"
	"io"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang"
)

// The names in these types are a contract with scripts.
type (
	jsonReport struct {
		Rules       []jsonRule    `json:"rules"`
		Diagnostics []jsonFinding `json:"diagnostics"` // of files as a whole, or between rules
		Ignored     []jsonFinding `json:"ignored"`
		Summary     Summary       `json:"summary"`
		ECS         jsonECS       `json:"ecs"`
	}

	// jsonECS says what the ECS names mean.
	jsonECS struct {
		Integration string `json:"integration"`
		UserName    string `json:"user_name"`
	}

	jsonRule struct {
		File        string        `json:"file"`
		Line        int           `json:"line,omitempty"`
		ID          string        `json:"id"`
		Name        string        `json:"name"`
		Title       string        `json:"title"`
		Language    string        `json:"language"`
		Kind        string        `json:"kind"`
		Status      lang.Status   `json:"status"`
		Diagnostics []jsonFinding `json:"diagnostics"`
	}

	jsonFinding struct {
		File    string      `json:"file"`
		Line    int         `json:"line,omitempty"`
		Col     int         `json:"col,omitempty"`
		EndCol  int         `json:"end_col,omitempty"` // behind the last character; 0 for a document as a whole
		Level   rules.Level `json:"level"`
		Code    string      `json:"code"`
		Message string      `json:"message"`
		Hint    string      `json:"hint,omitempty"`
	}
)

// WriteJSON prints the report as one indented object.
func (rep *Report) WriteJSON(w io.Writer) error {
	out := jsonReport{Rules: []jsonRule{}, Diagnostics: jsonFindings(rep.Loose), Ignored: jsonFindings(rep.Ignored), Summary: rep.Summary(),
		ECS: jsonECS{event.Integration, rep.Naming.String()}}
	for _, r := range rep.Rules {
		out.Rules = append(out.Rules, jsonRule{File: r.File, Line: r.Pos.Line, ID: r.ID, Name: r.Name, Title: r.Title,
			Language: r.Language, Kind: r.Kind, Status: r.Status, Diagnostics: jsonFindings(r.Findings)})
	}
	return encode(w, out)
}

func jsonFindings(fs []Finding) []jsonFinding {
	out := []jsonFinding{}
	for _, f := range fs {
		j := jsonFinding{File: f.File, Line: f.Line, Col: f.Col, Level: f.Level, Code: f.Code, Message: f.Message, Hint: f.Hint}
		if f.Length > 0 {
			j.EndCol = f.Col + f.Length
		}
		out = append(out, j)
	}
	return out
}

func encode(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
