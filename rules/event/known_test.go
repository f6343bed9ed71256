package event

import "testing"

func TestKnownPath(t *testing.T) {
	for _, c := range lookups {
		if c.path == "debugContext.debugData.requestUri.x" {
			continue
		}
		known, suggestion := KnownPath(MustPath(c.path))
		wanted := true
		switch c.path {
		case "actor.nothing", "actor.id.deeper", "okta.nonsense",
			`debugContext.debugData."a.b"`, `debugContext.debugData["a.b"]`, `debugContext.debugData.a\.b`:
			wanted = false
		}
		if known != wanted || known && suggestion != "" {
			t.Errorf("%s: known %v, suggestion %q", c.path, known, suggestion)
		}
	}
	for path, want := range map[string]string{
		"actor.alternatId":              "actor.alternateId",
		"outcome.reslt":                 "outcome.result",
		"okta.actor.alternat_id":        "actor.alternateId",
		"user.nam":                      "user.name",
		"debugContext.debugData.dthsh":  "debugContext.debugData.dtHash",
		"debugContext.debugData.dtHsah": "debugContext.debugData.dtHash",
		"alternateId":                   "actor.alternateId",
		"securityContext.isProxi":       "securityContext.isProxy",
		"zzzzzz":                        "",
	} {
		p := MustPath(path)
		if known, got := KnownPath(p); known || got != want {
			t.Errorf("%s: known %v, suggestion %q, want %q", path, known, got, want)
		}
	}
	if known, _ := KnownPath(Path{}); known {
		t.Error("the zero path is known")
	}
}

func TestCatalogue(t *testing.T) {
	if got := len(catalogue()); got != 1274 {
		t.Errorf("%d event types, want 1274", got)
	}
	hooks := 0
	for _, info := range catalogue() {
		if info.Hook {
			hooks++
		}
	}
	if hooks != 314 {
		t.Errorf("%d hook-eligible event types, want 314", hooks)
	}
	info, ok := LookupType("user.authentication.auth_via_idp")
	if !ok || info.Name != "user.authentication.auth_via_IDP" || !info.Hook {
		t.Errorf("auth_via_IDP: %+v %v", info, ok)
	}
	if info, ok := LookupType("policy.evaluate_sign_on"); !ok || info.Hook {
		t.Errorf("policy.evaluate_sign_on: %+v %v, want known and not hook-eligible", info, ok)
	}
	if _, ok := LookupType("user.session.strat"); ok {
		t.Error("user.session.strat is known")
	}
	for typ, want := range map[string]string{
		"user.session.strat": "user.session.start", "user.authentication.auth_via_IDPP": "user.authentication.auth_via_IDP", "nothing like it at all here": "",
	} {
		if got := SuggestType(typ); got != want {
			t.Errorf("%s: suggestion %q, want %q", typ, got, want)
		}
	}
}
