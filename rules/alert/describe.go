package alert

import (
	"reflect"
	"strconv"
	"strings"
	"sync"

	"oktastream/rules/event"
	"oktastream/rules/event/jsontree"
)

// The paths that Describe reads. target is looked up whole, so that the members of one target stay together, but only
// these members of it are projected.
var (
	pathActorID          = path("actor.id")
	pathActorType        = path("actor.type")
	pathActorAlternateID = path("actor.alternateId")
	pathActorDisplayName = path("actor.displayName")

	pathTarget = event.MustPath("target")
	_          = path("target.id")
	_          = path("target.type")
	_          = path("target.alternateId")
	_          = path("target.displayName")

	pathExternalSession = path("authenticationContext.externalSessionId")
	pathRootSession     = path("authenticationContext.rootSessionId")
	pathTransaction     = path("transaction.id")
	pathDTHash          = path("debugContext.debugData.dtHash")

	pathIP      = path("client.ipAddress")
	pathChain   = path("request.ipChain.ip")
	pathCity    = path("client.geographicalContext.city")
	pathState   = path("client.geographicalContext.state")
	pathCountry = path("client.geographicalContext.country")
	pathLat     = path("client.geographicalContext.geolocation.lat")
	pathLon     = path("client.geographicalContext.geolocation.lon")
	pathASN     = path("securityContext.asNumber")
	pathASOrg   = path("securityContext.asOrg")
	pathISP     = path("securityContext.isp")
	pathDomain  = path("securityContext.domain")
	pathIsProxy = path("securityContext.isProxy")

	pathUserAgent = path("client.userAgent.rawUserAgent")
	pathOS        = path("client.userAgent.os")
	pathBrowser   = path("client.userAgent.browser")
	pathClientDev = path("client.device")
	pathZone      = path("client.zone")

	pathDeviceID      = path("device.id")
	pathDeviceName    = path("device.name")
	pathDeviceOS      = path("device.os_platform")
	pathDeviceManaged = path("device.managed")

	pathResult = path("outcome.result")
	pathReason = path("outcome.reason")

	pathEventType       = path("eventType")
	pathDisplayMessage  = path("displayMessage")
	pathThreatSuspected = path("debugContext.debugData.threatSuspected")
	pathRisk            = path("debugContext.debugData.risk")
	pathRiskLevel       = path("securityContext.risk.level")
	pathBehaviors       = path("debugContext.debugData.behaviors")
	pathLogOnly         = path("debugContext.debugData.logOnlySecurityData")
	pathRequestURI      = path("debugContext.debugData.requestUri")
)

var describePaths []event.Path

func path(text string) event.Path {
	p := event.MustPath(text)
	describePaths = append(describePaths, p)
	return p
}

// DescribePaths are the paths that Describe reads: of a projection that holds them it makes the same alert as of the
// whole event. The caller must not write to the result.
func DescribePaths() []event.Path { return describePaths[:len(describePaths):len(describePaths)] }

// DescribeFields are the fields that Describe reads: it looks up by path, which takes less time of an event that was decoded
// for them. The caller must not add to the result.
var DescribeFields = sync.OnceValue(func() *event.Fields {
	fields := event.NewFields()
	for _, p := range append(DescribePaths(), pathTarget) {
		fields.Add(p)
	}
	return fields
})

// Describe sets what a tells about the event that completed the condition: Actor, Targets, Session, Source, Client,
// Device, Outcome and Okta. What the event leaves out, and Okta's placeholders, are left out. Nothing in a refers to ev
// afterwards.
func Describe(ev *event.Event, a *Alert) {
	a.Actor = known(Entity{
		ID: text(ev, pathActorID), Type: text(ev, pathActorType),
		AlternateID: text(ev, pathActorAlternateID), DisplayName: text(ev, pathActorDisplayName),
	})
	a.Targets = targets(ev)
	a.Session = known(Session{
		External: text(ev, pathExternalSession), Root: text(ev, pathRootSession),
		Transaction: text(ev, pathTransaction), DTHash: text(ev, pathDTHash),
	})
	a.Source = source(ev)
	a.Client = known(Client{
		UserAgent: text(ev, pathUserAgent), OS: text(ev, pathOS), Browser: text(ev, pathBrowser),
		Device: text(ev, pathClientDev), Zone: text(ev, pathZone),
	})
	a.Device = known(Device{
		ID: text(ev, pathDeviceID), Name: text(ev, pathDeviceName), OS: text(ev, pathDeviceOS),
		Managed: truth(ev, pathDeviceManaged),
	})
	a.Outcome = known(Outcome{Result: text(ev, pathResult), Reason: text(ev, pathReason)})
	o := Okta{
		EventType: text(ev, pathEventType), DisplayMessage: text(ev, pathDisplayMessage),
		ThreatSuspected: text(ev, pathThreatSuspected), Risk: text(ev, pathRisk), Behaviors: text(ev, pathBehaviors),
		RequestURI: text(ev, pathRequestURI), LogOnlySecurity: text(ev, pathLogOnly),
	}
	if o.Risk == "" { // newer events have it here
		o.Risk = text(ev, pathRiskLevel)
	}
	a.Okta = known(o)
}

func source(ev *event.Event) *Source {
	s := Source{
		IP: text(ev, pathIP), City: text(ev, pathCity), State: text(ev, pathState), Country: text(ev, pathCountry),
		Lat: number(ev, pathLat), Lon: number(ev, pathLon),
		ASOrg: text(ev, pathASOrg), ISP: text(ev, pathISP), Domain: text(ev, pathDomain), IsProxy: truth(ev, pathIsProxy),
	}
	if n, err := strconv.ParseInt(text(ev, pathASN), 10, 64); err == nil {
		s.ASN = n
	}
	for _, v := range ev.Lookup(pathChain) {
		if !pathChain.Placeholder(v.Text) {
			s.Chain = append(s.Chain, strings.Clone(v.Text))
		}
	}
	return known(s)
}

// targetMember is a member of each target.
type targetMember struct {
	name jsontree.Name
	path event.Path
}

func memberOfTarget(name string) targetMember {
	return targetMember{jsontree.NewName(name), event.MustPath("target." + name)}
}

var (
	targetID          = memberOfTarget("id")
	targetType        = memberOfTarget("type")
	targetAlternateID = memberOfTarget("alternateId")
	targetDisplayName = memberOfTarget("displayName")
)

// targets keeps the order of the event; a target of which nothing is known is left out.
func targets(ev *event.Event) []Entity {
	var list []Entity
	var tree jsontree.Tree
	for _, v := range ev.Lookup(pathTarget) {
		if v.Kind != event.Object || tree.ParseString(v.Text) != nil {
			continue
		}
		e := Entity{ID: targetID.of(&tree), Type: targetType.of(&tree),
			AlternateID: targetAlternateID.of(&tree), DisplayName: targetDisplayName.of(&tree)}
		if e != (Entity{}) {
			list = append(list, e)
		}
	}
	return list
}

// of is a string, number or boolean as text, and anything else or a placeholder nothing.
func (m targetMember) of(t *jsontree.Tree) string {
	n := t.FindName(jsontree.Root, m.name)
	switch t.Kind(n) {
	case jsontree.String, jsontree.Number, jsontree.Bool:
		if text := t.Text(n); !m.path.Placeholder(text) {
			return strings.Clone(text)
		}
	}
	return ""
}

// text is the first value at p that is no placeholder, or empty.
func text(ev *event.Event, p event.Path) string {
	for _, v := range ev.Lookup(p) {
		if !p.Placeholder(v.Text) {
			return strings.Clone(v.Text)
		}
	}
	return ""
}

func number(ev *event.Event, p event.Path) *float64 {
	f, err := strconv.ParseFloat(text(ev, p), 64)
	if err != nil || f-f != 0 { // JSON has no infinity and no NaN, a text may
		return nil
	}
	return &f
}

func truth(ev *event.Event, p event.Path) *bool {
	b := false
	switch strings.ToLower(text(ev, p)) {
	case "true":
		b = true
	case "false":
	default:
		return nil
	}
	return &b
}

// known is nil for the zero value.
func known[T any](v T) *T {
	if reflect.ValueOf(v).IsZero() {
		return nil
	}
	return &v
}
