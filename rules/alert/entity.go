package alert

// Subject is the one value that names what the alert is about, for titles, lists and headers: the first value of the
// group key, else the person (or app, or service) who acted, else a user who was acted on, else the address.
// Okta's own system principal is nobody. Empty if nothing is known.
func (a *Alert) Subject() string {
	if len(a.Group) > 0 && a.Group[0].Value != "" {
		return a.Group[0].Value
	}
	if a.Actor != nil && a.Actor.Type != "SystemPrincipal" {
		if n := a.Actor.Label(); n != "" {
			return n
		}
	}
	for _, t := range a.Targets {
		if t.Type == "User" && t.Label() != "" {
			return t.Label()
		}
	}
	if a.Source != nil {
		return a.Source.IP
	}
	return ""
}

// Label is the entity's most telling name: alternate id (an address or login, as a rule), display name, or id.
func (e Entity) Label() string {
	for _, s := range []string{e.AlternateID, e.DisplayName, e.ID} {
		if s != "" {
			return s
		}
	}
	return ""
}
