package catalogue

// Codes of diagnostics about entries of the catalogue. A code never changes its meaning.
const (
	NoExpression = "OKS0801" // an entry without a System Log expression
	NotRun       = "OKS0802" // a search for another product, which is left out
	OddName      = "OKS0803" // an ATT&CK technique under a name that is not its own
)
