package encoding

import (
	"time"

	"oktastream/rules/alert"
)

// ecsOkta holds Okta's own fields by the names of Elastic's Okta integration.
type ecsOkta struct {
	EventType      string         `json:"event_type,omitempty"`
	DisplayMessage string         `json:"display_message,omitempty"`
	Actor          *ecsEntity     `json:"actor,omitempty"`
	Target         []ecsEntity    `json:"target,omitempty"`
	Client         *ecsOktaClient `json:"client,omitempty"`
	Device         *ecsOktaDevice `json:"device,omitempty"`
	Outcome        *alert.Outcome `json:"outcome,omitempty"`
	Authentication struct {
		External string `json:"external_session_id,omitempty"`
		Root     string `json:"root_session_id,omitempty"`
	} `json:"authentication_context,omitzero"`
	Transaction  *ecsID `json:"transaction,omitempty"`
	DebugContext struct {
		Data ecsDebugData `json:"debug_data,omitzero"`
	} `json:"debug_context,omitzero"`
	Security *ecsSecurity `json:"security_context,omitempty"`
}

type ecsEntity struct {
	ID          string `json:"id,omitempty"`
	Type        string `json:"type,omitempty"`
	AlternateID string `json:"alternate_id,omitempty"`
	DisplayName string `json:"display_name,omitempty"`
}

type ecsOktaClient struct {
	IP        string `json:"ip,omitempty"`
	Device    string `json:"device,omitempty"`
	Zone      string `json:"zone,omitempty"`
	UserAgent struct {
		Raw     string `json:"raw_user_agent,omitempty"`
		OS      string `json:"os,omitempty"`
		Browser string `json:"browser,omitempty"`
	} `json:"user_agent,omitzero"`
}

type ecsOktaDevice struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name,omitempty"`
	Platform string `json:"os_platform,omitempty"`
	Managed  *bool  `json:"managed,omitempty"`
}

type ecsDebugData struct {
	DTHash          string `json:"dt_hash,omitempty"`
	RequestURI      string `json:"request_uri,omitempty"`
	ThreatSuspected string `json:"threat_suspected,omitempty"`
	Flattened       struct {
		Risk            string `json:"risk,omitempty"`
		Behaviors       string `json:"behaviors,omitempty"`
		LogOnlySecurity string `json:"logOnlySecurityData,omitempty"`
	} `json:"flattened,omitzero"`
}

type ecsSecurity struct {
	AS      *ecsAS `json:"as,omitempty"`
	ISP     string `json:"isp,omitempty"`
	Domain  string `json:"domain,omitempty"`
	IsProxy *bool  `json:"is_proxy,omitempty"`
}

func okta(a *alert.Alert) ecsOkta {
	o := ecsOkta{Outcome: a.Outcome}
	if a.Actor != nil {
		e := ecsEntity(*a.Actor)
		o.Actor = &e
	}
	for _, t := range a.Targets {
		o.Target = append(o.Target, ecsEntity(t))
	}
	if k := a.Okta; k != nil {
		o.EventType, o.DisplayMessage = k.EventType, k.DisplayMessage
		d := &o.DebugContext.Data
		d.RequestURI, d.ThreatSuspected = k.RequestURI, k.ThreatSuspected
		d.Flattened.Risk, d.Flattened.Behaviors, d.Flattened.LogOnlySecurity = k.Risk, k.Behaviors, k.LogOnlySecurity
	}
	if s := a.Session; s != nil {
		o.Authentication.External, o.Authentication.Root = s.External, s.Root
		o.DebugContext.Data.DTHash = s.DTHash
		if s.Transaction != "" {
			o.Transaction = &ecsID{s.Transaction}
		}
	}
	var c ecsOktaClient
	if a.Client != nil {
		c.Device, c.Zone = a.Client.Device, a.Client.Zone
		c.UserAgent.Raw, c.UserAgent.OS, c.UserAgent.Browser = a.Client.UserAgent, a.Client.OS, a.Client.Browser
	}
	if s := a.Source; s != nil {
		c.IP = address(s.IP)
		x := ecsSecurity{ISP: s.ISP, Domain: s.Domain, IsProxy: s.IsProxy}
		if d := source(s); d != nil {
			x.AS = d.AS
		}
		if x != (ecsSecurity{}) {
			o.Security = &x
		}
	}
	if c != (ecsOktaClient{}) {
		o.Client = &c
	}
	if d := a.Device; d != nil {
		o.Device = &ecsOktaDevice{ID: d.ID, Name: d.Name, Platform: d.OS, Managed: d.Managed}
	}
	return o
}

// ecsExtra is what neither ECS nor the Okta integration has a name for.
type ecsExtra struct {
	Schema         string           `json:"schema"`
	Kind           string           `json:"kind"`
	Status         alert.Status     `json:"status"`
	Revision       int              `json:"revision"`
	Severity       alert.Severity   `json:"severity"`
	RuleTitle      string           `json:"rule_title"`
	RuleLanguage   string           `json:"rule_language"`
	References     []string         `json:"references,omitempty"`
	FalsePositives []string         `json:"false_positives,omitempty"`
	Description    string           `json:"description,omitempty"`
	Triage         string           `json:"triage,omitempty"`
	AttackVersion  string           `json:"attack_version,omitempty"`
	Group          alert.Group      `json:"group,omitempty"`
	Count          int              `json:"count"`
	Distinct       []alert.Distinct `json:"distinct,omitempty"`
	Window         *alert.Window    `json:"window,omitempty"`
	Late           bool             `json:"late,omitempty"`
	Episode        *alert.Episode   `json:"episode,omitempty"`
	Progress       []alert.Step     `json:"progress,omitempty"`
	Details        map[string]any   `json:"details,omitempty"`
	Evidence       ecsEvidence      `json:"evidence"`
	Notes          []string         `json:"notes,omitempty"`
}

type ecsEvidence struct {
	Events    []ecsEvidenceEvent `json:"events"`
	EventIDs  []string           `json:"event_ids"`
	Total     int                `json:"total"`
	Truncated bool               `json:"truncated"`
}

// ecsEvidenceEvent keeps the event as text: as an object every key of debugData would become a mapped field.
type ecsEvidenceEvent struct {
	ID        string        `json:"id"`
	Published time.Time     `json:"published"`
	Type      string        `json:"event_type"`
	Step      string        `json:"step,omitempty"`
	IP        string        `json:"ip,omitempty"`
	Result    string        `json:"result,omitempty"`
	Values    []alert.Field `json:"values,omitempty"`
	Topic     string        `json:"topic,omitempty"`
	Partition int32         `json:"partition"`
	Offset    int64         `json:"offset"`
	Index     int32         `json:"index"`
	Original  string        `json:"original,omitempty"`
}

func extra(a *alert.Alert) ecsExtra {
	x := ecsExtra{
		Schema: a.Schema, Kind: a.Kind, Status: a.Status, Revision: a.Revision, Severity: a.Severity,
		RuleTitle: a.Rule.Title, RuleLanguage: a.Rule.Language,
		References: a.Rule.References, FalsePositives: a.Rule.FalsePositives,
		Description: a.Description, Triage: a.Triage,
		Group: a.Group, Count: a.Count, Distinct: a.Distinct, Window: a.Window, Late: a.Late, Episode: a.Episode, Progress: a.Progress,
		Details: a.Details, Notes: a.Notes,
		Evidence: ecsEvidence{
			Events:    make([]ecsEvidenceEvent, 0, len(a.Evidence.Events)),
			EventIDs:  append([]string{}, a.Evidence.EventIDs...),
			Total:     a.Evidence.Total,
			Truncated: a.Evidence.Truncated,
		},
	}
	if a.Attack != nil {
		x.AttackVersion = a.Attack.Version
	}
	for i, e := range a.Evidence.Events {
		raw := string(e.Raw)
		if i == len(a.Evidence.Events)-1 {
			raw = "" // it stands in event.original
		}
		x.Evidence.Events = append(x.Evidence.Events, ecsEvidenceEvent{
			ID: e.ID, Published: e.Published, Type: e.Type, Step: e.Step, IP: e.IP, Result: e.Result, Values: e.Values,
			Topic: e.Topic, Partition: e.Partition, Offset: e.Offset, Index: e.Index, Original: raw,
		})
	}
	return x
}
