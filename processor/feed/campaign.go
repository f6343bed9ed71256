package feed

import (
	"time"
)

// Labels of the items of a campaign: the name of the detection that must find it.
const (
	Impersonation     = "okta_session_impersonation"
	APIToken          = "okta_api_token_created"
	Proxy             = "okta_sign_in_through_proxy"
	FactorsReset      = "okta_mfa_factors_reset"
	DeviceTokens      = "okta_session_device_tokens"
	FastPass          = "okta_fastpass_phishing_refused"
	SessionBinding    = "okta_session_binding_denied"
	FactorChanged     = "okta_mfa_factor_changed"
	Reported          = "okta_suspicious_activity_reported"
	AdminConsole      = "okta_admin_console_new_behavior"
	AdminConsoleLog   = "okta_admin_console_new_behavior_log_only"
	IdPCreated        = "okta_idp_created"
	IdPChanged        = "okta_idp_changed"
	ThirdPartyIdP     = "okta_sign_in_through_third_party_idp"
	Indicators        = "okta_campaign_indicators_2023"
	CrossTenant       = "okta_cross_tenant_impersonation"
	nearMiss          = "near_miss_"
	MissThreeHashes   = nearMiss + "three_hashes"        // of five addresses; the sensitive variant does find it
	MissPlaceholder   = nearMiss + "placeholder_hash"    // three hashes and "-"
	MissNull          = nearMiss + "null_hash"           // three hashes and null
	MissOneAddress    = nearMiss + "one_address"         // four hashes
	MissUnknown       = nearMiss + "unknown_session"     // four hashes
	MissSignOn        = nearMiss + "sign_on_only"        // four hashes, on events that are not counted
	MissSlow          = nearMiss + "slow"                // four hashes in twelve minutes
	MissWrongOrder    = nearMiss + "wrong_order"         // the cross-tenant campaign backwards
	MissOtherProvider = nearMiss + "other_provider"      // its last step through another provider
	MissIndicatorEdge = nearMiss + "indicator_neighbour" // the address after a published one
)

// campaign is one story. It begins at a share of the day, in thousandths of the events.
type campaign struct {
	label string
	begin int
	play  func(*world, *stage)
}

// The first stories come within the first events, so that a demonstration has something to show at once.
var campaigns = []campaign{
	{Impersonation, 4, (*world).impersonate},
	{Proxy, 8, (*world).signInByProxy},
	{APIToken, 12, (*world).createToken},
	{DeviceTokens, 16, (*world).stealSession},
	{FactorsReset, 22, (*world).resetFactors},
	{FastPass, 28, (*world).phish},
	{Reported, 34, (*world).report},
	{SessionBinding, 40, (*world).roam},
	{MissThreeHashes, 60, (*world).threeHashes},
	{AdminConsole, 80, (*world).newBehavior},
	{MissPlaceholder, 100, (*world).placeholderHash},
	{FactorChanged, 130, (*world).changeFactors},
	{Indicators, 160, (*world).indicatorAddress},
	{IdPChanged, 200, (*world).changeProvider},
	{MissOneAddress, 230, (*world).oneAddress},
	{AdminConsoleLog, 260, (*world).newBehaviorLogOnly},
	{ThirdPartyIdP, 300, (*world).federate},
	{MissNull, 330, (*world).nullHash},
	{CrossTenant, 350, (*world).crossTenant},
	{Indicators, 400, (*world).indicatorHop},
	{MissIndicatorEdge, 430, (*world).indicatorNeighbour},
	{MissUnknown, 450, (*world).unknownSession},
	{MissWrongOrder, 480, (*world).wrongOrder},
	{MissSignOn, 550, (*world).signOnOnly},
	{MissOtherProvider, 600, (*world).otherProvider},
	{MissSlow, 650, (*world).slowHashes},
	{IdPCreated, 700, (*world).createProvider},
}

// stage is where and with whom a campaign takes place.
type stage struct {
	w      *world
	label  string
	at     time.Time
	step   time.Duration // a pause that fits a long story into the day
	victim *person
	admins []*person // of this round, see adminsPerRound
}

// push adds an event some time after the beginning.
func (s *stage) push(after time.Duration, e *logEvent) { s.w.push(s.at.Add(after), e, s.label) }

// maxStep keeps a story of five steps inside a day.
const maxStep = 5 * time.Hour

// layCampaigns queues every campaign of every round.
func (w *world) layCampaigns() {
	for round := range w.o.Campaigns {
		admins := w.admins[round*adminsPerRound:][:adminsPerRound]
		for i, c := range campaigns {
			c.play(w, &stage{
				w: w, label: c.label,
				at:     w.when(round*1000+c.begin, w.o.Campaigns*1000),
				step:   min(w.o.Duration/time.Duration(20*w.o.Campaigns), maxStep),
				victim: w.people[(round*len(campaigns)+i)%len(w.people)],
				admins: admins,
			})
		}
	}
}

// Roles among the administrators of a round: nobody plays in two stories that would add up to a third.
const (
	helpDesk = iota
	takenOver
	backwards
	otherProvider
	busy
	federator
)

func (w *world) impersonate(s *stage) {
	support := &person{id: w.r.id("00u"), login: "support.engineer@vendor.example", name: "Support Engineer"}
	n, m := w.stranger(), w.newMachine(agents[0], false)
	in := w.newSession(s.at, m, n)
	admin := s.admins[helpDesk]
	s.push(0, w.event("user.session.impersonation.grant", admin, w.newSession(s.at, admin.machine, admin.office), admin.machine, admin.office).on(admin.target()))
	s.push(sec(90), w.event("user.session.impersonation.initiate", support, in, m, n).on(admin.target()))
	s.push(sec(600), w.event("user.session.impersonation.end", support, in, m, n).on(admin.target()))
}

func (w *world) signInByProxy(s *stage) {
	n, m := w.anonymizer(), w.newMachine(agents[1], false)
	s.push(0, w.event("user.session.start", s.victim, w.newSession(s.at, m, n), m, n))
}

func (w *world) createToken(s *stage) {
	p := s.admins[busy]
	in := w.newSession(s.at, p.machine, p.office)
	s.push(0, w.inSession("user.session.access_admin_app", p, in).on(p.target()))
	s.push(sec(40), w.inSession("system.api_token.create", p, in).on(target{ID: "00T" + w.r.hex(17), Type: "Token", AlternateID: "unknown", DisplayName: "nightly sync"}))
}

func (w *world) resetFactors(s *stage) {
	s.push(0, w.reset(s, s.victim))
}

// reset is the help desk resetting all factors of p.
func (w *world) reset(s *stage, p *person) *logEvent {
	desk := s.admins[helpDesk]
	return w.inSession("user.mfa.factor.reset_all", desk, w.newSession(s.at, desk.machine, desk.office)).on(p.target())
}

func (w *world) phish(s *stage) {
	e := w.event("user.authentication.auth_via_mfa", s.victim, nil, s.victim.machine, w.stranger()).
		result("FAILURE", "FastPass declined phishing attempt").on(s.victim.target()).debug("factor", "SIGNED_NONCE")
	e.Authentication.Authenticator = &map[string]any{
		"bindingMethod": "LOOPBACK", "requestOrigin": "https://corp-okta.example.net", "validationStatus": "FAILED",
		"binaryPath": "/Applications/Okta Verify.app", "signerKeyIdentifier": w.r.hex(40),
	}
	s.push(0, e)
}

func (w *world) report(s *stage) {
	p := s.victim
	in := w.newSession(s.at, p.machine, p.home)
	s.push(0, w.inSession("user.account.report_suspicious_activity_by_enduser", p, in).on(p.target()).
		debug("suspiciousActivityEventType", "system.email.new_device_notification.sent_message").
		debug("suspiciousActivityEventIp", w.stranger().ip).debug("suspiciousActivityBrowser", "CHROME").
		debug("suspiciousActivityTimestamp", s.at.Add(-time.Hour).Format("2006-01-02T15:04:05.000Z")))
}

func (w *world) roam(s *stage) {
	p := s.victim
	in := w.newSession(s.at, p.machine, p.office)
	thief := *in
	thief.net = w.stranger()
	s.push(0, w.signOn(p, in, w.apps[0]))
	s.push(sec(70), w.inSession("security.session.detect_client_roaming", p, &thief).result("DENY", "ASN mismatch").on(p.target()))
}

func (w *world) newBehavior(s *stage) {
	w.consoleAccess(s, func(e *logEvent) {
		e.debug("behaviors", behaviorMap("New Device", "New IP")).debug("risk", "{reasons=Anomalous Device, Anomalous Location, level=HIGH}")
	})
}

func (w *world) newBehaviorLogOnly(s *stage) {
	w.consoleAccess(s, func(e *logEvent) {
		e.debug("logOnlySecurityData", logOnly("MEDIUM", "Anomalous Device, Anomalous Location", "New Device", "New City"))
	})
}

func (w *world) consoleAccess(s *stage, note func(*logEvent)) {
	p := s.admins[busy]
	in := w.newSession(s.at, w.newMachine(agents[2], false), p.home)
	e := w.inSession("policy.evaluate_sign_on", p, in).result("CHALLENGE", "Sign-on policy evaluation resulted in CHALLENGE").
		on(w.policyRule("Admin App Policy"), w.adminConsole())
	note(e)
	s.push(0, e)
}

func (w *world) changeFactors(s *stage) {
	p := s.admins[busy]
	in := w.newSession(s.at, p.machine, p.office)
	factor := func(name string) target {
		return target{ID: w.r.id("aut"), Type: "Authenticator", AlternateID: "unknown", DisplayName: name}
	}
	s.push(0, w.inSession("system.mfa.factor.deactivate", p, in).on(factor("Security Key or Biometric")))
	s.push(sec(50), w.inSession("system.mfa.factor.activate", p, in).on(factor("SMS Authentication")))
}

// published are addresses that Okta published as used in the 2023 campaign.
var published = []string{"24.189.245.79", "74.105.157.5", "174.199.192.95", "98.113.77.43", "108.21.89.22", "75.252.4.33", "73.205.234.246", "99.25.84.9", "185.56.83.225", "96.244.225.43"}

func (w *world) indicatorAddress(s *stage) {
	w.signInFrom(s, &network{ip: pick(w.r, published), as: 64505, asOrg: "example cable", isp: "example cable", domain: "cable.example", place: places[3]})
}

func (w *world) indicatorHop(s *stage) {
	n := w.stranger()
	n.ip2 = pick(w.r, published)
	w.signInFrom(s, n)
}

func (w *world) indicatorNeighbour(s *stage) {
	n := w.stranger()
	n.ip2 = "24.189.245.80"
	w.signInFrom(s, n)
}

func (w *world) signInFrom(s *stage, n *network) {
	m := w.newMachine(agents[0], false)
	s.push(0, w.event("user.session.start", s.victim, w.newSession(s.at, m, n), m, n))
}
