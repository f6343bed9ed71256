package oktafilter

import (
	"fmt"
	"regexp"
	"strings"

	"oktastream/rules"
	"oktastream/rules/event"
	"oktastream/rules/match"
)

// maxDepth is how deep parentheses and not may nest. Nobody writes half as deep; it keeps a hostile file from
// exhausting the stack.
const maxDepth = 200

// maxWarnings is how many unknown attributes are reported. Finding what each was meant to be takes a while, and who has
// written so many sees it from these.
const maxWarnings = 20

// shortForms are attributes that Okta's publications name by their last member alone. Okta's advisory on cross-tenant
// impersonation and its catalogue of detections write result for outcome.result; an event has no attribute result.
var shortForms = map[string]string{"result": "outcome.result"}

// Parse compiles one expression. at is the place of its first character, the zero Pos if it is unknown (then places are
// within the expression, from line 1, column 1); later lines are taken to begin in the same column. The expression is
// nil if and only if one of the problems is an error. Parsing stops at the first error. It takes time linear in the
// length of the query, and never panics.
//
// What the language means here, where Okta's documentation leaves it open:
//
//   - Strings compare without regard to case. SCIM says that string attributes ignore case unless they are declared
//     otherwise, and Okta's own published detections rely on it (target.displayName co "aws" is meant to find AWS). Where
//     Okta does compare exactly, this finds a little more (or excludes a little more, under not and ne); event types and
//     ids differ in more than case.
//   - ne is the negation of eq. It holds for an event that lacks the attribute, and for an array only if no element is
//     equal: an exclusion must not hide events that say nothing about what is excluded. null, likewise: eq null holds
//     where the attribute is missing, ne null where it is there.
//   - pr asks for a value that is not the empty string.
//   - Values compare as text, so that isProxy eq "true" holds for the boolean; numbers also compare by value.
//   - gt, ge, lt, le compare numbers, and RFC 3339 dates. Another literal is an error, since it could never match.
//   - A path through an array (target.displayName) means any element, each time anew; target.0.displayName means one.
//   - not binds tighter than and, and tighter than or, as in SCIM; not needs no parentheses.
func Parse(query string, at match.Pos) (match.Expr, []Problem) {
	p := &parser{lexer: newLexer(query, at), checked: map[string]bool{}}
	x := p.query()
	if p.failed != nil {
		return nil, append(p.warnings, *p.failed)
	}
	return x, p.warnings
}

type parser struct {
	lexer    *lexer
	token    token // the one to look at
	depth    int
	warnings []Problem
	checked  map[string]bool // attributes that were looked up
	// failed is the first error. Once it is set the present token is the end, so that everything returns quickly.
	failed *Problem
}

// advance returns the present token and goes on to the next. There is nothing behind a broken token.
func (p *parser) advance() token {
	t := p.token
	if p.failed == nil && t.kind != broken {
		p.token = p.lexer.next()
	}
	return t
}

// fail keeps the first error. Where a token could not be read, that is the error, whatever was expected there.
func (p *parser) fail(problem *Problem) {
	if p.failed == nil {
		if p.token.kind == broken && problem.Pos == p.token.pos {
			problem = p.token.problem
		}
		p.failed = problem
	}
	p.token = token{pos: p.token.pos}
}

func (p *parser) query() match.Expr {
	p.advance()
	if p.token.kind == end {
		p.fail(failure(p.token.pos, CodeEmpty, "the expression is empty", `write for example eventType eq "user.session.start"`))
		return nil
	}
	x := p.disjunction()
	switch t := p.token; {
	case t.kind == end:
	case t.kind == closed || t.kind == listEnd:
		p.fail(failure(t.pos, CodeBracket, fmt.Sprintf("%s closes nothing", t), "remove it, or open it before"))
	default:
		p.fail(failure(t.pos, CodeJoin, fmt.Sprintf("and, or, or the end of the expression was expected, not %s", t), joinHint(t)))
	}
	return x
}

func (p *parser) disjunction() match.Expr {
	members := match.Or{p.conjunction()}
	for p.token.is("or") {
		p.advance()
		members = append(members, p.conjunction())
	}
	if len(members) == 1 {
		return members[0]
	}
	return members
}

func (p *parser) conjunction() match.Expr {
	members := match.And{p.negation()}
	for p.token.is("and") {
		p.advance()
		members = append(members, p.negation())
	}
	if len(members) == 1 {
		return members[0]
	}
	return members
}

func (p *parser) negation() match.Expr {
	if p.depth == maxDepth {
		p.fail(failure(p.token.pos, CodeTooDeep, fmt.Sprintf("nested deeper than %d", maxDepth), "split the expression into several rules"))
		return nil
	}
	p.depth++
	defer func() { p.depth-- }()
	switch {
	case p.token.is("not"):
		p.advance()
		return match.Not{X: p.negation()}
	case p.token.kind == open:
		opened := p.advance()
		x := p.disjunction()
		if t := p.token; t.kind != closed {
			switch {
			case t.kind == end:
				p.fail(failure(opened.pos, CodeBracket, "the parenthesis is not closed", "add )"))
			default:
				p.fail(failure(t.pos, CodeJoin, fmt.Sprintf("and, or, or ) was expected, not %s", t), joinHint(t)))
			}
		}
		p.advance()
		return x
	}
	return p.comparison()
}

func (p *parser) comparison() match.Expr {
	path, ok := p.attribute()
	if !ok {
		return nil
	}
	pred := &match.Pred{Path: path.Path, Pos: path.pos}
	operator := p.advance()
	name := strings.ToLower(operator.text)
	if operator.kind != word || !operators[name] {
		p.fail(unknownOperator(operator, path.text))
		return nil
	}
	switch name {
	case "pr":
		pred.Op, pred.Literals = match.Wildcard, []string{"?*"}
		return pred
	case "in":
		pred.Op, pred.Fold, pred.Literals = match.Equal, true, p.list()
		return pred
	}
	v, ok := p.value()
	if !ok {
		return nil
	}
	return p.compare(pred, name, v)
}

// compare completes pred by an operator that takes one value.
func (p *parser) compare(pred *match.Pred, operator string, v value) match.Expr {
	pred.Literals = []string{v.text}
	switch operator {
	case "eq", "ne":
		pred.Op, pred.Fold = match.Equal, true
		isEqual := operator == "eq"
		if v.kind == null {
			pred.Op, pred.Fold, pred.Literals = match.Exists, false, nil
			isEqual = !isEqual
		}
		if !isEqual {
			return match.Not{X: pred}
		}
		return pred
	case "co", "sw", "ew":
		if v.kind == null {
			p.fail(failure(v.pos, CodeValueType, operator+" compares text, not null", "to ask for a value at all, write pr"))
		}
		pred.Op, pred.Fold = textOps[operator], true
		return pred
	}
	if !v.ordered() {
		p.fail(failure(v.pos, CodeValueType, operator+" compares numbers and dates only",
			`write a number, or a date such as "2024-03-08T00:00:00Z"`))
	}
	pred.Op = orderOps[operator]
	return pred
}

type attribute struct {
	event.Path
	text string // as written
	pos  match.Pos
}

func (p *parser) attribute() (attribute, bool) {
	t := p.advance()
	switch {
	case t.kind == quoted:
		p.fail(failure(t.pos, CodeAttribute, "an attribute was expected, not "+t.String(),
			`a search for words alone is not supported; name the attribute: displayMessage co "…"`))
		return attribute{}, false
	case t.kind != word || t.is("and") || t.is("or"):
		p.fail(failure(t.pos, CodeAttribute, "an attribute was expected, not "+t.String(),
			`write for example outcome.result eq "FAILURE"`))
		return attribute{}, false
	}
	text := t.text
	if long := shortForms[strings.ToLower(text)]; long != "" {
		text = long
	}
	path, err := event.ParsePath(text)
	if err != nil {
		p.fail(failure(t.pos, CodePath, fmt.Sprintf("%q is not an attribute: %v", t.text, err), ""))
		return attribute{}, false
	}
	p.checkKnown(text, path, t.pos)
	return attribute{Path: path, text: t.text, pos: t.pos}, true
}

// checkKnown warns of an attribute that Okta does not document, once.
func (p *parser) checkKnown(text string, path event.Path, at match.Pos) {
	if p.checked[text] || len(p.warnings) == maxWarnings {
		return
	}
	p.checked[text] = true
	known, suggestion := event.KnownPath(path)
	if known {
		return
	}
	hint := ""
	if suggestion != "" {
		hint = "did you mean " + suggestion + "?"
	}
	p.warnings = append(p.warnings, Problem{Pos: at, Level: rules.Warning, Code: CodeUnknownField,
		Message: fmt.Sprintf("Okta documents no attribute %s", text), Hint: hint})
}

type valueKind uint8

const (
	text valueKind = iota
	num
	boolean
	null
)

type value struct {
	kind valueKind
	text string
	pos  match.Pos
}

// ordered reports whether gt and its like can compare with v.
func (v value) ordered() bool {
	switch v.kind {
	case num:
		return true
	case text:
		_, _, isTime := event.ParseTime(v.text)
		_, isAddress := event.ParseAddress(v.text)
		return isTime || isAddress || isNumber.MatchString(v.text)
	}
	return false
}

var isNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,9})?$`)

func (p *parser) value() (value, bool) {
	t := p.advance()
	v := value{text: t.text, pos: t.pos}
	switch {
	case t.kind == quoted:
		return v, true
	case t.is("true"), t.is("false"):
		v.kind, v.text = boolean, strings.ToLower(t.text)
		return v, true
	case t.is("null"):
		v.kind = null
		return v, true
	case t.kind == word && isNumber.MatchString(t.text):
		v.kind = num
		return v, true
	case t.kind == word && strings.IndexByte("0123456789-+.", t.text[0]) >= 0:
		p.fail(failure(t.pos, CodeNumber, fmt.Sprintf("%q is not a number", t.text), fmt.Sprintf(`write text between double quotes: "%s"`, t.text)))
	case t.kind == word:
		p.fail(failure(t.pos, CodeValue, fmt.Sprintf("a value was expected, not %s", t), fmt.Sprintf(`write text between double quotes: "%s"`, t.text)))
	default:
		p.fail(failure(t.pos, CodeValue, fmt.Sprintf("a value was expected, not %s", t), `write text between double quotes, a number, true, false or null`))
	}
	return value{}, false
}

// list reads [value, …]; nil if it is not one.
func (p *parser) list() []string {
	opened := p.advance()
	if opened.kind != listOpen {
		p.fail(failure(opened.pos, CodeBracket, fmt.Sprintf("[ was expected after in, not %s", opened), `write in ["a", "b"]`))
		return nil
	}
	var literals []string
	for {
		v, ok := p.value()
		if !ok {
			return nil
		}
		if v.kind == null {
			p.fail(failure(v.pos, CodeValueType, "null cannot stand in a list", "add: or … eq null"))
			return nil
		}
		literals = append(literals, v.text)
		switch t := p.advance(); t.kind {
		case listEnd:
			return literals
		case comma:
		case end:
			p.fail(failure(opened.pos, CodeBracket, "the list is not closed", "add ]"))
			return nil
		default:
			p.fail(failure(t.pos, CodeBracket, fmt.Sprintf(", or ] was expected, not %s", t), ""))
			return nil
		}
	}
}
