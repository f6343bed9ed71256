package oktafilter

import (
	"fmt"
	"strings"

	"oktastream/rules/match"
)

var operators = map[string]bool{
	"eq": true, "ne": true, "co": true, "sw": true, "ew": true, "pr": true,
	"gt": true, "ge": true, "lt": true, "le": true, "in": true,
}

var textOps = map[string]match.Op{"co": match.Contains, "sw": match.Prefix, "ew": match.Suffix}

var orderOps = map[string]match.Op{
	"lt": match.Less, "le": match.LessEqual, "gt": match.Greater, "ge": match.GreaterEqual,
}

// meant maps what people write from habit to what this language has for it.
var meant = map[string]string{
	"equals": "eq", "equal": "eq", "is": "eq", "=": "eq", "==": "eq", ":": "eq",
	"neq": "ne", "noteq": "ne", "!=": "ne", "<>": "ne", "isnot": "ne",
	"contains": "co", "like": "co", "has": "co", "matches": "co",
	"startswith": "sw", "starts_with": "sw", "beginswith": "sw", "starts": "sw", "prefix": "sw",
	"endswith": "ew", "ends_with": "ew", "ends": "ew", "suffix": "ew",
	"exists": "pr", "present": "pr",
	">": "gt", ">=": "ge", "gte": "ge", "<": "lt", "<=": "le", "lte": "le",
	"&&": "and", "&": "and", "||": "or", "|": "or", "!": "not",
}

func unknownOperator(t token, attribute string) *Problem {
	hint := "the operators are eq, ne, co, sw, ew, pr, gt, ge, lt, le, in"
	switch {
	case t.is("not"):
		hint = fmt.Sprintf("write not before the attribute: not (%s …)", attribute)
	case t.kind == word && meant[strings.ToLower(t.text)] != "":
		hint = fmt.Sprintf("did you mean %s?", meant[strings.ToLower(t.text)])
	}
	if t.kind != word {
		return failure(t.pos, CodeOperator, fmt.Sprintf("an operator was expected after %s, not %s", attribute, t), hint)
	}
	return failure(t.pos, CodeOperator, fmt.Sprintf("unknown operator %s", t), hint)
}

func joinHint(t token) string {
	if t.kind == word && meant[strings.ToLower(t.text)] != "" {
		return fmt.Sprintf("did you mean %s?", meant[strings.ToLower(t.text)])
	}
	return `put "and" or "or" between the comparisons`
}
