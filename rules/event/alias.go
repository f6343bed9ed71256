package event

import "strings"

// resolve finds where the values of a path come from: an ECS name is computed, any other path reads the LogEvent.
func resolve(steps []step) *compiled {
	if c, ok := computed(steps); ok {
		return c
	}
	if reads, ok := mechanical(steps); ok {
		for i := range reads {
			reads[i] = addressed(reads[i])
		}
		return &compiled{reads: withHook(reads)}
	}
	return &compiled{reads: withHook([]read{addressed(read{steps: steps})})}
}

// withHook adds the place where an event hook, which has no request, carries the chain: below client.
func withHook(reads []read) []read {
	r := reads[0]
	if len(r.steps) < 2 || !strings.EqualFold(r.steps[0].key, "request") || !strings.EqualFold(r.steps[1].key, "ipChain") {
		return reads
	}
	r.steps = append([]step{newStep("client")}, r.steps[1:]...)
	return append(reads, r)
}

// computed looks a whole path up in the table of ECS names.
func computed(steps []step) (*compiled, bool) {
	keys := make([]string, len(steps))
	for i, s := range steps {
		if len(s.selects) > 0 || strings.Contains(s.key, ".") {
			return nil, false
		}
		keys[i] = strings.ToLower(s.key)
	}
	c, ok := ecs()[strings.Join(keys, ".")]
	return &c, ok
}

// mechanical translates okta.* names, which are the raw ones in snake case with a few exceptions.
func mechanical(steps []step) ([]read, bool) {
	if len(steps) < 2 || !strings.EqualFold(steps[0].key, "okta") || len(steps[0].selects) > 0 {
		return nil, false
	}
	steps = steps[1:]
	const debug = 2 // steps of debug_context.debug_data
	if len(steps) > debug && strings.EqualFold(steps[0].key, "debug_context") && strings.EqualFold(steps[1].key, "debug_data") {
		raw := []step{newStep("debugContext"), newStep("debugData")}
		rest := steps[debug:]
		if strings.EqualFold(rest[0].key, "flattened") && len(rest[0].selects) == 0 {
			return []read{{steps: append(raw, rest[1:]...), convert: filled}}, true
		}
		camel := append(raw[:debug:debug], camelStep(rest[0]))
		reads := []read{{steps: append(camel, rest[1:]...), convert: filled}}
		if strings.Contains(rest[0].key, "_") { // with remove_flattened_debug the raw names stand here
			reads = append(reads, read{steps: append(raw[:debug:debug], rest...), convert: filled})
		}
		return reads, true
	}
	raw := make([]step, len(steps))
	for i, s := range steps {
		if strings.EqualFold(s.key, "detailEntry") || strings.EqualFold(s.key, "changeDetails") || strings.EqualFold(steps[0].key, "device") {
			copy(raw[i:], steps[i:]) // the integration leaves the names below these alone
			break
		}
		raw[i] = camelStep(s)
	}
	return []read{{steps: raw, convert: filled}}, true
}

func camelStep(s step) step {
	camel := newStep(Camel(s.key))
	camel.selects = s.selects
	return camel
}

// Camel turns a snake_case name into its camelCase form: alternate_id into alternateId. A name without an underscore
// comes back as it is.
func Camel(name string) string {
	if !strings.Contains(name, "_") {
		return name
	}
	var b strings.Builder
	upper := false
	for _, c := range []byte(name) {
		switch {
		case c == '_':
			upper = b.Len() > 0
			continue
		case upper && 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		}
		upper = false
		b.WriteByte(c)
	}
	return b.String()
}
