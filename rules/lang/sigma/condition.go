package sigma

import (
	"strings"

	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

const (
	maxConditionDepth = 64      // of parentheses and negations
	maxCondition      = 10_000  // bytes
	maxPredicates     = 100_000 // after the selections have been put in
)

// condition parses
//
//	or   = and { "or" and }
//	and  = not { "and" not }
//	not  = "not" not | "(" or ")" | quantifier | name
//	quantifier = ("1" | "any" | "all") "of" ("them" | name with *)
//
// over the selections of a detection. Keywords are read in any case.
type condition struct {
	text       *source.Node
	words      []word
	next       int
	depth      int
	selections *selections
	report     *source.Report
	failed     bool
}

type word struct {
	text   string
	offset int
}

// parseCondition returns the expression, or nil after an error.
func parseCondition(text *source.Node, s *selections, r *source.Report) match.Expr {
	if len(text.Text) > maxCondition {
		r.Error(text.Pos, TooComplex, "use 1 of or all of", "the condition is longer than %d characters", maxCondition)
		return nil
	}
	c := &condition{text: text, words: split(text.Text), selections: s, report: r}
	if len(c.words) == 0 {
		r.Error(text.Pos, BadCondition, "name a selection", "the condition is empty")
		return nil
	}
	x := c.or()
	if !c.failed && c.next < len(c.words) {
		c.unexpected("and, or, or the end")
	}
	if c.failed {
		return nil
	}
	return x
}

// split cuts the condition into parentheses, bars and words between white space.
func split(text string) []word {
	var words []word
	start := -1
	end := func(i int) {
		if start >= 0 {
			words = append(words, word{text[start:i], start})
		}
		start = -1
	}
	for i, c := range text {
		switch c {
		case ' ', '\t', '\n', '\r':
			end(i)
		case '(', ')', '|':
			end(i)
			words = append(words, word{text[i : i+1], i})
		default:
			if start < 0 {
				start = i
			}
		}
	}
	end(len(text))
	return words
}

func (c *condition) fail(code, hint, format string, args ...any) match.Expr {
	if !c.failed {
		offset := len(strings.TrimRight(c.text.Text, " \t\n"))
		if c.next < len(c.words) {
			offset = c.words[c.next].offset
		}
		c.report.Error(c.text.At(offset), code, hint, format, args...)
	}
	c.failed = true
	return nil
}

func (c *condition) unexpected(want string) match.Expr {
	if c.next >= len(c.words) {
		return c.fail(BadCondition, "go on, as in: selection and not filter", "the condition ends where %s should be", want)
	}
	if c.words[c.next].text == "|" {
		if !c.failed {
			c.report.Unsupported(c.text.At(c.words[c.next].offset), NotSupported, "write a correlation document",
				"aggregations after a bar are Sigma's form before version 2")
		}
		c.failed = true
		return nil
	}
	return c.fail(BadCondition, "", "found %q where %s should be", c.words[c.next].text, want)
}

// is tells whether the next word is the keyword, in any case.
func (c *condition) is(keyword string) bool {
	return c.next < len(c.words) && strings.EqualFold(c.words[c.next].text, keyword)
}

func (c *condition) take(keyword string) bool {
	if c.failed || !c.is(keyword) {
		return false
	}
	c.next++
	return true
}

func (c *condition) or() match.Expr {
	any := match.Or{c.and()}
	for c.take("or") {
		any = append(any, c.and())
	}
	if len(any) == 1 {
		return any[0]
	}
	return any
}

func (c *condition) and() match.Expr {
	all := match.And{c.not()}
	for c.take("and") {
		all = append(all, c.not())
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

func (c *condition) not() match.Expr {
	if c.failed {
		return nil
	}
	if c.depth++; c.depth > maxConditionDepth {
		return c.fail(BadCondition, "", "the condition is nested deeper than %d", maxConditionDepth)
	}
	defer func() { c.depth-- }()
	switch {
	case c.take("not"):
		return match.Not{X: c.not()}
	case c.take("("):
		x := c.or()
		if !c.take(")") && !c.failed {
			return c.unexpected("a closing parenthesis")
		}
		return x
	case c.next+1 < len(c.words) && strings.EqualFold(c.words[c.next+1].text, "of"):
		return c.quantifier()
	case c.next >= len(c.words) || c.is("and") || c.is("or") || c.is(")") || c.is("|"):
		return c.unexpected("a selection")
	}
	return c.name()
}

func (c *condition) name() match.Expr {
	name := c.words[c.next].text
	if strings.Contains(name, "*") {
		return c.fail(BadCondition, "write 1 of "+name+" or all of "+name, "the pattern %s needs 1 of or all of before it", name)
	}
	x, ok := c.selections.use(name)
	if !ok {
		part, owner := c.selections.called()
		return c.fail(UnknownName, source.DidYouMean(name, c.selections.order), "%s has no %s %q", owner, part, name)
	}
	if c.selections.used.predicates > maxPredicates {
		return c.tooComplex()
	}
	c.next++
	return x
}

func (c *condition) tooComplex() match.Expr {
	return c.fail(TooComplex, "split the rule", "the condition expands to more than %d comparisons", maxPredicates)
}

func (c *condition) quantifier() match.Expr {
	all := c.is("all")
	if !all && !c.is("1") && !c.is("any") {
		return c.fail(BadCondition, "write 1 of or all of", "%q of is not a quantifier", c.words[c.next].text)
	}
	c.next += 2
	if c.next >= len(c.words) {
		return c.unexpected("them or a pattern")
	}
	pattern := c.words[c.next].text
	var members []match.Expr
	for _, name := range c.selections.order {
		if strings.EqualFold(pattern, "them") && !strings.HasPrefix(name, "_") || glob(pattern, name) {
			x, _ := c.selections.use(name)
			members = append(members, x)
			if c.selections.used.predicates > maxPredicates {
				return c.tooComplex()
			}
		}
	}
	if len(members) == 0 {
		part, _ := c.selections.called()
		return c.fail(UnknownName, source.DidYouMean(strings.Trim(pattern, "*"), c.selections.order), "no %s matches %s", part, pattern)
	}
	c.next++
	if len(members) == 1 {
		return members[0]
	}
	if all {
		return match.And(members)
	}
	return match.Or(members)
}

// glob tells whether name matches a pattern in which * stands for any run. It goes back only to the latest star, so
// that its time is at most the product of the lengths.
func glob(pattern, name string) bool {
	p, n, star, mark := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
		case p < len(pattern) && pattern[p] == name[n]:
			p++
			n++
		case star >= 0:
			mark++
			p, n = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// positive tells whether x needs something to be present in the event. A condition that does not holds for nearly
// every event.
func positive(x match.Expr) bool {
	switch x := x.(type) {
	case *match.Pred:
		return true
	case match.And:
		for _, m := range x {
			if positive(m) {
				return true
			}
		}
		return false
	case match.Or:
		for _, m := range x {
			if !positive(m) {
				return false
			}
		}
		return true
	case match.Not:
		return negative(x.X)
	case match.Const:
		return !bool(x)
	}
	return true
}

// negative tells whether the negation of x needs something to be present.
func negative(x match.Expr) bool {
	switch x := x.(type) {
	case match.Not:
		return positive(x.X)
	case match.And:
		for _, m := range x {
			if !negative(m) {
				return false
			}
		}
		return true
	case match.Or:
		for _, m := range x {
			if negative(m) {
				return true
			}
		}
		return false
	case match.Const:
		return bool(x)
	}
	return false
}
