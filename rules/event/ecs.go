package event

import (
	"slices"
	"strings"
	"sync"
)

// ecs holds the ECS names, in lower case, that the mechanical translation of okta.* does not give. They are those of
// the Elastic integration, computed from the raw event instead of by an ingest pipeline. user_agent.* is read from the
// text by the patterns that Elastic uses. source.as.* and source.geo.* come from local databases where there are any, see
// Enrichment, and fall back on what Okta itself says about the address.
var ecs = sync.OnceValue(func() map[string]compiled {
	return withAlerts(withOwn(map[string]compiled{
		"@timestamp":          from(filled, "published"),
		"_id":                 from(filled, "uuid"),
		"event.id":            from(filled, "uuid"),
		"okta.uuid":           from(filled, "uuid"),
		"event.kind":          {constant: "event", reads: from(filled, "alert.event_kind").reads},
		"event.module":        {constant: "okta"},
		"event.dataset":       {constant: "okta.system"},
		"data_stream.dataset": {constant: "okta.system"},
		"data_stream.type":    {constant: "logs"},
		"event.action":        from(filled, "eventType"),
		"event.category":      from(category, "eventType"),
		"event.type":          from(kindsOfEvent, "eventType"),
		"event.outcome":       {constant: "unknown", reads: from(outcome, "outcome.result").reads},

		"user.name":             from(account, "actor.alternateId"),
		"client.user.name":      from(account, "actor.alternateId"),
		"source.user.name":      from(account, "actor.alternateId"),
		"user.email":            from(email, "actor.alternateId"),
		"user.full_name":        from(filled, "actor.displayName"),
		"client.user.full_name": from(filled, "actor.displayName"),
		"source.user.full_name": from(filled, "actor.displayName"),
		"client.user.id":        from(filled, "actor.id"),
		"source.user.id":        from(filled, "actor.id"),
		"related.user":          every(from(account, "actor.alternateId"), from(filled, "actor.displayName", "target[type=User][0].displayName")),

		"user.target.id":         from(filled, "target[type=User][0].id"),
		"user.target.full_name":  from(filled, "target[type=User][0].displayName"),
		"user.target.email":      from(filled, "target[type=User][0].login"),
		"user.target.group.id":   from(filled, "target[type=UserGroup][0].id"),
		"user.target.group.name": from(filled, "target[type=UserGroup][0].displayName"),

		"okta.client.ip": from(address, "client.ipAddress"),
		"client.ip":      from(address, "client.ipAddress"),
		"source.ip":      from(address, "client.ipAddress"),
		"related.ip":     from(address, "client.ipAddress"),

		"client.geo.city_name":        from(filled, "client.geographicalContext.city"),
		"client.geo.region_name":      from(filled, "client.geographicalContext.state"),
		"client.geo.country_name":     from(filled, "client.geographicalContext.country"),
		"client.geo.location":         from(filled, "client.geographicalContext.geolocation"),
		"source.geo.city_name":        first(from(geoCity, "client.ipAddress"), from(filled, "client.geographicalContext.city")),
		"source.geo.region_name":      first(from(geoRegion, "client.ipAddress"), from(filled, "client.geographicalContext.state")),
		"source.geo.country_name":     first(from(geoCountry, "client.ipAddress"), from(filled, "client.geographicalContext.country")),
		"source.geo.country_iso_code": from(geoCountryISO, "client.ipAddress"),
		"source.geo.region_iso_code":  from(geoRegionISO, "client.ipAddress"),
		"source.geo.continent_name":   from(geoContinent, "client.ipAddress"),
		"source.geo.location":         first(from(geoLocation, "client.ipAddress"), from(filled, "client.geographicalContext.geolocation")),

		"okta.security_context.as.number":            from(filled, "securityContext.asNumber"),
		"okta.security_context.as.organization.name": from(filled, "securityContext.asOrg"),
		"client.as.number":                           from(filled, "securityContext.asNumber"),
		"client.as.organization.name":                from(filled, "securityContext.asOrg"),
		"source.as.number":                           first(from(asNumber, "client.ipAddress"), from(filled, "securityContext.asNumber")),
		"source.as.organization.name":                first(from(asOrganization, "client.ipAddress"), from(filled, "securityContext.asOrg")),
		"client.domain":                              from(filled, "securityContext.domain"),
		"source.domain":                              from(filled, "securityContext.domain"),

		// Where there is no text, what Okta itself made of it stands in, in words of its own. Not so where there is one that
		// the patterns do not know: "Windows" and "Windows 10" are two systems to a rule.
		"user_agent.original":    from(filled, "client.userAgent.rawUserAgent"),
		"user_agent.name":        first(deciding(from(agentName, "client.userAgent.rawUserAgent")), from(filled, "client.userAgent.browser")),
		"user_agent.version":     from(agentVersion, "client.userAgent.rawUserAgent"),
		"user_agent.os.name":     first(deciding(from(agentOS, "client.userAgent.rawUserAgent")), from(filled, "client.userAgent.os")),
		"user_agent.os.version":  from(agentOSVersion, "client.userAgent.rawUserAgent"),
		"user_agent.os.full":     from(agentOSFull, "client.userAgent.rawUserAgent"),
		"user_agent.device.name": from(agentDevice, "client.userAgent.rawUserAgent"),

		// The integration renames interface onto this name too, and loses it when the name is taken.
		"okta.authentication_context.authentication_provider": from(filled,
			"authenticationContext.authenticationProvider", "authenticationContext.interface"),

		// A document that the integration has written says these itself. Of an event Elastic knows the next two sources; new
		// events may carry the last only.
		"okta.debug_context.debug_data.risk_level": from(filled, "debugContext.debugData.riskLevel",
			"debugContext.debugData.logOnlySecurityData.risk.level", "debugContext.debugData.risk.level", "securityContext.risk.level"),
		"okta.debug_context.debug_data.risk_reasons": first(from(filled, "debugContext.debugData.riskReasons"), from(list,
			"debugContext.debugData.logOnlySecurityData.risk.reasons", "debugContext.debugData.risk.reasons", "securityContext.risk.reasons")),
		"okta.debug_context.debug_data.risk_behaviors": first(from(filled, "debugContext.debugData.riskBehaviors"),
			from(positives, "debugContext.debugData.behaviors"), from(filled, "securityContext.userBehaviors[result=POSITIVE].name")),
	}))
})

// withOwn lets an ECS document speak for itself: it knows better where its address is and what its agent is, for whoever wrote
// it had the databases; and anything that cannot be computed from its event.
func withOwn(names map[string]compiled) map[string]compiled {
	for name, c := range names {
		if strings.HasPrefix(name, "okta.") || name[0] == '@' || name[0] == '_' || name == "event.kind" {
			continue
		}
		own := from(filled, name)
		own.reads[0] = addressed(own.reads[0])
		own.reads[0].own = true
		if strings.HasPrefix(name, "source.geo.") || strings.HasPrefix(name, "source.as.") || strings.HasPrefix(name, "user_agent.") && name != "user_agent.original" {
			c.reads = append(own.reads, c.reads...)
		} else {
			c.reads = append(slices.Clip(c.reads), own.reads...)
		}
		names[name] = c
	}
	return names
}

// withAlerts adds the names under which Elastic's alerts, and those of before version 8, tell about their rule.
func withAlerts(names map[string]compiled) map[string]compiled {
	names["kibana.alert.uuid"] = from(filled, "alert.id")
	names["kibana.alert.risk_score"] = from(filled, "alert.risk_score")
	names["kibana.alert.severity"] = from(filled, "alert.severity")
	for _, rule := range []string{"kibana.alert.rule.", "signal.rule."} {
		for name, member := range map[string]string{"rule_id": "rule_id", "uuid": "rule_id", "id": "rule_id", "name": "title", "severity": "severity",
			"risk_score": "risk_score", "tags": "tags", "type": "kind", "threat.tactic.id": "tactic_ids", "threat.tactic.name": "tactics",
			"threat.technique.id": "technique_ids", "threat.technique.name": "techniques"} {
			names[rule+name] = from(filled, "alert."+member)
		}
	}
	return names
}

// from takes the values of the first of these raw paths that has any.
func from(c convert, raw ...string) compiled {
	var x compiled
	for _, text := range raw {
		p := pathParser{text: text}
		steps, err := p.parse()
		if err != nil {
			panic(err) // the table above is wrong
		}
		x.reads = append(x.reads, read{steps: steps, convert: c})
	}
	return x
}

// first takes the values of the first of the parts that has any.
func first(parts ...compiled) compiled {
	var x compiled
	for _, p := range parts {
		x.reads = append(x.reads, p.reads...)
	}
	return x
}

// deciding lets the reads of x end the search wherever there is a raw value.
func deciding(x compiled) compiled {
	for i := range x.reads {
		x.reads[i].decides = true
	}
	return x
}

// every takes the values of all reads.
func every(parts ...compiled) compiled {
	x := compiled{all: true}
	for _, p := range parts {
		x.reads = append(x.reads, p.reads...)
	}
	return x
}
