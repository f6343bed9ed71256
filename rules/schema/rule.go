package schema

import (
	"oktastream/rules/lang"
	"oktastream/rules/lang/sigma"
	"oktastream/rules/ruletest"
)

// Rule is the schema of one document of a rule file: a Sigma rule, correlation or filter, a query in another language, or
// an entry of Okta's catalogue. Other keys are allowed, as Sigma has it.
func Rule() []byte {
	body := block(lang.Document, true)
	properties := body["properties"].(object)
	refine := func(key string, with object) {
		with["description"] = properties[key].(object)["description"]
		properties[key] = with
	}
	refine("detection", object{
		"type":       "object",
		"properties": object{"condition": object{"type": []string{"string", "array"}, "description": "how the selections combine"}},
		"anyOf":      []object{{"required": []string{"condition"}}, {"required": []string{"okta_systemlog"}}, {"required": []string{"splunk"}}, {"required": []string{"datadog"}}},
	})
	// An entry of the catalogue may have several authors, and a reference that is empty.
	refine("author", object{"type": append([]string{"array"}, scalars...), "items": object{"type": scalars}})
	refine("references", object{"type": append([]string{"array"}, scalars...), "items": object{"type": append([]string{"null"}, scalars...)}})
	refine("correlation", block(sigma.CorrelationFields, false))
	refine("logsource", object{"type": "object", "properties": object{
		"product": object{"type": []string{"string", "null"}}, "service": object{"type": []string{"string", "null"}}, "category": object{"type": []string{"string", "null"}},
	}})
	refine("filter", object{"type": "object"})
	refine("query", object{"type": scalars})
	body["anyOf"] = []object{
		{"required": []string{"detection"}}, {"required": []string{"correlation"}}, {"required": []string{"filter"}},
		{"required": []string{"query", "language"}}, {"required": []string{"oktastream"}},
	}
	return document("rule", "oktastream rule", "One document of a rule file.", body)
}

// Test is the schema of a file of rule tests.
func Test() []byte {
	body := block(ruletest.FileFields(), false)
	properties := body["properties"].(object)
	event := block(ruletest.EventFields(), true)
	event["description"] = "keys of the runner, and any field of the event by its path"
	properties["base"] = object{"$ref": "#/$defs/event", "description": "what every event of the file starts from"}
	for _, form := range properties["tests"].(object)["anyOf"].([]object) {
		one := form
		if items, ok := form["items"].(object); ok {
			one = items
		}
		of := one["properties"].(object)
		of["events"] = object{"type": []string{"array", "null"}, "items": object{"$ref": "#/$defs/event"}, "description": of["events"].(object)["description"]}
		of["alerts"] = object{"type": []string{"array", "null"}, "items": object{"$ref": "#/$defs/alert"}, "description": of["alerts"].(object)["description"]}
	}
	body["$defs"] = object{"event": event, "alert": block(ruletest.AlertFields(), false)}
	return document("test", "oktastream rule tests", "The tests of one rule.", body)
}
