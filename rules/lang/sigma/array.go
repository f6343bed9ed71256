package sigma

import (
	"strings"

	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// quantifiers say of how many elements of an array a condition must hold. The order is that of search: no quantifier
// begins like one after it.
var quantifiers = []string{"[any]", "[all]", "[all_or_empty]", "[none]"}

// maxBlocks bounds blocks inside blocks.
const maxBlocks = 8

// arrayKey is a key with a quantifier: the array, the quantifier, and what follows it.
type arrayKey struct{ array, quantifier, rest string }

// cutArray finds the first quantifier of a key. Behind it stands nothing, the modifiers, or a dot and a field of the
// elements.
func cutArray(key string) (a arrayKey, ok bool) {
	quantifier := ""
	i := outside(key, func(rest string) bool {
		for _, q := range quantifiers {
			if strings.HasPrefix(rest, q) {
				quantifier = q
				return true
			}
		}
		return rest[0] == '|'
	})
	if i < 0 || quantifier == "" {
		return a, false
	}
	return arrayKey{key[:i], quantifier, key[i+len(quantifier):]}, true
}

// array compiles a condition on the elements of an array.
func (c *compiler) array(a arrayKey, key, value *source.Node, offset int) match.Expr {
	if a.array == "" {
		c.report.Error(place(key, offset), source.BadPath, "", "%s stands behind the name of an array", a.quantifier)
		return match.Const(false)
	}
	if c.depth == maxBlocks {
		c.report.Error(place(key, offset), TooComplex, "", "arrays are nested deeper than %d", maxBlocks)
		return match.Const(false)
	}
	path, ok := c.path(place(key, offset), a.array)
	if !ok {
		return match.Const(false)
	}
	inner := *c
	inner.depth++
	inner.outer = a.array
	if c.outer != "" {
		inner.outer = c.outer + "." + a.array
	}
	body := inner.body(a.rest, key, value, offset+len(a.array)+len(a.quantifier))
	if body == nil {
		return match.Const(false)
	}
	some := func(x match.Expr) *match.Pred {
		return &match.Pred{Path: path, Op: match.Element, Body: x, Pos: place(key, offset)}
	}
	switch a.quantifier {
	case "[none]":
		return match.Not{X: some(body)}
	case "[all_or_empty]":
		return match.Not{X: some(match.Not{X: body})}
	case "[all]":
		return match.And{
			&match.Pred{Path: path, Op: match.Exists, Pos: place(key, offset)},
			match.Not{X: some(match.Not{X: body})},
		}
	}
	return some(body)
}

// body compiles what must hold for an element: a comparison of the element itself or one of its fields, a map of its
// fields, or a whole detection about it. It returns nil after an error that nothing can be made of.
func (c *compiler) body(rest string, key, value *source.Node, offset int) match.Expr {
	blocks := value.Kind == source.Map || value.Kind == source.List && len(value.Items) > 0 && value.Items[0].Kind == source.Map
	switch {
	case strings.HasPrefix(rest, "."):
		return c.item(key, value, rest[1:], offset+1)
	case rest == "" && blocks && isDetection(value):
		return c.detection(value, "a block with a condition")
	case rest == "" && blocks:
		return c.selection(key.Text, value)
	case rest == "" || rest[0] == '|':
		return c.item(key, value, rest, offset)
	}
	c.report.Error(place(key, offset), source.BadPath, "write a dot and a field of the elements", "%q cannot follow a quantifier", rest)
	return nil
}

// isDetection tells a block with named selections from a map of fields: it has a condition that is a text, and all its
// other members are blocks.
func isDetection(block *source.Node) bool {
	condition := block.Get("condition")
	if condition == nil || condition.Kind != source.Scalar || len(block.Pairs) < 2 {
		return false
	}
	for _, p := range block.Pairs {
		if p.Value != condition && p.Value.Kind == source.Scalar {
			return false
		}
	}
	return true
}
