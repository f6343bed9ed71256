package esql

import (
	"fmt"

	"oktastream/rules/lang/source"
)

// The codes of this package.
const (
	CodeSyntax       = "OKS1301" // something else was expected
	CodeUnterminated = "OKS1302" // a string, comment or bracket without its end
	CodeUnknown      = "OKS1303" // an unknown command, function or option
	CodeType         = "OKS1304" // an argument of the wrong type or number
	CodeColumn       = "OKS1305" // a column that is not there
	CodeUnsupported  = "OKS1306" // valid ES|QL that cannot be run on a stream, or not yet
	CodeTooDeep      = "OKS1307" // nested too deep, or too large
	CodePattern      = "OKS1308" // a pattern, number or duration that cannot be read
	CodeSource       = "OKS1309" // FROM names no source that holds Okta's events
	CodeParameter    = "OKS1310" // a parameter, which nobody fills in
	CodeNeverHolds   = "OKS1311" // conditions that no row meets
)

// problem is why a query is refused. It travels as a panic inside the package, from where it is found to Compile.
type problem struct {
	at                  int // byte of the query
	code, hint, message string
	unsupported         bool
	number              bool // it is about the number of arguments, which no type changes
}

func fail(at int, code, hint, format string, args ...any) {
	panic(problem{at: at, code: code, hint: hint, message: fmt.Sprintf(format, args...)})
}

// failNumber refuses a number of arguments.
func failNumber(at int, format string, args ...any) {
	panic(problem{at: at, code: CodeType, message: fmt.Sprintf(format, args...), number: true})
}

func unsupported(at int, hint, format string, args ...any) {
	panic(problem{at: at, code: CodeUnsupported, hint: hint, message: fmt.Sprintf(format, args...), unsupported: true})
}

// catch turns a problem into a diagnostic. It is deferred.
//
// A type that does not fit is no mistake of the author's where the query reads fields whose types we have guessed: an
// index of other data knows better, so it is unsupported.
func catch(query *source.Node, r *source.Report, guessed *bool) {
	switch p := recover().(type) {
	case nil:
	case problem:
		if p.code == CodeType && !p.number && *guessed && !p.unsupported {
			p.unsupported, p.message = true, p.message+", as far as we know: the query reads fields that the System Log does not have"
		}
		if p.unsupported {
			r.Unsupported(query.At(p.at), p.code, p.hint, "%s", p.message)
			return
		}
		r.Error(query.At(p.at), p.code, p.hint, "%s", p.message)
	default:
		panic(p)
	}
}
