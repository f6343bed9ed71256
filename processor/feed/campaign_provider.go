package feed

// provider is an external identity provider.
type provider struct{ id, name string }

func (w *world) newProvider(name string) provider { return provider{w.r.id("0oa"), name} }

func (w *world) createProvider(s *stage) {
	s.push(0, w.providerEvent("system.idp.lifecycle.create", s, s.admins[federator], w.newProvider("Subsidiary SAML")))
}

func (w *world) changeProvider(s *stage) {
	idp := w.newProvider("Partner SAML")
	s.push(0, w.providerEvent("system.idp.lifecycle.create", s, s.admins[federator], idp))
	s.push(sec(80), w.providerEvent("system.idp.lifecycle.update", s, s.admins[federator], idp))
}

func (w *world) federate(s *stage) {
	s.push(0, w.signInVia(s, s.victim, w.newProvider("Partner SAML")))
}

// crossTenant is the whole campaign against one administrator, over several hours.
func (w *world) crossTenant(s *stage) {
	admin, idp := s.admins[takenOver], w.newProvider("SAML 2.0 IdP")
	s.push(0, w.reset(s, admin))
	s.push(s.step, w.proxySignIn(s, admin))
	s.push(3*s.step, w.providerEvent("system.idp.lifecycle.create", s, admin, idp))
	s.push(4*s.step, w.signInVia(s, admin, idp))
}

// wrongOrder has the same steps backwards.
func (w *world) wrongOrder(s *stage) {
	admin, idp := s.admins[backwards], w.newProvider("Holding SAML")
	s.push(0, w.signInVia(s, admin, idp))
	s.push(s.step, w.providerEvent("system.idp.lifecycle.create", s, admin, idp))
	s.push(2*s.step, w.proxySignIn(s, admin))
	s.push(3*s.step, w.reset(s, admin))
}

// otherProvider has the right steps, but the last one goes through a provider that was there before.
func (w *world) otherProvider(s *stage) {
	admin := s.admins[otherProvider]
	s.push(0, w.reset(s, admin))
	s.push(s.step, w.proxySignIn(s, admin))
	s.push(2*s.step, w.providerEvent("system.idp.lifecycle.create", s, admin, w.newProvider("New SAML")))
	s.push(3*s.step, w.signInVia(s, admin, w.newProvider("Old SAML")))
}

func (w *world) proxySignIn(s *stage, p *person) *logEvent {
	n, m := w.anonymizer(), w.newMachine(agents[1], false)
	return w.event("user.session.start", p, w.newSession(s.at, m, n), m, n)
}

func (w *world) providerEvent(typ string, s *stage, p *person, idp provider) *logEvent {
	return w.inSession(typ, p, w.newSession(s.at, p.machine, p.home)).
		on(target{ID: idp.id, Type: "IdentityProvider", AlternateID: "unknown", DisplayName: idp.name})
}

// signInVia names the provider both as the issuer and as a target, as different organisations' logs do.
func (w *world) signInVia(s *stage, p *person, idp provider) *logEvent {
	n, m := w.stranger(), w.newMachine(agents[0], false)
	e := w.event("user.authentication.auth_via_IDP", p, w.newSession(s.at, m, n), m, n).
		on(p.target(), target{ID: idp.id, Type: "AppInstance", AlternateID: idp.name, DisplayName: idp.name})
	e.Authentication.Provider, e.Authentication.Type = ptr("FEDERATION"), ptr("ASSERTION")
	e.Authentication.Issuer = &issuer{ID: idp.id, Type: "SAML2"}
	return e
}
