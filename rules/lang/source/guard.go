package source

import (
	"strings"

	"github.com/goccy/go-yaml/token"

	"oktastream/rules/match"
)

const (
	maxBlank  = 100 // lines without text in a row
	maxAngles = 64  // < in a row
)

// guardText refuses what the scanner needs quadratic time for: it looks back over all blank lines at each, and ahead
// over a row of < (which may be a merge key) at each.
func guardText(lines []string, r *Report) bool {
	blank := 0
	for i, line := range lines {
		if blank++; strings.TrimSpace(line) != "" {
			blank = 0
		}
		if blank > maxBlank && i < len(lines)-1 {
			r.Error(match.Pos{Line: i + 1, Col: 1}, TooLarge, "", "more than %d lines in a row are empty", maxBlank)
			return false
		}
		if at := strings.Index(line, angles); at >= 0 {
			r.Error(match.Pos{Line: i + 1, Col: 1 + len([]rune(line[:at]))}, TooLarge, "", "more than %d times < in a row", maxAngles)
			return false
		}
	}
	return true
}

var angles = strings.Repeat("<", maxAngles+1)

// guard bounds depth and breadth before the parser sees the tokens: the parser recurses on depth and compares the keys
// of a map with each other. It follows the indentation only roughly, but never takes a document for flatter than it is.
func guard(tokens token.Tokens, limits Limits, r *Report) bool {
	// A node is seldom more than three tokens: a key or dash, a colon or comma, a value.
	if len(tokens) > 4*limits.Nodes {
		r.Error(tokenPos(tokens[0]), TooLarge, "split the document", "the document has more than %d tokens", 4*limits.Nodes)
		return false
	}
	type level struct {
		column int // 0 for a list or map in brackets
		keys   int
	}
	var stack []level
	run := 0 // tags and anchors in a row: each wraps the next
	enter := func(column int) {
		for len(stack) > 0 && stack[len(stack)-1].column > column && column > 0 {
			stack = stack[:len(stack)-1]
		}
		if n := len(stack); n > 0 && stack[n-1].column == column && column > 0 {
			return
		}
		stack = append(stack, level{column: column})
	}
	inFlow := func() bool { return len(stack) > 0 && stack[len(stack)-1].column == 0 }
	for i, t := range tokens {
		column := tokenPos(t).Col
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			enter(0)
		case token.MappingEndType, token.SequenceEndType:
			if inFlow() {
				stack = stack[:len(stack)-1]
			}
		case token.SequenceEntryType, token.MappingKeyType:
			switch {
			case !inFlow():
				enter(column)
			case t.Type == token.SequenceEntryType:
				r.Error(tokenPos(t), Syntax, "separate the items with commas", "not YAML: a list with dashes cannot stand in brackets")
				return false
			}
		case token.MappingValueType:
			if !inFlow() {
				if i > 0 {
					column = tokenPos(tokens[i-1]).Col
				}
				enter(column)
			}
			stack[len(stack)-1].keys++
			if stack[len(stack)-1].keys > maxKeys {
				r.Error(tokenPos(t), TooLarge, "", "a map has more than %d keys", maxKeys)
				return false
			}
		}
		switch t.Type {
		case token.TagType, token.AnchorType, token.MappingKeyType:
			run++
		case token.StringType, token.AliasType:
			// The name of an anchor is a token of its own, so it does not end a run.
		default:
			run = 0
		}
		if len(stack) > maxDepth || run > maxDepth {
			r.Error(tokenPos(t), TooDeep, "", "lists and maps are nested deeper than %d", maxDepth)
			return false
		}
	}
	return true
}
