package lint

// Codes of findings. A code never changes its meaning.
const (
	UnknownType  = "OKS0701" // an event type that Okta's catalogue does not have
	TypeCase     = "OKS0702" // an event type in the wrong letter case
	UnknownField = "OKS0703" // a field that the System Log is not known to have
	FieldCase    = "OKS0704" // a field in the wrong letter case
	NeverOnFeed  = "OKS0705" // the feed delivers none of the event types
	PartlyOnFeed = "OKS0706" // the feed delivers only some of the event types
	InternalType = "OKS0707" // an event type that customers' logs do not hold
	OftenMissing = "OKS0708" // group-by on a field that is often missing
	TooLong      = "OKS0709" // a window or episode that outlasts the state that can be restored
	SameAsOther  = "OKS0710" // the same detection as another rule
	NoTest       = "OKS0711" // no test names the rule
	BadAttack    = "OKS0712" // an ATT&CK technique that was withdrawn
	Never        = "OKS0713" // a condition that contradicts itself
	OneIsEnough  = "OKS0714" // a window that the first event fills
	Unindexed    = "OKS0715" // a condition that must be evaluated for every event

	UnknownIgnore = "OKS0717" // an ignore that names an unknown code
	UnusedIgnore  = "OKS0718" // an ignore that ignores nothing
	EmptyIgnore   = "OKS0719" // an ignore without a code
	UnknownValue  = "OKS0720" // a value that the field never has

	Silent      = "OKS0721" // a rule that can never alert as far as is known
	Unreachable = "OKS0722" // a count of values that the group key decides

	NetworkAsText = "OKS0723" // an address compared with a network as a text
)
