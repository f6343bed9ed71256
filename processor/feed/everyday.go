package feed

import (
	"strings"
	"time"
)

// maxSession is how long a session of everyday traffic lasts.
const maxSession = 4 * time.Hour

// everyday lets somebody do one thing, at now or in the seconds after it.
func (w *world) everyday(now time.Time) {
	at := now.Add(time.Duration(w.r.IntN(3000)) * time.Millisecond)
	switch k := w.r.IntN(1000); {
	case k < 250:
		w.background(at)
		return
	case k < 290:
		w.administer(at)
		return
	}
	p := pick(w.r, w.people)
	switch s := p.session; {
	case s == nil || at.Sub(s.began) > maxSession:
		if w.r.oneIn(8) {
			w.failSignIn(at, p)
			return
		}
		w.signIn(at, p)
	default:
		w.work(at, p, s)
	}
}

// signIn is a whole login: policy, factor, session, dashboard.
func (w *world) signIn(at time.Time, p *person) {
	n := p.office
	if w.r.oneIn(3) {
		n = p.home
	}
	s := w.newSession(at, p.machine, n)
	p.session = s
	policy := w.event("policy.evaluate_sign_on", p, nil, p.machine, n).result("CHALLENGE", "Sign-on policy evaluation resulted in CHALLENGE").
		on(w.policyRule("Default Rule"), p.target())
	if w.r.oneIn(2) {
		policy.debug("behaviors", behaviorMap()).debug("risk", "{level=LOW}").debug("logOnlySecurityData", logOnly("", ""))
	}
	w.push(at, policy, "")
	if w.r.oneIn(4) {
		w.push(at.Add(sec(1)), w.event("user.authentication.auth_via_AD_agent", p, nil, p.machine, n).on(p.target()), "")
	}
	factor := pick(w.r, []string{"OKTA_VERIFY_PUSH", "SIGNED_NONCE", "FIDO_WEBAUTHN", "TOKEN_SOFTWARE_TOTP"})
	if factor == "OKTA_VERIFY_PUSH" {
		w.push(at.Add(sec(2)), w.event("system.push.send_factor_verify_push", p, s, p.machine, n).on(p.target()), "")
	}
	mfa := w.event("user.authentication.auth_via_mfa", p, s, p.machine, n).on(p.target()).debug("factor", factor).debug("factorIntent", "AUTHENTICATION")
	mfa.Authentication.Provider, mfa.Authentication.Type = ptr("FACTOR_PROVIDER"), ptr("OTP")
	w.push(at.Add(sec(4+w.r.IntN(20))), mfa, "")
	start := w.event("user.session.start", p, s, p.machine, n)
	start.Authentication.Type = ptr("PASSWORD")
	if w.r.oneIn(3) {
		start.Security.Risk = &risk{Level: "LOW", Reasons: []string{}}
		start.Security.Habits = []behavior{{w.r.id("bev"), "New Device", "NEGATIVE"}, {w.r.id("bev"), "New City", "NEGATIVE"}}
	}
	w.push(at.Add(sec(26)), start, "")
	w.push(at.Add(sec(27)), w.signOn(p, s, app{id: "0oaDASHBOARD00000001", user: w.r.id("0ua"), name: "Okta Dashboard"}), "")
}

func (w *world) failSignIn(at time.Time, p *person) {
	e := w.event("user.session.start", p, nil, p.machine, p.home).result("FAILURE", "INVALID_CREDENTIALS")
	e.Legacy = ptr("core.user_auth.login_failed")
	switch w.r.IntN(3) {
	case 0: // nobody of that name
		e.Actor = &actor{ID: "unknown", Type: "User", AlternateID: p.login, DisplayName: "unknown"}
	case 1:
		e.debug("dtHash", "-")
	}
	w.push(at, e, "")
	if w.r.oneIn(10) {
		w.push(at.Add(sec(9)), w.event("user.account.lock", p, nil, p.machine, p.home).result("FAILURE", "LOCKED_OUT"), "")
	}
}

func (w *world) signOn(p *person, s *session, a app) *logEvent {
	return w.inSession("user.authentication.sso", p, s).
		on(a.target(), target{ID: a.user, Type: "AppUser", AlternateID: p.login, DisplayName: p.name}).
		debug("initiationType", "IDP_INITIATED").debug("signOnMode", "SAML 2.0")
}

// work is what a signed-in person does.
func (w *world) work(at time.Time, p *person, s *session) {
	switch k := w.r.IntN(100); {
	case k < 45:
		a := pick(w.r, w.apps)
		if w.r.oneIn(3) {
			w.push(at, w.inSession("policy.evaluate_sign_on", p, s).result("ALLOW", "Sign-on policy evaluation resulted in ALLOW").
				on(w.policyRule("Catch-all Rule"), a.target()).debug("behaviors", behaviorMap()).debug("risk", "{level=LOW}"), "")
		}
		w.push(at.Add(sec(1)), w.signOn(p, s, a), "")
	case k < 62:
		w.push(at, w.tokenGrant(p, s), "")
	case k < 70:
		if s.net == p.office { // going home with the same session and the same browser
			s.net = p.home
		}
		w.push(at, w.signOn(p, s, pick(w.r, w.apps)), "")
	case k < 80:
		w.push(at, w.inSession("user.authentication.verify", p, s).on(p.target()).debug("factor", "PASSWORD_AS_FACTOR"), "")
	case k < 85:
		e := w.inSession("user.account.update_profile", p, s).on(p.target())
		e.Target[0].Change = &change{From: map[string]any{"mobilePhone": nil}, To: map[string]any{"mobilePhone": "+1 555 0100"}}
		w.push(at, e, "")
	case k < 88:
		e := w.inSession("user.mfa.factor.activate", p, s).result("SUCCESS", "User set up SIGNED_NONCE factor").on(p.target())
		if w.r.oneIn(2) {
			e.debug("dtHash", "-")
		}
		w.push(at, e, "")
	default:
		e := w.inSession("user.session.end", p, s).on(p.target())
		p.session = nil
		w.push(at, e, "")
	}
}

// tokenGrant has, now and then, the long URL that makes an event big.
func (w *world) tokenGrant(p *person, s *session) *logEvent {
	a := pick(w.r, w.apps)
	e := w.inSession("app.oauth2.as.token.grant.access_token", p, s).
		on(target{ID: w.r.id("AT."), Type: "access_token", AlternateID: "unknown", DisplayName: "Access Token", Detail: map[string]any{"expires": s.began.Add(time.Hour).Format(time.RFC3339), "subject": p.login, "hash": w.r.hex(32)}}).
		debug("grantType", "authorization_code").debug("requestedScopes", "openid profile email").debug("grantedScopes", "openid profile email")
	e.Actor = &actor{ID: a.id, Type: "PublicClientApp", AlternateID: a.id, DisplayName: a.name}
	if w.r.oneIn(10) {
		e.debug("url", "/oauth2/default/v1/token?client_id="+a.id+"&code_verifier="+w.r.hex(64)+"&state="+w.r.hex(w.r.IntN(1400))+"&nonce="+w.r.hex(64)+"&redirect_uri=https%3A%2F%2Fapp."+domain+"%2Fcallback")
	}
	return e
}

// administer is the work of an administrator: everyday changes, none of which any detection asks for.
func (w *world) administer(at time.Time) {
	p := pick(w.r, w.people[:len(w.people)/10])
	s := p.session
	if s == nil || at.Sub(s.began) > maxSession {
		w.signIn(at, p)
		return
	}
	u, g, a := pick(w.r, w.people), pick(w.r, w.groups), pick(w.r, w.apps)
	inGroup := target{ID: g.id, Type: "UserGroup", AlternateID: "unknown", DisplayName: g.name}
	byToken := func(e *logEvent) *logEvent {
		if w.r.oneIn(3) {
			e.Transaction.Detail["requestApiTokenId"] = "00T" + w.r.hex(17)
			e.Authentication.External, e.Authentication.Root = ptr("trs"+w.r.hex(22)), nil
			e.debug("dtHash", "-")
		}
		return e
	}
	switch w.r.IntN(7) {
	case 0:
		w.push(at, w.inSession("policy.evaluate_sign_on", p, s).result("ALLOW", "Sign-on policy evaluation resulted in ALLOW").
			on(w.policyRule("Admin App Policy"), w.adminConsole()).debug("behaviors", behaviorMap()).debug("logOnlySecurityData", logOnly("LOW", "")).debug("risk", "{level=LOW}"), "")
		w.push(at.Add(sec(1)), w.inSession("user.session.access_admin_app", p, s).on(p.target()), "")
	case 1:
		w.push(at, byToken(w.inSession("group.user_membership.add", p, s)).on(u.target(), inGroup), "")
	case 2:
		w.push(at, byToken(w.inSession("group.user_membership.remove", p, s)).on(inGroup, u.target()), "") // order is not guaranteed
	case 3:
		w.push(at, w.inSession("application.user_membership.add", p, s).on(a.target(), u.target()), "")
	case 4:
		e := w.inSession("application.lifecycle.update", p, s).on(a.target())
		settings := `{"settings":{"signOn":{"audience":"https://` + domain + `","attributeStatements":[` + strings.Repeat(`{"type":"EXPRESSION","name":"role","values":["user.role"]},`, 4+w.r.IntN(14)) + `{}]}}}`
		e.Target[0].Change = &change{To: settings}
		w.push(at, e, "")
	case 5:
		w.push(at, byToken(w.inSession("user.lifecycle.create", p, s)).on(u.target()), "")
		w.push(at.Add(sec(2)), w.inSession("user.lifecycle.activate", p, s).on(u.target()), "")
	default:
		w.push(at, w.inSession("user.account.reset_password", p, s).on(u.target()), "")
	}
}

// background is what nobody of the organisation does: Okta's jobs, and strangers that are turned away.
func (w *world) background(at time.Time) {
	switch w.r.IntN(5) {
	case 0, 1:
		e := w.system("system.org.rate_limit.warning").on(target{ID: w.r.id("bkt"), Type: "URL Pattern", AlternateID: "/api/v1/users", DisplayName: "API users bucket"})
		e.Severity = "WARN"
		e.debug("threshold", "600").debug("timeSpan", "1").debug("timeUnit", "MINUTES")
		w.push(at, e, "")
	case 2:
		p := pick(w.r, w.people)
		e := w.system("system.email.new_device_notification.sent_message").on(p.target())
		e.Outcome = nil // seen
		w.push(at, e, "")
	case 3:
		e := w.system("system.org.rate_limit.warning")
		e.Client = struct{}{} // seen: an object without members
		e.DisplayMessage, e.Debug.Data = nil, map[string]any{}
		w.push(at, e, "")
	default:
		n := w.stranger()
		e := w.blank("security.threat.detected").result("DENY", "Password Spray")
		w.from(e, &machine{agent: script, dtHash: "-", fingerprint: "-"}, n)
		e.Actor = &actor{ID: n.ip, Type: "IP address", AlternateID: "unknown", DisplayName: n.ip}
		e.Authentication.External = nil
		e.debug("threatSuspected", "true").debug("threatDetections", `{"Password Spray":"HIGH"}`)
		w.push(at, e, "")
	}
}
