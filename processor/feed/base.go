package feed

import (
	"fmt"
	"strings"
	"time"
)

// kind is what Okta writes for every event of a type.
type kind struct{ message, legacy, uri string }

var kinds = map[string]kind{
	"user.session.start":                                 {"User login to Okta", "core.user_auth.login_success", "/idp/idx/identify"},
	"user.session.end":                                   {"User logout from Okta", "core.user_auth.logout_success", "/login/signout"},
	"user.session.access_admin_app":                      {"User accessing Okta admin app", "app.admin.sso.login.success", "/admin/sso/callback"},
	"user.session.impersonation.grant":                   {"Grant user impersonation", "core.user.impersonation.grant.enabled", "/api/internal/supportAccess"},
	"user.session.impersonation.initiate":                {"Initiate impersonation session", "core.user.impersonation.session.initiated", "/api/v1/sessions/impersonation"},
	"user.session.impersonation.end":                     {"Exit impersonation session", "core.user.impersonation.session.ended", "/api/v1/sessions/impersonation"},
	"user.authentication.sso":                            {"User single sign on to app", "app.auth.sso", "/app/saml/sso"},
	"user.authentication.auth_via_mfa":                   {"Authentication of user via MFA", "core.user.factor.attempt_success", "/idp/idx/challenge/answer"},
	"user.authentication.verify":                         {"Verify user identity", "", "/idp/idx/challenge/answer"},
	"user.authentication.auth_via_AD_agent":              {"Authenticate user with AD agent", "core.user_auth.ad_auth", "/api/1/internal/app/activedirectory/auth"},
	"user.authentication.auth_via_IDP":                   {"Authenticate user via IDP", "core.user_auth.idp.saml.login_success", "/sso/saml2"},
	"policy.evaluate_sign_on":                            {"Evaluation of sign-on policy", "", "/idp/idx/identify"},
	"app.oauth2.as.token.grant.access_token":             {"OAuth2 access token is granted", "app.oauth2.as.token.grant.access_token_success", "/oauth2/default/v1/token"},
	"group.user_membership.add":                          {"Add user to group membership", "core.user_group_member.user_add", "/api/v1/groups"},
	"group.user_membership.remove":                       {"Remove user from group membership", "core.user_group_member.user_remove", "/api/v1/groups"},
	"application.user_membership.add":                    {"Add user to application membership", "app.generic.provision.assign_user_to_app", "/api/v1/apps"},
	"application.lifecycle.update":                       {"Update application", "app.generic.config.app_updated", "/api/v1/apps"},
	"user.lifecycle.create":                              {"Create Okta user", "core.user.config.user_creation.success", "/api/v1/users"},
	"user.lifecycle.activate":                            {"Activate Okta user", "core.user.config.user_activated", "/api/v1/users"},
	"user.account.reset_password":                        {"Fired when the user's Okta password is reset", "core.user.config.password_reset.success", "/api/v1/users/lifecycle/reset_password"},
	"user.account.update_profile":                        {"Update user profile for Okta", "core.user.config.profile_update.success", "/api/v1/users"},
	"user.account.lock":                                  {"Max sign in attempts exceeded", "core.user_auth.account_locked", "/idp/idx/identify"},
	"user.account.report_suspicious_activity_by_enduser": {"User report suspicious activity", "", "/user/notifications/report"},
	"user.mfa.factor.activate":                           {"Activate factor or authenticator enrollment for user", "core.user.factor.activate", "/idp/idx/authenticators/enroll"},
	"user.mfa.factor.reset_all":                          {"Reset all factors for user", "core.user.factor.reset_all", "/api/v1/users/lifecycle/reset_factors"},
	"system.mfa.factor.activate":                         {"Activate factor", "", "/api/v1/authenticators"},
	"system.mfa.factor.deactivate":                       {"Deactivate factor", "", "/api/v1/authenticators"},
	"system.push.send_factor_verify_push":                {"Send push verification to user", "", "/idp/idx/challenge"},
	"system.email.new_device_notification.sent_message":  {"Send user new device notification email", "core.user.email.message_sent.new_device_notification", ""},
	"system.org.rate_limit.warning":                      {"Rate limit warning", "core.framework.ratelimit.warning", "/api/v1/users"},
	"system.api_token.create":                            {"Create API token", "api.token.create", "/api/internal/tokens"},
	"system.idp.lifecycle.create":                        {"Create Identity Provider", "", "/api/v1/idps"},
	"system.idp.lifecycle.update":                        {"Update Identity Provider", "", "/api/v1/idps"},
	"security.threat.detected":                           {"Request from suspicious actor", "", "/idp/idx/identify"},
	"security.session.detect_client_roaming":             {"Client roaming detected for session", "", "/app/UserHome"},
}

// event is what all events of typ by p in s have in common. A nil s is somebody who is not signed in.
func (w *world) event(typ string, p *person, s *session, m *machine, n *network) *logEvent {
	e := w.blank(typ)
	e.Actor = &actor{ID: p.id, Type: "User", AlternateID: p.login, DisplayName: p.name}
	w.from(e, m, n)
	if s != nil {
		e.Authentication.External = ptr(s.id)
		if w.r.oneIn(2) {
			e.Authentication.Root = ptr(s.root)
		}
	} else {
		e.Authentication.External = ptr("unknown")
	}
	return e
}

// inSession is an event of a session that goes on.
func (w *world) inSession(typ string, p *person, s *session) *logEvent {
	return w.event(typ, p, s, s.machine, s.net)
}

// system is an event of Okta itself, without any client.
func (w *world) system(typ string) *logEvent {
	e := w.blank(typ)
	e.Actor = &actor{ID: "okta-system", Type: "SystemPrincipal", AlternateID: "system@okta.com", DisplayName: "Okta System"}
	e.Client = client{}
	e.Request.Chain = []hop{}
	e.Transaction = transaction{Type: ptr("JOB"), ID: w.r.id("0bj"), Detail: map[string]any{}}
	return e
}

func (w *world) blank(typ string) *logEvent {
	k, ok := kinds[typ]
	if !ok {
		panic("feed: no kind for " + typ)
	}
	e := &logEvent{EventType: typ, DisplayMessage: ptr(k.message), Severity: "INFO", Version: "0"}
	if k.legacy != "" {
		e.Legacy = ptr(k.legacy)
	}
	if w.r.oneIn(100) { // the vendor's own example has a number
		e.Version = 0
	}
	e.Outcome = &outcome{Result: "SUCCESS"}
	e.Transaction = transaction{Type: ptr("WEB"), ID: w.r.hex(32), Detail: map[string]any{}}
	if w.r.oneIn(8) {
		e.Transaction.Type, e.Transaction.ID = nil, "unknown"
	}
	e.Debug.Data = map[string]any{}
	if k.uri != "" {
		e.Debug.Data["requestId"] = w.r.hex(32)
		e.Debug.Data["requestUri"] = k.uri
		if w.r.oneIn(2) {
			e.Debug.Data["url"] = k.uri + "?"
		}
	}
	return e
}

// from fills in where a request came from.
func (w *world) from(e *logEvent, m *machine, n *network) {
	c := client{
		UserAgent: &userAgent{m.raw, m.os, m.browser}, Zone: ptr("null"), Device: ptr(m.device), IP: ptr(n.ip), Geo: w.geo(n.place),
	}
	if w.r.oneIn(20) {
		c.Zone = ptr("OFF_NETWORK")
	}
	e.Client = c
	e.Device = m.managed
	e.Request.Chain = []hop{}
	switch {
	case n.ip2 != "":
		e.Request.Chain = []hop{w.hop(n.ip, c.Geo), w.hop(n.ip2, nil)}
	case !w.r.oneIn(3):
		e.Request.Chain = []hop{w.hop(n.ip, c.Geo)}
	}
	e.Security = security{AS: ptr(n.as), ASOrg: ptr(n.asOrg), ISP: ptr(n.isp), IsProxy: ptr(n.proxy)}
	switch {
	case n.unknownDomain:
		e.Security.Domain = ptr(".")
	case n.domain != "":
		e.Security.Domain = ptr(n.domain)
	}
	e.Debug.Data["dtHash"] = m.dtHash
	if w.r.oneIn(4) {
		e.Debug.Data["deviceFingerprint"] = m.fingerprint
		e.Debug.Data["threatSuspected"] = "false"
	}
}

func (w *world) hop(ip string, g *geo) hop {
	version := "V4"
	if strings.Contains(ip, ":") {
		version = "V6"
	}
	return hop{IP: ip, Geo: g, Version: version}
}

func (w *world) geo(p place) *geo {
	g := &geo{City: ptr(p.city), Country: ptr(p.country), Postal: p.postal, Location: &latLong{p.lat, p.lon}}
	if p.state != "" {
		g.State = ptr(p.state)
	}
	switch w.r.IntN(60) {
	case 0, 1:
		return nil
	case 3, 4:
		return &geo{Country: ptr(p.country)} // all that is known
	case 2:
		g.Postal = 10013 // the vendor's own example has a number
	}
	return g
}

func (w *world) newDevice(a agent) *device {
	names := map[string]string{"Mac OS X": "MacBookPro18,3", "Windows 10": "LAPTOP-" + strings.ToUpper(w.r.hex(7)), "Linux": "thinkpad", "iOS": "iPhone15,2"}
	if w.r.oneIn(6) { // seen: a device with nothing but an integrator
		return &device{Integrator: ptr(`{"name":"example-edr","signals":{"score":"82"}}`)}
	}
	return &device{
		ID: ptr(w.r.id("guo")), Name: ptr(names[a.os]), Platform: ptr(strings.ToUpper(strings.Fields(a.os)[0])), OSVersion: ptr("13.5.0"),
		Managed: ptr(w.r.oneIn(2)), Registered: ptr(true), Disk: ptr("ALL_INTERNAL_VOLUMES"), ScreenLock: ptr("BIOMETRIC"), Secure: ptr(true),
	}
}

func (p *person) target() target {
	return target{ID: p.id, Type: "User", AlternateID: p.login, DisplayName: p.name}
}

func (a app) target() target {
	return target{ID: a.id, Type: "AppInstance", AlternateID: a.name, DisplayName: a.name}
}

func (w *world) adminConsole() target {
	return target{ID: "0oaADMINCONSOLE000001", Type: "AppInstance", AlternateID: "Okta Admin Console", DisplayName: "Okta Admin Console"}
}

func (w *world) policyRule(name string) target {
	return target{ID: w.r.id("0pr"), Type: "Rule", AlternateID: "unknown", DisplayName: name}
}

// behaviorNames are the behaviours that Okta evaluates, in the order in which it prints them.
var behaviorNames = []string{"New Geo-Location", "New Device", "New IP", "New State", "New Country", "Velocity", "New City"}

// behaviorMap is the text notation of debugData.behaviors; the named behaviours are positive.
func behaviorMap(positive ...string) string {
	parts := make([]string, len(behaviorNames))
	for i, n := range behaviorNames {
		parts[i] = n + "=" + verdict(n, positive)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// logOnly is the text notation of debugData.logOnlySecurityData: JSON inside a string.
func logOnly(level, reasons string, positive ...string) string {
	parts := make([]string, len(behaviorNames))
	for i, n := range behaviorNames {
		parts[i] = fmt.Sprintf("%q:%q", n, verdict(n, positive))
	}
	risk := "{}"
	if level != "" {
		risk = fmt.Sprintf(`{"reasons":%q,"level":%q}`, reasons, level)
	}
	return `{"risk":` + risk + `,"behaviors":{` + strings.Join(parts, ",") + `}}`
}

func verdict(name string, positive []string) string {
	for _, p := range positive {
		if p == name {
			return "POSITIVE"
		}
	}
	if name == "Velocity" {
		return "UNKNOWN"
	}
	return "NEGATIVE"
}

func (e *logEvent) result(result, reason string) *logEvent {
	e.Outcome = &outcome{Result: result}
	if reason != "" {
		e.Outcome.Reason = ptr(reason)
	}
	if result == "FAILURE" || result == "DENY" {
		e.Severity = "WARN"
	}
	return e
}

func (e *logEvent) on(ts ...target) *logEvent {
	e.Target = append(e.Target, ts...)
	return e
}

func (e *logEvent) debug(key string, value any) *logEvent {
	e.Debug.Data[key] = value
	return e
}

// sec is a number of seconds as a duration.
func sec(n int) time.Duration { return time.Duration(n) * time.Second }
