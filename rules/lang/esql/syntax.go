package esql

// query is a parsed pipeline.
type query struct {
	sources  []name
	metadata []name
	commands []command
}

// name is a column, a pattern of columns, or a source.
type name struct {
	text string
	wild bool
	at   int
}

// command is what stands between two bars.
type command struct {
	word string // in capitals: WHERE, EVAL, STATS, KEEP, DROP, RENAME, SORT, LIMIT, DISSECT, GROK
	at   int

	where   *expr
	fields  []assign  // EVAL, and the aggregates of STATS
	by      []assign  // STATS
	names   []name    // KEEP, DROP
	renames [][2]name // from, to
	input   *expr     // DISSECT, GROK
	pattern string    // DISSECT, GROK
	at2     int       // of the pattern
}

// assign is name = x, or x alone, which is named as it is written.
type assign struct {
	name   string
	at     int
	x      *expr
	filter *expr // of an aggregate: only the rows for which it is true
}

type exprKind uint8

const (
	literal exprKind = iota + 1
	column
	call
)

// expr is an expression as it was written. Operators are calls named by their symbol.
type expr struct {
	kind exprKind
	at   int
	name string // of a column or call; calls in lower case
	lit  constant
	args []*expr
	star bool // of a call: its argument is *
}

// constant is a literal.
type constant struct {
	typ  typ
	v    datum
	null bool
}
