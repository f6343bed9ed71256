package source

import (
	"fmt"
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// Report collects the diagnostics of one document. It is not safe for concurrent use.
type Report struct {
	File        string
	Diagnostics []rules.Diagnostic

	errors, unsupported int
	listed              Listed
}

const (
	maxOfCode  = 200  // diagnostics of one code in a file that are listed
	maxMessage = 1000 // bytes: what an author wrote may be quoted in it
)

// Listed bounds how many diagnostics of one code a list has for one file. The zero value is ready.
type Listed map[listedKind]struct{ n, last int }

type listedKind struct{ file, code string }

const more = "; there are more of these in the file"

// Add appends d to list, or lets the last of its kind say that there are more.
func (l *Listed) Add(list []rules.Diagnostic, d rules.Diagnostic) []rules.Diagnostic {
	if *l == nil {
		*l = Listed{}
	}
	kind := listedKind{d.File, d.Code}
	seen := (*l)[kind]
	seen.n++
	switch {
	case seen.n <= maxOfCode:
		seen.last = len(list)
		list = append(list, d)
	case seen.n == maxOfCode+1 && !strings.HasSuffix(list[seen.last].Message, more):
		list[seen.last].Message += more
	}
	(*l)[kind] = seen
	return list
}

// Error reports something that keeps the rule from loading.
func (r *Report) Error(at match.Pos, code, hint, format string, args ...any) {
	r.add(rules.Error, at, code, hint, format, args)
}

// Unsupported reports something valid that this version cannot run.
func (r *Report) Unsupported(at match.Pos, code, hint, format string, args ...any) {
	r.add(rules.Unsupported, at, code, hint, format, args)
}

// Warn reports something that loads but is probably not what the author meant.
func (r *Report) Warn(at match.Pos, code, hint, format string, args ...any) {
	r.add(rules.Warning, at, code, hint, format, args)
}

// Note reports something worth knowing.
func (r *Report) Note(at match.Pos, code, hint, format string, args ...any) {
	r.add(rules.Note, at, code, hint, format, args)
}

func (r *Report) add(level rules.Level, at match.Pos, code, hint, format string, args []any) {
	switch level {
	case rules.Error:
		r.errors++
	case rules.Unsupported:
		r.unsupported++
	}
	r.Diagnostics = r.listed.Add(r.Diagnostics, rules.Diagnostic{
		File: r.File, Pos: at, Level: level, Code: code, Message: cut(fmt.Sprintf(format, args...)), Hint: cut(hint),
	})
}

func cut(text string) string {
	if len(text) <= maxMessage {
		return text
	}
	return strings.ToValidUTF8(text[:maxMessage], "") + "…"
}

// OK tells whether nothing so far keeps the rule from loading.
func (r *Report) OK() bool { return r.errors+r.unsupported == 0 }

// Failed tells whether there was an error.
func (r *Report) Failed() bool { return r.errors > 0 }

// Path reads a field path and warns of one that Okta's System Log is not known to have. ok is false after an error.
func (r *Report) Path(at match.Pos, text string) (p event.Path, ok bool) {
	p, err := event.ParsePath(text)
	if err != nil {
		r.Error(at, BadPath, "write a path such as actor.alternateId or target[type=User].alternateId",
			"%q is not a field path: %v", text, err)
		return p, false
	}
	if known, suggestion := event.KnownPath(p); !known {
		hint := ""
		if suggestion != "" {
			hint = "did you mean " + suggestion + "?"
		}
		r.Warn(at, UnknownPath, hint, "the System Log has no field %s that we know of", text)
	}
	return p, true
}

// Include adds what another report holds, with its places in its own file.
func (r *Report) Include(other *Report) {
	r.Diagnostics = append(r.Diagnostics, other.Diagnostics...)
	r.errors += other.errors
	r.unsupported += other.unsupported
}

// Only keeps the diagnostics of the given codes: they make the others pointless.
func (r *Report) Only(codes ...string) {
	all := r.Diagnostics
	r.Diagnostics, r.errors, r.unsupported, r.listed = nil, 0, 0, nil
	for _, d := range all {
		if !slices.Contains(codes, d.Code) {
			continue
		}
		r.Diagnostics = append(r.Diagnostics, d)
		switch d.Level {
		case rules.Error:
			r.errors++
		case rules.Unsupported:
			r.unsupported++
		}
	}
}

// Discreet makes the report one about a file that a rule names, and that may be anything: it keeps places and codes, and
// quotes nothing.
func (r *Report) Discreet() {
	for i := range r.Diagnostics {
		d := &r.Diagnostics[i]
		message, ok := discreet[d.Code]
		if !ok {
			message = "the file is not of the form that is expected"
		}
		d.Message = message
		if d.Code != BadIndicators {
			d.Hint = ""
		}
	}
}

var discreet = map[string]string{
	TooLarge:      "the file is too large",
	NotUTF8:       "the file is not UTF-8",
	Syntax:        "the file cannot be parsed",
	TooDeep:       "lists and maps are nested too deep",
	DuplicateKey:  "a key stands twice in one map",
	UnknownKey:    "a key that is not known",
	WrongType:     "a value of the wrong type",
	MissingKey:    "a key is missing",
	BadIndicators: "an entry that cannot be used",
}
