package kuery

// Codes of diagnostics about queries. A code never changes its meaning.
const (
	Syntax       = "OKS1001" // the query cannot be read
	TooDeep      = "OKS1002" // nested too deep
	BadField     = "OKS1003" // a field name that cannot be one
	UnknownField = "OKS1004" // a field that no event has
	TooMany      = "OKS1005" // a wildcard in a field name that stands for too many fields
	NotSupported = "OKS1006" // a construct that this version cannot run
	Suspicious   = "OKS1007" // a condition that probably means something else than its author thinks
)
