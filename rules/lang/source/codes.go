package source

// Codes of diagnostics about files, YAML and metadata. A code never changes its meaning.
const (
	Unreadable    = "OKS0101" // the file cannot be read
	TooLarge      = "OKS0102" // the file or document is larger than we read
	NotUTF8       = "OKS0103" // the file is not UTF-8
	Syntax        = "OKS0104" // not YAML, TOML or JSON
	TooDeep       = "OKS0105" // nested too deep
	DuplicateKey  = "OKS0106" // a key stands twice in one map
	BadAlias      = "OKS0107" // an alias without anchor, or one that expands too far
	BadTag        = "OKS0108" // a YAML tag we do not know
	BadKey        = "OKS0109" // a key that is not a plain value
	NotARule      = "OKS0110" // the document is not a rule
	UnknownKey    = "OKS0111" // a key we do not know
	WrongType     = "OKS0112" // a value of the wrong type
	MissingKey    = "OKS0113" // a key that must be there
	OutOfRange    = "OKS0114" // a value that is not allowed
	BadPath       = "OKS0115" // not a field path
	UnknownPath   = "OKS0116" // a field that the System Log is not known to have
	NoID          = "OKS0117" // a rule without id or title
	DuplicateName = "OKS0118" // two rules of one name or id
	BadIndicators = "OKS0119" // an indicator list that cannot be used
	BadWindow     = "OKS0120" // time spans that contradict each other
	NotOurs       = "OKS0121" // a rule for another log source or of another kind
	BadTagATTACK  = "OKS0122" // an attack.* tag that is not known, or was renamed
	Misplaced     = "OKS0123" // a key that has no effect on this kind of rule
	BrokenFile    = "OKS0125" // another document of the file cannot be read
	AuthorStatus  = "OKS0124" // the author marks the rule deprecated or unsupported
)
