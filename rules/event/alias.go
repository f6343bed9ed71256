package event

import (
	"slices"
	"strings"

	"oktastream/rules/event/jsontree"
)

// resolve finds where the values of a path come from: an ECS name is computed, any other path reads the LogEvent.
func resolve(steps []step) *compiled {
	if c, ok := computed(steps); ok {
		return c
	}
	reads, ok := mechanical(steps)
	if !ok {
		reads = []read{{steps: steps, carried: len(steps) > 1 && strings.EqualFold(steps[0].key, carrierMember) && !steps[0].picks()}}
	}
	for i := range reads {
		reads[i] = addressed(reads[i])
		loosen(reads[i].steps)
	}
	return &compiled{reads: withDots(withHook(reads))}
}

// withDots adds where a name that holds dots is in an event, whose dotted names nest; a text inside it may have it as it is.
func withDots(reads []read) []read {
	for _, r := range reads {
		split := false
		var steps []step
		for _, s := range r.steps {
			names := jsontree.SplitName(s.key)
			if names == nil {
				steps = append(steps, s)
				continue
			}
			split = true
			for _, name := range names {
				steps = append(steps, newStep(name))
			}
			steps[len(steps)-1].selects = s.selects
		}
		if split {
			r.steps = steps
			reads = append(reads, r)
		}
	}
	return reads
}

// carrierMember is the member by which paths read what the envelope says.
const carrierMember = "envelope"

// loosen lets names inside debugData, behaviours above all, be found as the integration respells them when its debug data is
// not flattened: New_Geo_Location for New Geo-Location, and the other way round in a document that it has written.
func loosen(steps []step) {
	if len(steps) < 2 || !strings.EqualFold(steps[0].key, "debugContext") || !strings.EqualFold(steps[1].key, "debugData") {
		return
	}
	for i := 3; i < len(steps); i++ {
		if strings.ContainsAny(steps[i].key, " -_") {
			steps[i].loose = strings.NewReplacer(" ", "_", "-", "_").Replace(steps[i].key)
		}
	}
}

// equalLoosely compares a name with one that has underscores for blanks and hyphens, whatever the case.
func equalLoosely(name, loose string) bool {
	if len(name) != len(loose) {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if c == ' ' || c == '-' {
			c = '_'
		}
		if c != loose[i] && !strings.EqualFold(name[i:i+1], loose[i:i+1]) {
			return false
		}
	}
	return true
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
	convert := filled
	if isFlattened(steps) {
		convert = leaves
	}
	const debug = 2 // steps of debug_context.debug_data
	if len(steps) > debug && strings.EqualFold(steps[0].key, "debug_context") && strings.EqualFold(steps[1].key, "debug_data") {
		raw := []step{newStep("debugContext"), newStep("debugData")}
		rest := steps[debug:]
		if strings.EqualFold(rest[0].key, "flattened") && len(rest[0].selects) == 0 {
			return []read{{steps: append(raw, rest[1:]...), convert: convert}}, true
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
	return []read{{steps: raw, convert: convert}}, true
}

// flattened are the fields that Elasticsearch keeps as one: asked for by their own name they have the values of all that is
// below them.
var flattened = []string{"debug_context.debug_data.flattened", "target", "request.ip_chain", "device.device_integrator"}

// Elements is p, or the path of the elements themselves where p has the values of all that is below them.
func (p Path) Elements() Path {
	if p.c == nil || len(p.c.reads) == 0 || p.c.reads[0].convert != leaves {
		return p
	}
	return MustPath(canonical(p.c.reads[0].steps))
}

func isFlattened(steps []step) bool {
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = strings.ToLower(s.key)
	}
	return slices.Contains(flattened, strings.Join(names, "."))
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
