package alert

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"oktastream/rules/event"
)

// maxTargets is how many targets an alert lists.
const maxTargets = MaxValues

// Where an alert's parts stand in an event.
var (
	actorPaths  = entityPaths("actor")
	targetPaths = manyEntityPaths("target", maxTargets)
	allTargets  = entityPaths("target")

	externalPath    = event.MustPath("authenticationContext.externalSessionId")
	rootPath        = event.MustPath("authenticationContext.rootSessionId")
	transactionPath = event.MustPath("transaction.id")
	dtHashPath      = event.MustPath("debugContext.debugData.dtHash")

	ipPath      = event.MustPath("client.ipAddress")
	chainPath   = event.MustPath("request.ipChain.ip")
	cityPath    = event.MustPath("client.geographicalContext.city")
	statePath   = event.MustPath("client.geographicalContext.state")
	countryPath = event.MustPath("client.geographicalContext.country")
	latPath     = event.MustPath("client.geographicalContext.geolocation.lat")
	lonPath     = event.MustPath("client.geographicalContext.geolocation.lon")
	asnPath     = event.MustPath("securityContext.asNumber")
	asOrgPath   = event.MustPath("securityContext.asOrg")
	ispPath     = event.MustPath("securityContext.isp")
	domainPath  = event.MustPath("securityContext.domain")
	proxyPath   = event.MustPath("securityContext.isProxy")

	agentPath        = event.MustPath("client.userAgent.rawUserAgent")
	osPath           = event.MustPath("client.userAgent.os")
	browserPath      = event.MustPath("client.userAgent.browser")
	clientDevicePath = event.MustPath("client.device")
	zonePath         = event.MustPath("client.zone")

	deviceIDPath      = event.MustPath("device.id")
	deviceNamePath    = event.MustPath("device.name")
	deviceOSPath      = event.MustPath("device.os_platform")
	deviceManagedPath = event.MustPath("device.managed")

	resultPath = event.MustPath("outcome.result")
	reasonPath = event.MustPath("outcome.reason")

	typePath      = event.MustPath("eventType")
	messagePath   = event.MustPath("displayMessage")
	threatPath    = event.MustPath("debugContext.debugData.threatSuspected")
	riskPath      = event.MustPath("debugContext.debugData.risk")
	behaviorsPath = event.MustPath("debugContext.debugData.behaviors")
	uriPath       = event.MustPath("debugContext.debugData.requestUri")
	logOnlyPath   = event.MustPath("debugContext.debugData.logOnlySecurityData")
)

// entityPath has the members of an entity: id, type, alternate id, display name.
type entityPath [4]event.Path

func entityPaths(prefix string) entityPath {
	return entityPath{event.MustPath(prefix + ".id"), event.MustPath(prefix + ".type"),
		event.MustPath(prefix + ".alternateId"), event.MustPath(prefix + ".displayName")}
}

func manyEntityPaths(prefix string, n int) []entityPath {
	paths := make([]entityPath, n)
	for i := range paths {
		paths[i] = entityPaths(fmt.Sprintf("%s.%d", prefix, i))
	}
	return paths
}

// DescribePaths lists what Describe reads: an event that is projected to these paths describes an alert as well as the
// whole event. The slice is the caller's.
func DescribePaths() []event.Path {
	paths := []event.Path{
		externalPath, rootPath, transactionPath, dtHashPath,
		ipPath, chainPath, cityPath, statePath, countryPath, latPath, lonPath, asnPath, asOrgPath, ispPath, domainPath, proxyPath,
		agentPath, osPath, browserPath, clientDevicePath, zonePath,
		deviceIDPath, deviceNamePath, deviceOSPath, deviceManagedPath,
		resultPath, reasonPath,
		typePath, messagePath, threatPath, riskPath, behaviorsPath, uriPath, logOnlyPath,
	}
	return slices.Concat(paths, actorPaths[:], allTargets[:])
}

// Describe fills the parts of a that tell who, from where, with what, and with which outcome, from an event. Missing
// values and placeholders are left out, and so is a part of which nothing is known. Nothing in a refers to ev.
func Describe(ev *event.Event, a *Alert) {
	a.Actor = part(entityOf(ev, actorPaths))
	a.Targets = nil
	for _, p := range targetPaths {
		if t := entityOf(ev, p); t != (Entity{}) {
			a.Targets = append(a.Targets, t)
		}
	}
	a.Session = part(Session{External: get(ev, externalPath), Root: get(ev, rootPath), Transaction: get(ev, transactionPath), DTHash: get(ev, dtHashPath)})
	a.Source = sourceOf(ev)
	a.Client = part(Client{UserAgent: get(ev, agentPath), OS: get(ev, osPath), Browser: get(ev, browserPath),
		Device: get(ev, clientDevicePath), Zone: get(ev, zonePath)})
	d := Device{ID: get(ev, deviceIDPath), Name: get(ev, deviceNamePath), OS: get(ev, deviceOSPath)}
	if a.Device = part(d); a.Device != nil {
		a.Device.Managed = truth(ev, deviceManagedPath)
	}
	a.Outcome = part(Outcome{Result: get(ev, resultPath), Reason: get(ev, reasonPath)})
	a.Okta = part(Okta{EventType: get(ev, typePath), DisplayMessage: get(ev, messagePath), ThreatSuspected: get(ev, threatPath),
		Risk: get(ev, riskPath), Behaviors: get(ev, behaviorsPath), RequestURI: get(ev, uriPath), LogOnlySecurity: get(ev, logOnlyPath)})
}

func entityOf(ev *event.Event, p entityPath) Entity {
	return Entity{ID: get(ev, p[0]), Type: get(ev, p[1]), AlternateID: get(ev, p[2]), DisplayName: get(ev, p[3])}
}

func sourceOf(ev *event.Event) *Source {
	s := Source{IP: get(ev, ipPath), City: get(ev, cityPath), State: get(ev, statePath), Country: get(ev, countryPath),
		Lat: number(ev, latPath), Lon: number(ev, lonPath), ASOrg: get(ev, asOrgPath), ISP: get(ev, ispPath),
		Domain: get(ev, domainPath), IsProxy: truth(ev, proxyPath)}
	s.ASN, _ = strconv.ParseInt(get(ev, asnPath), 10, 64)
	for _, v := range ev.Lookup(chainPath) {
		if !event.Placeholder(v.Text) && len(s.Chain) < MaxValues {
			s.Chain = append(s.Chain, strings.Clone(v.Text))
		}
	}
	if s.Chain == nil && s.Lat == nil && s.Lon == nil && s.IsProxy == nil && s.ASN == 0 &&
		s.IP+s.City+s.State+s.Country+s.ASOrg+s.ISP+s.Domain == "" {
		return nil
	}
	return &s
}

// part is nil for a value that says nothing.
func part[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// get is the first value at p, as a text of its own.
func get(ev *event.Event, p event.Path) string {
	for _, v := range ev.Lookup(p) {
		if !event.Placeholder(v.Text) {
			return strings.Clone(v.Text)
		}
	}
	return ""
}

func number(ev *event.Event, p event.Path) *float64 {
	if f, err := strconv.ParseFloat(get(ev, p), 64); err == nil {
		return &f
	}
	return nil
}

func truth(ev *event.Event, p event.Path) *bool {
	if b, err := strconv.ParseBool(get(ev, p)); err == nil {
		return &b
	}
	return nil
}
