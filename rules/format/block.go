package format

import (
	"cmp"
	"slices"
	"strings"

	"oktastream/rules/lang/source"
)

// block is the lines of one map, each key at the beginning of a line.
type block struct {
	lines    []string // of the file
	from, to int      // the block's, from 0, without to
	order    order
}

// entry is a key with its value and the comments about it.
type entry struct {
	key   string
	lead  []string // comments directly above the key, after an empty line if there was one
	lines []string // the key, its value, and comments behind it
}

// arrange returns the lines of the block with its keys in order.
func (b block) arrange(m *source.Node) []string {
	if !b.movable(m) {
		return b.lines[b.from:b.to]
	}
	head, entries := b.entries(m)
	slices.SortStableFunc(entries, func(x, y entry) int { return cmp.Compare(b.order.rank(x.key), b.order.rank(y.key)) })
	out := head
	for _, e := range entries {
		lead := e.lead
		if len(lead) > 0 && blank(lead[0]) && (len(out) == 0 || blank(out[len(out)-1])) {
			lead = lead[1:]
		}
		out = append(append(out, lead...), e.lines...)
	}
	return out
}

// movable tells whether m is a map in block form whose keys all begin lines of the block. It is not if it is in braces,
// or if a merge brings keys from elsewhere.
func (b block) movable(m *source.Node) bool {
	if m.Kind != source.Map || len(m.Pairs) == 0 || b.order.rank("") == 0 && len(b.order.last) == 0 {
		return false
	}
	last := b.from
	for _, p := range m.Pairs {
		at := p.Key.Pos
		if at.Line <= last || at.Line > b.to || at.Col != m.Pairs[0].Key.Pos.Col {
			return false
		}
		before := []rune(b.lines[at.Line-1])[:at.Col-1]
		if !blank(string(before)) {
			return false
		}
		last = at.Line
	}
	return true
}

// entries takes the block apart. The head is what stands above the first key: it stays there, for it may be about the
// file.
func (b block) entries(m *source.Node) (head []string, entries []entry) {
	starts := make([]int, len(m.Pairs)+1) // where the lead of each entry begins
	starts[len(m.Pairs)] = b.to
	for i, p := range m.Pairs {
		starts[i] = p.Key.Pos.Line - 1
		if i > 0 {
			starts[i] = b.lead(starts[i], m.Pairs[i-1].Key.Pos.Line, p.Key.Pos.Col)
		}
	}
	for i, p := range m.Pairs {
		line := p.Key.Pos.Line - 1
		e := entry{key: p.Key.Text}
		if starts[i] < line {
			e.lead = oneBlank(b.lines[starts[i]:line])
		}
		in := block{lines: b.lines, from: line + 1, to: starts[i+1], order: b.order.in[p.Key.Text]}
		e.lines = append([]string{b.lines[line]}, in.arrange(p.Value)...)
		entries = append(entries, e)
	}
	return oneBlank(slices.Clone(b.lines[b.from:starts[0]])), entries
}

// lead returns where the comments about the key on a line begin: directly above it, as far to the left as the key. An
// empty line above them goes with them. Everything else belongs to the entry before, whose first line is no part of it.
func (b block) lead(line, after, col int) int {
	i := line
	for i > after {
		text := b.lines[i-1]
		rest := strings.TrimLeft(text, " ")
		if !strings.HasPrefix(rest, "#") || len(text)-len(rest) != col-1 {
			break
		}
		i--
	}
	for i > after && blank(b.lines[i-1]) {
		i--
	}
	return i
}

// oneBlank leaves one empty line where there are several.
func oneBlank(lines []string) []string {
	return slices.CompactFunc(slices.Clone(lines), func(x, y string) bool { return blank(x) && blank(y) })
}
