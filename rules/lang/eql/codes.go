package eql

// Codes of diagnostics about EQL queries. A code never changes its meaning.
const (
	CodeCharacter    = "OKS1201" // a character or string that cannot be read
	CodeSyntax       = "OKS1202" // something else was expected here
	CodeTooLarge     = "OKS1203" // nested too deep, or too many parts
	CodeLiteral      = "OKS1204" // a number, pattern, network or regular expression that cannot be used
	CodeFunction     = "OKS1205" // an unknown function, or one with other arguments
	CodeUnsupported  = "OKS1206" // EQL that this version cannot run
	CodeSequence     = "OKS1207" // steps, keys or spans of a sequence that contradict each other
	CodeLookBack     = "OKS1209" // warning: a scheduled run looks back less far than the sequence lasts
	CodeNeverMatches = "OKS1208" // warning: a part of the query that cannot hold
)
