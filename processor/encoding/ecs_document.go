package encoding

import "time"

// ecsDocument is an alert in ECS. Absent fields are left out, never null.
type ecsDocument struct {
	Timestamp    time.Time     `json:"@timestamp"`
	ECS          ecsVersionObj `json:"ecs"`
	Message      string        `json:"message"`
	Tags         []string      `json:"tags,omitempty"`
	Event        ecsEvent      `json:"event"`
	Rule         ecsRule       `json:"rule"`
	Threat       *ecsThreat    `json:"threat,omitempty"`
	User         *ecsUser      `json:"user,omitempty"`
	Source       *ecsSource    `json:"source,omitempty"`
	Device       *ecsDevice    `json:"device,omitempty"`
	UserAgent    *ecsUserAgent `json:"user_agent,omitempty"`
	Related      ecsRelated    `json:"related,omitzero"`
	Observer     ecsObserver   `json:"observer"`
	Organization *ecsID        `json:"organization,omitempty"`
	Okta         ecsOkta       `json:"okta,omitzero"`
	Oktastream   ecsExtra      `json:"oktastream"`
}

type ecsVersionObj struct {
	Version string `json:"version"`
}

type ecsEvent struct {
	Kind          string     `json:"kind"`
	Category      []string   `json:"category"`
	Type          []string   `json:"type"`
	Action        string     `json:"action"`
	Outcome       string     `json:"outcome"`
	ID            string     `json:"id"`
	Module        string     `json:"module"`
	Dataset       string     `json:"dataset"`
	Provider      string     `json:"provider"`
	Severity      int        `json:"severity"`
	RiskScore     float64    `json:"risk_score"`
	RiskScoreNorm float64    `json:"risk_score_norm"`
	Reason        string     `json:"reason"`
	Start         time.Time  `json:"start"`
	End           time.Time  `json:"end"`
	Duration      int64      `json:"duration"` // nanoseconds
	Created       *time.Time `json:"created,omitempty"`
	Reference     string     `json:"reference,omitempty"`
	Original      string     `json:"original,omitempty"`
}

type ecsRule struct {
	ID          string   `json:"id"`
	UUID        string   `json:"uuid"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Version     string   `json:"version,omitempty"`
	Ruleset     string   `json:"ruleset,omitempty"`
	Category    string   `json:"category,omitempty"`
	Author      []string `json:"author,omitempty"`
	License     string   `json:"license,omitempty"`
	Reference   string   `json:"reference,omitempty"`
}

type ecsThreat struct {
	Framework string        `json:"framework"`
	Tactic    *ecsThreatRef `json:"tactic,omitempty"`
	Technique *ecsTechnique `json:"technique,omitempty"`
}

// ecsThreatRef has parallel lists; Name is left out unless every name is known.
type ecsThreatRef struct {
	ID   []string `json:"id"`
	Name []string `json:"name,omitempty"`
}

type ecsTechnique struct {
	ecsThreatRef
	Subtechnique *ecsThreatRef `json:"subtechnique,omitempty"`
}

type ecsUser struct {
	ID       string   `json:"id,omitempty"`
	Name     string   `json:"name,omitempty"`
	Email    string   `json:"email,omitempty"`
	FullName string   `json:"full_name,omitempty"`
	Target   *ecsUser `json:"target,omitempty"`
}

type ecsSource struct {
	Address string  `json:"address,omitempty"`
	IP      string  `json:"ip,omitempty"`
	Domain  string  `json:"domain,omitempty"`
	AS      *ecsAS  `json:"as,omitempty"`
	Geo     *ecsGeo `json:"geo,omitempty"`
}

type ecsAS struct {
	Number       int64    `json:"number,omitempty"`
	Organization *ecsName `json:"organization,omitempty"`
}

type ecsName struct {
	Name string `json:"name"`
}

type ecsID struct {
	ID string `json:"id"`
}

type ecsGeo struct {
	City     string       `json:"city_name,omitempty"`
	Region   string       `json:"region_name,omitempty"`
	Country  string       `json:"country_name,omitempty"`
	Location *ecsGeoPoint `json:"location,omitempty"`
}

type ecsGeoPoint struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

type ecsDevice struct {
	ID string `json:"id"`
}

type ecsUserAgent struct {
	Original string   `json:"original,omitempty"`
	Name     string   `json:"name,omitempty"`
	OS       *ecsName `json:"os,omitempty"`
	Device   *ecsName `json:"device,omitempty"`
}

type ecsRelated struct {
	IP   []string `json:"ip,omitempty"`
	User []string `json:"user,omitempty"`
}

type ecsObserver struct {
	Vendor  string `json:"vendor"`
	Product string `json:"product"`
	Version string `json:"version,omitempty"`
	Type    string `json:"type"`
}
