package elastic

// Codes of diagnostics about Elastic rules. A code never changes its meaning.
const (
	NotRunnable = "OKS0901" // a rule type or language that this version cannot run
	BadSchedule = "OKS0902" // from, interval or a history window that cannot be read
	OtherData   = "OKS0903" // a rule that reads indices without Okta's events
	BadSettings = "OKS0904" // threshold, new terms, suppression or a mapping of the wrong form
	BadFilter   = "OKS0905" // a filter or exception of the wrong form, or one that cannot be run
	NoEffect    = "OKS0906" // a setting that has no effect here
	Disabled    = "OKS0907" // a rule that is switched off in Kibana
)
