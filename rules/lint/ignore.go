package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/token"

	"oktastream/rules"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// ignore is a comment of the form
//
//	# oktastream: ignore OKS0708, OKS0715 because …
//
// at the end of a line, on lines of its own above one, or, before the first line that is no comment, for the whole file.
// A line that begins a text of several lines stands for all of them.
type ignore struct {
	pos         match.Pos // of the comment's #
	length      int
	codes       []string
	used        []bool // by code
	first, last int    // lines; 0 for the whole file
}

var (
	ignoreComment = regexp.MustCompile(`^\s*oktastream:\s*ignore\b(.*)`)
	codeShape     = regexp.MustCompile(`^OKS\d+$`)
)

// parseIgnores reads the comments of a text that the parser has accepted.
func parseIgnores(text string) []*ignore {
	if !strings.Contains(text, "oktastream:") {
		return nil
	}
	type comment struct {
		pos  match.Pos
		text string
	}
	var comments []comment
	content := map[int]int{} // line on which something begins that is no comment → last line of that
	top := 0                 // first such line
	header := 0              // line of the mark of a block text that is about to come
	for _, t := range lexer.Tokenize(text) {
		at := match.Pos{Line: t.Position.Line, Col: t.Position.Column}
		if t.Type == token.CommentType {
			comments = append(comments, comment{at, t.Value})
			continue
		}
		if top == 0 {
			top = at.Line
		}
		first, lines := at.Line, strings.Count(strings.Trim(t.Origin, " \n"), "\n")
		if header > 0 { // the text of a block begins below its mark; its own position is not reliable
			first, lines = header, 1+strings.Count(strings.TrimRight(t.Origin, " \n"), "\n")
		}
		header = 0
		if t.Type == token.LiteralType || t.Type == token.FoldedType {
			header = at.Line
		}
		content[first] = max(content[first], first+lines)
	}
	alone := map[int]bool{} // lines with nothing but a comment
	for _, c := range comments {
		alone[c.pos.Line] = content[c.pos.Line] == 0
	}
	var out []*ignore
	for _, c := range comments {
		m := ignoreComment.FindStringSubmatch(c.text)
		if m == nil {
			continue
		}
		ig := &ignore{pos: c.pos, length: len([]rune(c.text)) + 1, codes: codesOf(m[1])}
		ig.used = make([]bool, len(ig.codes))
		out = append(out, ig)
		if c.pos.Line < top || top == 0 {
			continue
		}
		line := c.pos.Line
		for alone[line] {
			line++
		}
		ig.first, ig.last = line, max(line, content[line])
	}
	return out
}

// codesOf reads the codes at the beginning of a comment; the reason follows them.
func codesOf(text string) []string {
	var codes []string
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' }) {
		w = strings.TrimRight(w, ":;.")
		if !codeShape.MatchString(w) {
			break
		}
		codes = append(codes, w)
	}
	return codes
}

// covers reports whether a finding on the line with that code is ignored, and remembers that it was of use.
func (ig *ignore) covers(line int, code string) bool {
	i := slices.Index(ig.codes, code)
	if i < 0 || ig.first > 0 && (line < ig.first || line > ig.last) {
		return false
	}
	ig.used[i] = true
	return true
}

// ignored tells whether a comment in the file of f ignores it. What keeps a rule from loading cannot be ignored.
func (c *checker) ignored(f *Finding) bool {
	if f.blocks() {
		return false
	}
	src := c.file(f.File)
	if src == nil {
		return false
	}
	found := false
	for _, ig := range src.ignores { // all of them, so that none is called unused because of another
		if ig.covers(f.Line, f.Code) {
			found = true
		}
	}
	return found
}

// misuse finds what is wrong with ignores, once all other findings have been looked at.
func (c *checker) misuse() []Finding {
	var out []Finding
	for _, name := range c.ruleFiles() {
		src := c.file(name)
		if src == nil {
			continue
		}
		for _, ig := range src.ignores {
			say := func(level rules.Level, code, hint, message string) {
				out = append(out, Finding{Diagnostic: rules.Diagnostic{File: name, Pos: ig.pos, Level: level, Code: code, Message: message, Hint: hint},
					Length: ig.length, Source: src.line(ig.pos.Line), lint: true})
			}
			if len(ig.codes) == 0 {
				say(rules.Warning, EmptyIgnore, "write # oktastream: ignore "+Unindexed+" and why", "the comment names no code, and ignores nothing")
			}
			for i, code := range ig.codes {
				switch {
				case Explain(code) == nil:
					say(rules.Warning, UnknownIgnore, source.DidYouMean(code, Codes()), "there is no code "+code)
				case !ig.used[i] && !slices.Contains([]string{UnknownIgnore, UnusedIgnore, EmptyIgnore}, code):
					say(rules.Note, UnusedIgnore, "remove it", "there is no "+code+" here to ignore")
				}
			}
		}
	}
	return out
}

// ruleFiles lists the files that were loaded, each once, in order.
func (c *checker) ruleFiles() []string {
	var names []string
	seen := map[string]bool{}
	for _, f := range c.in.Loaded.Files {
		if !seen[f.File] {
			seen[f.File] = true
			names = append(names, f.File)
		}
	}
	return names
}
