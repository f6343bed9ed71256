package author

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"oktastream/rules/lang/source"
)

// plainText is what may stand in YAML without quotes, if it is no other word of YAML's.
var plainText = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./@,-]*( [A-Za-z0-9_./@(),;-]+)*$`)

// wordsOfYAML are read as something else than text by one version of YAML or another.
var wordsOfYAML = []string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}

// scalar writes a text on one line.
func scalar(s string) string {
	switch {
	case plainText.MatchString(s) && !slices.Contains(wordsOfYAML, strings.ToLower(s)):
		return s
	case !strings.ContainsFunc(s, unicode.IsControl):
		return "'" + strings.ReplaceAll(s, "'", "''") + "'"
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b) // a JSON string is one of YAML's
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return "''" // strings always encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// literal tells whether a text of several lines can stand as a block, line by line as it is.
func literal(s string) bool {
	if !strings.Contains(strings.TrimSuffix(s, "\n"), "\n") || strings.HasSuffix(s, "\n\n") || strings.HasPrefix(s, "\n") {
		return false
	}
	for line := range strings.Lines(s) {
		line = strings.TrimSuffix(line, "\n")
		if line != strings.TrimRight(line, " \t") || strings.ContainsFunc(line, unicode.IsControl) || strings.HasPrefix(line, " ") {
			return false
		}
	}
	return true
}

// writeNode writes a tree as YAML in block form. Indentation is that of the keys inside.
func writeNode(b *strings.Builder, n *source.Node, indentation string) {
	switch {
	case n.Kind == source.Map && len(n.Pairs) > 0:
		for _, p := range n.Pairs {
			b.WriteString(indentation + scalar(p.Key.Text) + ":")
			writeValue(b, p.Value, indentation)
		}
	case n.Kind == source.List:
		for _, item := range n.Items {
			b.WriteString(indentation + "-")
			writeValue(b, item, indentation)
		}
	}
}

// writeValue writes what stands behind a key or dash.
func writeValue(b *strings.Builder, n *source.Node, indentation string) {
	inner := indentation + "  "
	switch {
	case n.Kind == source.Map && len(n.Pairs) == 0:
		b.WriteString(" {}\n")
	case n.Kind == source.List && len(n.Items) == 0:
		b.WriteString(" []\n")
	case n.Kind != source.Scalar:
		b.WriteString("\n")
		writeNode(b, n, inner)
	case n.Type != source.String:
		b.WriteString(" " + n.Text + "\n")
	case literal(n.Text):
		chomp := "|-"
		if strings.HasSuffix(n.Text, "\n") {
			chomp = "|"
		}
		b.WriteString(" " + chomp + "\n")
		for line := range strings.Lines(n.Text) {
			if line = strings.TrimSuffix(line, "\n"); line != "" {
				line = inner + line
			}
			b.WriteString(line + "\n")
		}
	default:
		b.WriteString(" " + scalar(n.Text) + "\n")
	}
}
