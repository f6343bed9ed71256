package sigma

// Codes of diagnostics about detections. A code never changes its meaning.
const (
	Malformed       = "OKS0301" // the detection or a selection has the wrong form
	BadCondition    = "OKS0302" // the condition cannot be read
	UnknownName     = "OKS0303" // the condition names a selection that is not there
	Unused          = "OKS0304" // a selection that the condition does not use
	OnlyNegative    = "OKS0305" // the condition holds for events that have nothing of what it names
	UnknownModifier = "OKS0306" // a modifier we have never heard of
	BadModifiers    = "OKS0307" // modifiers that do not go together, or not with the value
	NotSupported    = "OKS0308" // a construct that this version cannot run
	BadPattern      = "OKS0309" // a regular expression, network or number that cannot be read
	UnknownType     = "OKS0310" // an event type that is not in the catalogue
	TooComplex      = "OKS0311" // a condition that expands beyond reason
	Suspicious      = "OKS0312" // a value that matches everything or nothing
	NoList          = "OKS0313" // a placeholder without a list
	BadList         = "OKS0314" // a list for a placeholder that cannot be read
	BadFilter       = "OKS0315" // an exception that says it wrongly
	FiltersNothing  = "OKS0316" // an exception for a rule that is not loaded, or for none
	Narrowing       = "OKS0317" // an exception that does not say not, and can be read in two ways
	Expired         = "OKS0318" // an exception whose time is over
)

// Codes of diagnostics about correlations.
const (
	UnknownRule      = "OKS0401" // a rule that is not loaded, or not unambiguous
	BaseFailed       = "OKS0402" // a rule that does not load itself
	CannotCorrelate  = "OKS0403" // a type, condition or chain that this version cannot run
	BadThreshold     = "OKS0404" // a condition that is missing, contradictory or always true
	BadAlias         = "OKS0405" // an alias that does not name a field for every rule
	NoGroup          = "OKS0406" // no group-by: one group for the whole organisation
	UnknownRuleInKey = "OKS0407" // a key names a rule that the correlation does not list
	LastEvent        = "OKS0408" // a field of a chained alert that is not in its group key
	Silences         = "OKS0409" // a rule that alerts no more because it is correlated
)
