package lang

import (
	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/lang/source"
)

// meta reads what the alert repeats for the analyst.
func (d *document) meta() rules.Meta {
	k := d.keys
	m := rules.Meta{
		Description:    k.Text("description"),
		Status:         k.Text("status"),
		Author:         k.Text("author"),
		License:        k.Text("license"),
		Version:        k.Text("modified"),
		References:     k.Texts("references"),
		FalsePositives: k.Texts("falsepositives"),
		Triage:         d.options.triage,
		Tags:           k.Texts("tags"),
		Severity:       alert.Severity(k.Text("level")),
		Risk:           d.options.risk,
		Kind:           d.options.kind,
	}
	if m.Version == "" {
		m.Version = k.Text("date")
	}
	if m.Severity == "" {
		m.Severity = alert.Medium
		d.report.Note(d.root.Pos, source.MissingKey, "add level:", "the rule has no level, and alerts as medium")
	}
	if m.Risk < 0 {
		m.Risk = rules.DefaultRisk(m.Severity)
	}
	for _, r := range k.Objects("related") {
		if r.Has("id") {
			m.Related = append(m.Related, rules.Related{ID: r.Text("id"), Type: r.Text("type")})
		}
	}
	d.checkStatus(m.Status)
	d.checkTags()
	m.Attack = rules.NewAttack(m.Tags)
	return m
}

func (d *document) checkStatus(status string) {
	switch status {
	case "deprecated":
		d.report.Warn(d.keys.Node("status").Pos, source.AuthorStatus, "see related for what replaces it", "the author marks the rule deprecated")
	case "unsupported":
		d.report.Unsupported(d.keys.Node("status").Pos, source.AuthorStatus, "", "the author marks the rule as not usable")
	}
}

func (d *document) checkTags() {
	for _, n := range d.keys.Nodes("tags") {
		t, ok := rules.ParseAttackTag(n.Text)
		switch {
		case ok && t.RenamedTo != "":
			d.report.Note(n.Pos, source.BadTagATTACK, "write "+t.RenamedTo, "ATT&CK %s has renamed the tactic of %s", rules.AttackVersion, n.Text)
		case !ok && len(n.Text) > 7 && n.Text[:7] == "attack." && !rules.IsAttackObject(n.Text):
			d.report.Warn(n.Pos, source.BadTagATTACK, source.DidYouMean(n.Text, rules.AttackTags()), "ATT&CK has nothing by the tag %s", n.Text)
		}
	}
}

// context lists the fields that the alert shows: Sigma's fields, then our own, each once.
func (d *document) context() []event.Path {
	var out []event.Path
	seen := map[string]bool{}
	for _, p := range append(d.keys.Paths("fields"), d.options.context...) {
		if !seen[p.String()] {
			seen[p.String()] = true
			out = append(out, p)
		}
	}
	return out
}
