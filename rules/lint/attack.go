package lint

import (
	"strings"

	"oktastream/rules"
)

// withdrawn maps techniques that MITRE has revoked to what replaces them: those that became sub-techniques in version 7
// of ATT&CK, as far as detections on identities use them, and one that version 17 merged. It is not the whole list of
// what was ever withdrawn.
var withdrawn = map[string]string{
	"T1075":     "T1550.002",
	"T1081":     "T1552.001",
	"T1086":     "T1059.001",
	"T1097":     "T1550.003",
	"T1139":     "T1552.003",
	"T1141":     "T1056.002",
	"T1142":     "T1555.001",
	"T1145":     "T1552.004",
	"T1171":     "T1557.001",
	"T1188":     "T1090.003",
	"T1192":     "T1566.002",
	"T1193":     "T1566.001",
	"T1194":     "T1566.003",
	"T1208":     "T1558.003",
	"T1214":     "T1552.002",
	"T1503":     "T1555.003",
	"T1506":     "T1550.004",
	"T1522":     "T1552.005",
	"T1527":     "T1550.001",
	"T1574.002": "T1574.001",
}

// attack finds techniques that were withdrawn. The loader looks at tactics, and at tags that are none.
func (c *checker) attack(s *subject) {
	for _, n := range values(s.own.root.Get("tags")) {
		t, ok := rules.ParseAttackTag(n.Text)
		if !ok || t.Tactic {
			continue
		}
		if now := withdrawn[t.ID]; now != "" {
			c.report(s.rule, s.own.span(n, 0, len(n.Text)), rules.Warning, BadAttack, "write attack."+strings.ToLower(now),
				"ATT&CK has withdrawn %s; %s replaces it", t.ID, now)
		}
	}
}
