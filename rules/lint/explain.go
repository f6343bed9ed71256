package lint

import (
	"embed"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Explanation says what a code means and what to do.
type Explanation struct {
	Code  string
	Title string // one line
	Text  string // Markdown: what it means, an example, what to write instead
}

// explain holds one file for each family of codes. A code has a section of its own: "## CODE Title" and text.
//
//go:embed explain/*.md
var explain embed.FS

var explanations = sync.OnceValue(func() map[string]*Explanation {
	all := map[string]*Explanation{}
	files, err := explain.ReadDir("explain")
	if err != nil {
		panic(err) // it is part of the binary
	}
	for _, f := range files {
		text, err := explain.ReadFile("explain/" + f.Name())
		if err != nil {
			panic(err)
		}
		for _, section := range strings.Split("\n"+string(text), "\n## ")[1:] {
			heading, body, _ := strings.Cut(section, "\n")
			code, title, _ := strings.Cut(heading, " ")
			all[code] = &Explanation{Code: code, Title: title, Text: strings.TrimSpace(body)}
		}
	}
	return all
})

// Explain returns what there is to say about a code of any package, case ignored, or nil. It is safe for concurrent use.
func Explain(code string) *Explanation { return explanations()[strings.ToUpper(code)] }

// Codes lists the codes of all packages, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(explanations())) }
