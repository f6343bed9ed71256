package alert

import "time"

// Schema names the version of the native record.
const Schema = "oktastream.alert/v1"

// Status says what a record does to its alert.
type Status string

const (
	Create Status = "create"
	Update Status = "update" // same ID, higher Revision
)

// Severity is one of the five levels, in Sigma's words.
type Severity string

const (
	Informational Severity = "informational"
	Low           Severity = "low"
	Medium        Severity = "medium"
	High          Severity = "high"
	Critical      Severity = "critical"
)

// What an alert holds of a window that may hold much more. Counts (Alert.Count, Distinct.Count, Evidence.Total) are of
// the whole window all the same.
const (
	MaxValues     = 20  // values in a Distinct
	MaxIDs        = 100 // ids in an Evidence
	EvidenceFirst = 5   // events in an Evidence: this many from the beginning of the window …
	EvidenceLast  = 5   // … and this many from its end
)

// Alert is the native record, one JSON object. Absent parts are left out, never null. Times are UTC, see Time.
type Alert struct {
	Schema   string `json:"schema"`
	ID       string `json:"id"`       // see StatelessID and EpisodeID
	Revision int    `json:"revision"` // 1 for Create, then counting up
	Status   Status `json:"status"`
	// Kind is "detection", "signal" (a finding of low weight that is meant as input for others) or "operator" (about
	// oktastream itself, such as windows evicted for lack of memory).
	Kind    string     `json:"kind"`
	Created *time.Time `json:"created,omitempty"` // processing time; absent offline
	Time    time.Time  `json:"time"`              // event time of the event that completed the condition
	Org     string     `json:"org,omitempty"`

	Rule        Rule     `json:"rule"`
	Severity    Severity `json:"severity"`
	RiskScore   int      `json:"risk_score"` // 0 to 100
	Title       string   `json:"title"`      // one line: rule title and main entity
	Reason      string   `json:"reason"`     // why it fired, with the counted values
	Description string   `json:"description,omitempty"`
	Triage      string   `json:"triage,omitempty"` // what to do
	Attack      *Attack  `json:"attack,omitempty"`
	Tags        []string `json:"tags,omitempty"`

	Group     Group          `json:"group,omitempty"` // group key; a JSON object, in the rule's order
	Count     int            `json:"count"`           // events in the window; 1 for a stateless alert
	FirstSeen time.Time      `json:"first_seen"`      // event times of the first and last event of the window
	LastSeen  time.Time      `json:"last_seen"`
	Distinct  []Distinct     `json:"distinct,omitempty"`
	Window    *Window        `json:"window,omitempty"`
	Late      bool           `json:"late,omitempty"` // events of it came later than the rule's lateness allows for
	Episode   *Episode       `json:"episode,omitempty"`
	Progress  []Step         `json:"progress,omitempty"` // sequences: the steps seen, in order
	Actor     *Entity        `json:"actor,omitempty"`
	Targets   []Entity       `json:"targets,omitempty"`
	Session   *Session       `json:"session,omitempty"`
	Source    *Source        `json:"source,omitempty"`
	Client    *Client        `json:"client,omitempty"`
	Device    *Device        `json:"device,omitempty"`
	Outcome   *Outcome       `json:"outcome,omitempty"`
	Okta      *Okta          `json:"okta,omitempty"`
	Details   map[string]any `json:"details,omitempty"` // rule-specific, e.g. the indicator that matched
	Evidence  Evidence       `json:"evidence"`
	Notes     []string       `json:"notes,omitempty"` // what the engine had to assume: clamped time, truncation, …
	Engine    Engine         `json:"engine"`
}

// Rule identifies the rule that fired.
type Rule struct {
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	Title          string   `json:"title"`
	Kind           string   `json:"kind"` // single, count, distinct, unordered, sequence
	Language       string   `json:"language"`
	Author         string   `json:"author,omitempty"`
	License        string   `json:"license,omitempty"`
	Version        string   `json:"version,omitempty"` // the author's date or version
	References     []string `json:"references,omitempty"`
	FalsePositives []string `json:"false_positives,omitempty"`
}

// Attack lists MITRE ATT&CK ids; Version is the ATT&CK release the ids are from.
type Attack struct {
	Version    string      `json:"version"`
	Tactics    []Technique `json:"tactics,omitempty"`
	Techniques []Technique `json:"techniques,omitempty"`
}

// Technique is one ATT&CK id (tactic, technique or sub-technique) with its name, which may be unknown.
type Technique struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Field is a name with its value.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Group is a group key: field names with their values, in the rule's order. In JSON it is an object.
type Group []Field

// Window describes the interval that a stateful rule looks at.
type Window struct {
	Kind          string  `json:"kind"` // sliding
	LengthSeconds float64 `json:"length_seconds"`
}

// Episode is the stretch of event time over which the condition has held, from its first to its latest completion.
// Alerts of two runs that saw the same events in another order are compared by rule, group and episode.
type Episode struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Distinct lists the distinct values of one field inside the window, in order of first sight, at most MaxValues.
type Distinct struct {
	Field     string   `json:"field"`
	Count     int      `json:"count"`
	Threshold int      `json:"threshold,omitempty"` // 0: context only
	Values    []string `json:"values"`
	Truncated bool     `json:"truncated,omitempty"`
}

// Step is one step of a sequence.
type Step struct {
	Name    string     `json:"name"`
	Seen    bool       `json:"seen"`
	Time    *time.Time `json:"time,omitempty"`
	EventID string     `json:"event_id,omitempty"`
}

// Entity is an actor or a target.
type Entity struct {
	ID          string `json:"id,omitempty"`
	Type        string `json:"type,omitempty"`
	AlternateID string `json:"alternate_id,omitempty"`
	DisplayName string `json:"display_name,omitempty"`
}

// Session ties the event to a login.
type Session struct {
	External    string `json:"external,omitempty"`
	Root        string `json:"root,omitempty"`
	Transaction string `json:"transaction,omitempty"`
	DTHash      string `json:"dt_hash,omitempty"`
}

// Source is where the request came from.
type Source struct {
	IP      string   `json:"ip,omitempty"`
	Chain   []string `json:"chain,omitempty"`
	City    string   `json:"city,omitempty"`
	State   string   `json:"state,omitempty"`
	Country string   `json:"country,omitempty"`
	Lat     *float64 `json:"lat,omitempty"`
	Lon     *float64 `json:"lon,omitempty"`
	ASN     int64    `json:"asn,omitempty"`
	ASOrg   string   `json:"as_org,omitempty"`
	ISP     string   `json:"isp,omitempty"`
	Domain  string   `json:"domain,omitempty"`
	IsProxy *bool    `json:"is_proxy,omitempty"`
}

// Client is the user agent.
type Client struct {
	UserAgent string `json:"user_agent,omitempty"`
	OS        string `json:"os,omitempty"`
	Browser   string `json:"browser,omitempty"`
	Device    string `json:"device,omitempty"`
	Zone      string `json:"zone,omitempty"`
}

// Device is the managed device, where Okta knows one.
type Device struct {
	ID      string `json:"id,omitempty"`
	Name    string `json:"name,omitempty"`
	OS      string `json:"os,omitempty"`
	Managed *bool  `json:"managed,omitempty"`
}

// Outcome is the event's outcome.
type Outcome struct {
	Result string `json:"result,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Okta holds Okta's own verdicts, as they were written.
type Okta struct {
	EventType       string `json:"event_type,omitempty"`
	DisplayMessage  string `json:"display_message,omitempty"`
	ThreatSuspected string `json:"threat_suspected,omitempty"`
	Risk            string `json:"risk,omitempty"`
	Behaviors       string `json:"behaviors,omitempty"`
	RequestURI      string `json:"request_uri,omitempty"`
	LogOnlySecurity string `json:"log_only_security_data,omitempty"`
}

// Evidence lists the events behind the alert: the first five and the last five, and up to MaxIDs ids.
type Evidence struct {
	Events    []EvidenceEvent `json:"events"`    // nil is written as []
	EventIDs  []string        `json:"event_ids"` // nil is written as []
	Total     int             `json:"total"`
	Truncated bool            `json:"truncated,omitempty"`
}

// EvidenceEvent is one event, short; Raw is the whole LogEvent where the engine has it at hand (stateless alerts) and
// the projection it decided on otherwise. An event that is too large for its share is cut to its references.
type EvidenceEvent struct {
	ID        string    `json:"id"`
	Published time.Time `json:"published"`
	Type      string    `json:"event_type"`
	Step      string    `json:"step,omitempty"`
	IP        string    `json:"ip,omitempty"`
	Result    string    `json:"result,omitempty"`
	Values    []Field   `json:"values,omitempty"` // the counted values of this event
	Topic     string    `json:"topic,omitempty"`
	Partition int32     `json:"partition"`
	Offset    int64     `json:"offset"`
	Index     int32     `json:"index"`
	Raw       RawJSON   `json:"raw,omitempty"`
}

// Engine identifies what decided.
type Engine struct {
	Version string `json:"version"`
	RuleSet string `json:"ruleset"` // fingerprint
}
