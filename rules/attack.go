package rules

import (
	"slices"
	"strings"

	"oktastream/rules/alert"
)

// AttackVersion is the release of MITRE ATT&CK that tactics and names are from. It split Defense Evasion into Stealth,
// which keeps the id TA0005, and Defense Impairment.
const AttackVersion = "19"

type tactic struct{ id, name string }

// tactics by Sigma's tag, without attack.
var tactics = map[string]tactic{
	"reconnaissance":       {"TA0043", "Reconnaissance"},
	"resource-development": {"TA0042", "Resource Development"},
	"initial-access":       {"TA0001", "Initial Access"},
	"execution":            {"TA0002", "Execution"},
	"persistence":          {"TA0003", "Persistence"},
	"privilege-escalation": {"TA0004", "Privilege Escalation"},
	"stealth":              {"TA0005", "Stealth"},
	"defense-impairment":   {"TA0112", "Defense Impairment"},
	"credential-access":    {"TA0006", "Credential Access"},
	"discovery":            {"TA0007", "Discovery"},
	"lateral-movement":     {"TA0008", "Lateral Movement"},
	"collection":           {"TA0009", "Collection"},
	"command-and-control":  {"TA0011", "Command and Control"},
	"exfiltration":         {"TA0010", "Exfiltration"},
	"impact":               {"TA0040", "Impact"},
}

// techniques names those that detections on identity providers use. Others keep their id without a name.
var techniques = map[string]string{
	"T1059":     "Command and Scripting Interpreter",
	"T1068":     "Exploitation for Privilege Escalation",
	"T1069":     "Permission Groups Discovery",
	"T1071":     "Application Layer Protocol",
	"T1078":     "Valid Accounts",
	"T1078.001": "Default Accounts",
	"T1078.002": "Domain Accounts",
	"T1078.003": "Local Accounts",
	"T1078.004": "Cloud Accounts",
	"T1087":     "Account Discovery",
	"T1087.004": "Cloud Account",
	"T1090":     "Proxy",
	"T1090.003": "Multi-hop Proxy",
	"T1098":     "Account Manipulation",
	"T1098.001": "Additional Cloud Credentials",
	"T1098.003": "Additional Cloud Roles",
	"T1098.005": "Device Registration",
	"T1098.007": "Additional Local or Domain Groups",
	"T1110":     "Brute Force",
	"T1110.001": "Password Guessing",
	"T1110.002": "Password Cracking",
	"T1110.003": "Password Spraying",
	"T1110.004": "Credential Stuffing",
	"T1111":     "Multi-Factor Authentication Interception",
	"T1133":     "External Remote Services",
	"T1134":     "Access Token Manipulation",
	"T1136":     "Create Account",
	"T1136.003": "Cloud Account",
	"T1185":     "Browser Session Hijacking",
	"T1190":     "Exploit Public-Facing Application",
	"T1199":     "Trusted Relationship",
	"T1213":     "Data from Information Repositories",
	"T1484":     "Domain or Tenant Policy Modification",
	"T1484.002": "Trust Modification",
	"T1489":     "Service Stop",
	"T1496":     "Resource Hijacking",
	"T1498":     "Network Denial of Service",
	"T1499":     "Endpoint Denial of Service",
	"T1528":     "Steal Application Access Token",
	"T1531":     "Account Access Removal",
	"T1538":     "Cloud Service Dashboard",
	"T1539":     "Steal Web Session Cookie",
	"T1548":     "Abuse Elevation Control Mechanism",
	"T1550":     "Use Alternate Authentication Material",
	"T1550.001": "Application Access Token",
	"T1550.004": "Web Session Cookie",
	"T1552":     "Unsecured Credentials",
	"T1555":     "Credentials from Password Stores",
	"T1556":     "Modify Authentication Process",
	"T1556.006": "Multi-Factor Authentication",
	"T1556.007": "Hybrid Identity",
	"T1556.009": "Conditional Access Policies",
	"T1557":     "Adversary-in-the-Middle",
	"T1566":     "Phishing",
	"T1566.002": "Spearphishing Link",
	"T1583":     "Acquire Infrastructure",
	"T1584":     "Compromise Infrastructure",
	"T1586":     "Compromise Accounts",
	"T1586.001": "Social Media Accounts",
	"T1586.002": "Email Accounts",
	"T1586.003": "Cloud Accounts",
	"T1595":     "Active Scanning",
	"T1598":     "Phishing for Information",
	"T1621":     "Multi-Factor Authentication Request Generation",
	"T1656":     "Impersonation",
	"T1685":     "Disable or Modify Tools",
}

// AttackTag is what one Sigma tag says about ATT&CK.
type AttackTag struct {
	alert.Technique
	Tactic    bool
	RenamedTo string // the tag that has replaced this one, or ""
}

// ParseAttackTag reads a tag such as attack.initial-access, attack.t1078.004 or attack.ta0001. ok is false for a tag
// that names neither a tactic nor a technique: of another name space, a group, software, or unknown.
func ParseAttackTag(tag string) (t AttackTag, ok bool) {
	rest, ok := strings.CutPrefix(strings.ToLower(tag), "attack.")
	if !ok {
		return t, false
	}
	rest = strings.ReplaceAll(rest, "_", "-")
	if rest == "defense-evasion" {
		t.RenamedTo = "attack.stealth or attack.defense-impairment"
		rest = "stealth"
	}
	if tac, ok := tactics[rest]; ok {
		t.ID, t.Name, t.Tactic = tac.id, tac.name, true
		return t, true
	}
	id := strings.ToUpper(rest)
	for _, tac := range tactics {
		if tac.id == id {
			t.ID, t.Name, t.Tactic = tac.id, tac.name, true
			return t, true
		}
	}
	if !isTechnique(id) {
		return t, false
	}
	t.ID, t.Name = id, techniques[id]
	return t, true
}

// IsAttackObject tells whether a tag names a group, software, data source, mitigation or asset of ATT&CK, which are
// valid but say nothing about tactics.
func IsAttackObject(tag string) bool {
	rest, ok := strings.CutPrefix(strings.ToLower(tag), "attack.")
	if !ok {
		return false
	}
	for _, prefix := range []string{"ds", "g", "s", "m", "a"} {
		if digits, ok := strings.CutPrefix(rest, prefix); ok && isDigits(digits, 4) {
			return true
		}
	}
	return false
}

// AttackTags lists the tags of all tactics, sorted.
func AttackTags() []string {
	var out []string
	for tag := range tactics {
		out = append(out, "attack."+tag)
	}
	slices.Sort(out)
	return out
}

// isTechnique tells whether id is T and four digits, with or without a sub-technique of three.
func isTechnique(id string) bool {
	number, ok := strings.CutPrefix(id, "T")
	if !ok {
		return false
	}
	base, sub, dotted := strings.Cut(number, ".")
	return isDigits(base, 4) && (!dotted || isDigits(sub, 3))
}

func isDigits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}

// NewAttack collects the tactics and techniques that tags name, each once, in the author's order. It returns nil if
// they name none.
func NewAttack(tags []string) *alert.Attack {
	a := &alert.Attack{Version: AttackVersion}
	for _, tag := range tags {
		t, ok := ParseAttackTag(tag)
		if !ok {
			continue
		}
		list := &a.Techniques
		if t.Tactic {
			list = &a.Tactics
		}
		if !slices.Contains(*list, t.Technique) {
			*list = append(*list, t.Technique)
		}
	}
	if len(a.Tactics)+len(a.Techniques) == 0 {
		return nil
	}
	return a
}
