package event

import "testing"

func TestSpelling(t *testing.T) {
	for text, want := range map[string]string{
		"eventType":                               "",
		"eventtype":                               "eventType",
		"EVENTTYPE":                               "eventType",
		"actor.alternateid":                       "actor.alternateId",
		"Actor.AlternateId":                       "actor.alternateId",
		"target[type=User].alternateid":           "target[type=User].alternateId",
		"target.0.displayname":                    "target.0.displayName",
		"debugcontext.debugdata.dthash":           "debugContext.debugData.dtHash",
		"debugContext.debugData.behaviors.new":    "",
		"actor.detailEntry.anything":              "",
		"okta.actor.alternate_id":                 "",
		"user.name":                               "",
		"no.such.field":                           "",
		"actor.id or target[type=User].id":        "",
		"actor.ID or target[type=User].ID":        "actor.id or target[type=User].id",
		"client.useragent.rawuseragent":           "client.userAgent.rawUserAgent",
		"target[ID=1].ID":                         "target[ID=1].id",
		"request.ipchain[0].ip":                   "request.ipChain[0].ip",
		"authenticationcontext.externalsessionID": "authenticationContext.externalSessionId",
	} {
		if got := Spelling(MustPath(text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	if got := Spelling(Path{}); got != "" {
		t.Errorf("zero path: %q", got)
	}
}
