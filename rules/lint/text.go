package lint

import (
	"cmp"
	"io"
	"strings"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/lang"
	"oktastream/rules/printable"
)

// WriteText prints one line a document, and below it what there is to say, with the piece of text that it is about.
func (rep *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	untested := rep.untested()
	for _, r := range rep.Rules {
		printable.Fprintf(&b, "%-11s %-9s %-10s %s  %s  %s\n", r.Status, cmp.Or(r.Language, "-"), cmp.Or(r.Kind, "-"), cmp.Or(r.ID, "-"),
			r.File, cmp.Or(r.Title, r.Name))
		for i := range r.Findings {
			if untested > maxUntested && r.Findings[i].Code == NoTest && r.Findings[i].Level == rules.Note {
				continue
			}
			r.Findings[i].text(&b)
		}
	}
	if untested > maxUntested {
		printable.Fprintf(&b, "note %s: no test names %d of %s (rules check -o json lists them)\n", NoTest, untested, rules.Counted(len(rep.Rules), "rule"))
	}
	for i := range rep.Loose {
		rep.Loose[i].text(&b)
	}
	s := rep.Summary()
	printable.Fprintf(&b, "%d ok", s.OK)
	if bases := rep.bases(); bases > 0 {
		printable.Fprintf(&b, " (%s among them)", rules.Counted(bases, "base rule"))
	}
	printable.Fprintf(&b, ", %d unsupported, %s, %s", s.Unsupported, rules.Counted(s.Error, "error"), rules.Counted(s.Warnings, "warning"))
	if s.Defects > 0 {
		printable.Fprintf(&b, ", %s in rules that load", rules.Counted(s.Defects, "error"))
	}
	if s.Notes > 0 {
		printable.Fprintf(&b, ", %s", rules.Counted(s.Notes, "note"))
	}
	if s.Ignored > 0 {
		printable.Fprintf(&b, ", %d ignored", s.Ignored)
	}
	printable.Fprintf(&b, "\nECS names as Elastic's Okta integration fills them (%s); user.name is the %s\n", event.Integration, rep.Naming)
	_, err := io.WriteString(w, b.String())
	return err
}

// maxUntested is how many rules without a test are each told of. Beyond, one line says it of them all.
const maxUntested = 3

// untested is how many rules no test names.
func (rep *Report) untested() int {
	n := 0
	for _, r := range rep.Rules {
		for i := range r.Findings {
			if r.Findings[i].Code == NoTest && r.Findings[i].Level == rules.Note {
				n++
			}
		}
	}
	return n
}

// bases is how many of the rules that load only have a meaning within correlations.
func (rep *Report) bases() int {
	n := 0
	for _, r := range rep.Rules {
		if r.Status == lang.OK && r.Kind == "base" {
			n++
		}
	}
	return n
}

func (f *Finding) text(b *strings.Builder) {
	d := f.Diagnostic
	if f.Length == 0 {
		printable.Fprintf(b, "  %s\n", d.Error())
		return
	}
	d.Hint = ""
	printable.Fprintf(b, "  %s\n", d.Error())
	text, before, carets := f.Excerpt()
	printable.Fprintf(b, "%6d | %s\n", f.Line, text)
	printable.Fprintf(b, "%6s | %s%s", "", strings.Repeat(" ", before), strings.Repeat("^", carets))
	if f.Hint != "" {
		printable.Fprintf(b, " %s", f.Hint)
	}
	b.WriteByte('\n')
}

// excerptWidth is how much of a line is shown.
const excerptWidth = 110

// Excerpt returns the line that f is about, shortened to what fits, and which part of it f means: how many characters
// are before, and how many belong to it. A tab or another
// control character becomes a blank.
func (f *Finding) Excerpt() (text string, before, length int) {
	// Texts of rules are compared with what invisible characters they hold; each takes one place here.
	line := []rune(printable.Line(strings.ReplaceAll(f.Source, "\t", " ")))
	at := min(max(f.Col-1, 0), len(line))
	length = max(f.Length, 1)
	if len(line) <= excerptWidth {
		return string(line), at, length
	}
	from := 0
	if at+length > excerptWidth {
		from = min(max(at-excerptWidth/3, 0), len(line)-excerptWidth)
	}
	to := from + excerptWidth
	length = max(min(length, to-at), 1)
	text = string(line[from:to])
	before = at - from
	if to < len(line) {
		text += " …"
	}
	if from > 0 {
		text = "… " + text
		before += 2
	}
	return text, before, length
}
