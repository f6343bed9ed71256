package event

import "strings"

// AlertMember is the member by which the event that completed an alert tells about the alert, where the alert is an
// observation of another rule. The ECS names of what Elastic's alerts have are aliases of what is below it.
const AlertMember = "alert"

// ReadsBelow reports whether p, or a path that it is computed from, reads the member of that name at the top of an event
// or anything below it, and whether it reads nothing else.
func (p Path) ReadsBelow(member string) (any, only bool) {
	if p.c == nil || p.c.every {
		return false, false
	}
	only = len(p.c.reads)+len(p.c.from) > 0
	for _, r := range p.c.reads {
		if len(r.steps) > 0 && strings.EqualFold(r.steps[0].key, member) {
			any = true
		} else {
			only = false
		}
	}
	for _, q := range p.c.from {
		a, o := q.ReadsBelow(member)
		any, only = any || a, only && o
	}
	return any, any && only
}

// Outside lists what paths read outside of the member: computed ones are replaced by what they look at.
func Outside(paths []Path, member string) []Path {
	var out []Path
	for _, p := range paths {
		if p.c != nil && p.c.computed != nil {
			out = append(out, Outside(p.c.from, member)...)
			continue
		}
		if any, _ := p.ReadsBelow(member); !any {
			out = append(out, p)
		}
	}
	return out
}
