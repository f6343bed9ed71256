package encoding

import (
	"fmt"
	"regexp"
	"strings"

	"oktastream/rules/alert"
	"oktastream/rules/printable"
)

// levels are a person's short words for severities, with the colour for a terminal.
var levels = map[alert.Severity]struct{ word, colour string }{
	alert.Informational: {"INFO", "\x1b[2m"},
	alert.Low:           {"LOW", "\x1b[36m"},
	alert.Medium:        {"MED", "\x1b[33m"},
	alert.High:          {"HIGH", "\x1b[31m"},
	alert.Critical:      {"CRIT", "\x1b[1;31m"},
}

// longHash finds what nobody reads to the end: hashes and the like.
var longHash = regexp.MustCompile(`\b[0-9a-fA-F]{32,}\b`)

// Text is one line for people, without a line end: event time of day (UTC), severity, rule, subject, reason, address.
// Hashes in the reason are shortened.
// With colour the severity is set off by terminal escapes. What comes from events cannot write escapes of its own.
func Text(a *alert.Alert, colour bool) string {
	l, ok := levels[a.Severity]
	if !ok {
		l.word = strings.ToUpper(string(a.Severity))
	}
	level := fmt.Sprintf("%-4s", l.word)
	if colour && l.colour != "" {
		level = l.colour + level + "\x1b[0m"
	}
	line := fmt.Sprintf("%s %s %-39s  %s  %s", a.Time.UTC().Format("15:04:05"), level,
		printable.Line(a.Rule.Name), printable.Line(a.Subject()), shorten(printable.Line(a.Reason)))
	if a.Source != nil && a.Source.IP != "" && a.Source.IP != a.Subject() {
		line += "  " + printable.Line(a.Source.IP)
	}
	if a.Late {
		line += "  (late)"
	}
	if a.Status == alert.Update {
		line += fmt.Sprintf("  (update %d)", a.Revision)
	}
	return line
}

func shorten(s string) string {
	return longHash.ReplaceAllStringFunc(s, func(h string) string { return h[:8] + "…" })
}
