package envelope

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"oktastream/rules/event"
	"oktastream/rules/event/jsontree"
)

// object is a JSON object being built.
type object = map[string]any

// logEvent turns a document that Elastic's integration has rewritten back into a LogEvent. The integration renames most
// names mechanically; what it moves elsewhere or takes apart is put back below. What else the document says is kept, see keep. What the integration drops (severity, most of
// detailEntry) is lost.
func logEvent(p part) []byte {
	e := rename(p.t, p.get("okta"), false).(object)
	restore := func(name string, n jsontree.Node) {
		if _, ok := e[name]; !ok && p.t.Kind(n) == jsontree.String {
			e[name] = p.t.Text(n)
		}
	}
	if at := p.get("@timestamp"); e["published"] == nil && p.t.Kind(at) > jsontree.Null {
		put(e, "published", rename(p.t, at, true)) // also a number, or what else event.ParseTime reads
	}
	restore("uuid", p.get("event", "id"))
	restoreClient(p, e)
	if security, ok := e["securityContext"].(object); ok {
		if as, ok := security["as"].(object); ok {
			delete(security, "as")
			put(security, "asNumber", as["number"])
			if organization, ok := as["organization"].(object); ok {
				put(security, "asOrg", organization["name"])
			}
		}
	}
	if context, ok := e["debugContext"].(object); ok {
		if data, ok := context["debugData"].(object); ok {
			restoreDebugData(data)
		}
	}
	keep(e, p)
	b, err := json.Marshal(e)
	if err != nil {
		panic(err) // only maps, slices, strings and JSON that was parsed
	}
	return b
}

// rename builds the value with Okta's camelCase names. Below some members the integration leaves the names alone; below
// those of debug_data it has respelt them in its own way, which names of paths allow for.
func rename(t *jsontree.Tree, n jsontree.Node, verbatim bool) any {
	switch t.Kind(n) {
	case jsontree.String:
		return t.Text(n)
	case jsontree.Array:
		list := []any{}
		for c := t.First(n); c != jsontree.None; c = t.Next(n, c) {
			list = append(list, rename(t, c, verbatim))
		}
		return list
	case jsontree.Object:
		inDebugData := n != jsontree.Root && t.Key(n) == "debug_data"
		o := object{}
		for c := t.First(n); c != jsontree.None; c = t.Next(n, c) {
			name := t.Key(c)
			alone := verbatim || inDebugData
			switch name {
			case "device", "flattened", "detailEntry", "changeDetails", "ipDetails":
				alone = true
			}
			if !verbatim {
				name = event.Camel(name)
			}
			o[name] = rename(t, c, alone)
		}
		return o
	}
	return json.RawMessage(t.Append(nil, n))
}

func put(o object, name string, v any) {
	if v != nil {
		o[name] = v
	}
}

func restoreClient(p part, e object) {
	client, ok := e["client"].(object)
	if !ok {
		client = object{}
	}
	if ip, ok := client["ip"]; ok {
		delete(client, "ip")
		client["ipAddress"] = ip
	}
	place := object{}
	for ecs, okta := range map[string]string{"city_name": "city", "region_name": "state", "country_name": "country", "location": "geolocation"} {
		if n := p.get("client", "geo", ecs); n != jsontree.None {
			place[okta] = rename(p.t, n, true)
		}
	}
	if len(place) > 0 {
		client["geographicalContext"] = place
	}
	if len(client) > 0 {
		e["client"] = client
	}
}

// restoreDebugData undoes what the integration did to debugData: it parses the texts inside it, and keeps the raw names
// under flattened, if it keeps them. What it derives, risk_level, risk_reasons and risk_behaviors, stays, and stands in for
// the texts where those are missing.
func restoreDebugData(data object) {
	reasons, behaviors := words(data["riskReasons"]), words(data["riskBehaviors"])
	if flat, ok := data["flattened"].(object); ok {
		delete(data, "flattened")
		for name, v := range flat {
			data[name] = v
		}
	}
	if o, ok := data["behaviors"].(object); ok {
		respell(o, behaviors)
	}
	for name, v := range data {
		if !strings.HasPrefix(name, "risk") || name == "risk" {
			data[name] = asText(name, v)
		}
	}
	if s, ok := data["risk_object"].(string); ok { // the text, where it could not be parsed
		delete(data, "risk_object")
		data["risk"] = s
	} else if s, ok := data["riskObject"].(string); ok {
		delete(data, "riskObject")
		data["risk"] = s
	}
	if level, ok := data["riskLevel"].(string); ok && data["risk"] == nil && data["logOnlySecurityData"] == nil {
		risk := "{level=" + level + "}"
		if r := strings.Join(reasons, ", "); r != "" {
			risk = "{reasons=" + r + ", level=" + level + "}"
		}
		data["risk"] = risk
	}
	if len(behaviors) > 0 && data["behaviors"] == nil {
		data["behaviors"] = "{" + strings.Join(behaviors, "=POSITIVE, ") + "=POSITIVE}"
	}
}

// respell gives behaviours, New_Device, the names that the integration has kept beside them: New Device.
func respell(behaviors object, names []string) {
	for _, name := range names {
		short := strings.NewReplacer(" ", "_", "-", "_").Replace(name)
		if v, ok := behaviors[short]; ok && short != name {
			delete(behaviors, short)
			behaviors[name] = v
		}
	}
}

// words are the strings of a string or a list.
func words(v any) (out []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, el := range v {
			out = append(out, words(el)...)
		}
	}
	return out
}

// asText writes a value inside debugData as Okta does: as text, a map in Java's notation or JSON. Only originalPrincipal
// is an object in the raw event.
func asText(name string, v any) any {
	switch v := v.(type) {
	case object:
		switch name {
		case "originalPrincipal":
			return v
		case "behaviors", "risk":
			var pairs []string
			for _, k := range slices.Sorted(maps.Keys(v)) {
				pairs = append(pairs, k+"="+strings.Join(words(v[k]), ", "))
			}
			return "{" + strings.Join(pairs, ", ") + "}"
		}
	case []any:
	default:
		return v
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // as in logEvent
	}
	return string(b)
}
