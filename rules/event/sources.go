package event

// Sources are the paths of the LogEvent that p takes its values from, in the order in which it looks at them: actor.id
// for okta.actor.id, and p itself in one spelling for a path of the LogEvent. There are none for what is the same in every
// event, for [*], and for the zero Path.
func (p Path) Sources() []string {
	if p.c == nil {
		return nil
	}
	var out []string
	for i, r := range p.c.reads {
		if r.own && (i > 0 || len(p.c.reads) == 1) {
			continue // only an ECS document has it, and it counts last
		}
		out = append(out, canonical(r.steps))
	}
	for _, q := range p.c.from {
		out = append(out, q.Sources()...)
	}
	return out
}
