package rules

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"oktastream/rules/alert"
	"oktastream/rules/match"
)

func TestParseAttackTag(t *testing.T) {
	tests := []struct {
		tag      string
		id, name string
		tactic   bool
		renamed  bool
	}{
		{"attack.initial-access", "TA0001", "Initial Access", true, false},
		{"attack.Initial_Access", "TA0001", "Initial Access", true, false},
		{"attack.ta0006", "TA0006", "Credential Access", true, false},
		{"attack.stealth", "TA0005", "Stealth", true, false},
		{"attack.defense-impairment", "TA0112", "Defense Impairment", true, false},
		{"attack.defense-evasion", "TA0005", "Stealth", true, true},
		{"attack.t1078.004", "T1078.004", "Cloud Accounts", false, false},
		{"attack.T1539", "T1539", "Steal Web Session Cookie", false, false},
		{"attack.t9999.999", "T9999.999", "", false, false},
		{"attack.ta9999", "", "", false, false},
		{"attack.t123", "", "", false, false},
		{"attack.t1078.4", "", "", false, false},
		{"attack.t1078.", "", "", false, false},
		{"attack.g0001", "", "", false, false},
		{"attack.", "", "", false, false},
		{"cve.2021-44228", "", "", false, false},
		{"", "", "", false, false},
	}
	for _, tt := range tests {
		got, ok := ParseAttackTag(tt.tag)
		if ok != (tt.id != "") || got.ID != tt.id || got.Name != tt.name || got.Tactic != tt.tactic || (got.RenamedTo != "") != tt.renamed {
			t.Errorf("%s: %+v, %v", tt.tag, got, ok)
		}
	}
}

func TestAttackTables(t *testing.T) {
	ids := map[string]bool{}
	for tag, tactic := range tactics {
		if ids[tactic.id] {
			t.Errorf("%s stands twice", tactic.id)
		}
		ids[tactic.id] = true
		if got, ok := ParseAttackTag("attack." + tag); !ok || got.ID != tactic.id || got.Name != tactic.name {
			t.Errorf("%s: %+v", tag, got)
		}
	}
	for id, name := range techniques {
		if !isTechnique(id) || name == "" {
			t.Errorf("%s %q", id, name)
		}
	}
}

func TestNewAttack(t *testing.T) {
	got := NewAttack([]string{"attack.t1539", "attack.persistence", "attack.t1539", "attack.s0001", "detection.dfir"})
	want := &alert.Attack{Version: AttackVersion, Tactics: []alert.Technique{{ID: "TA0003", Name: "Persistence"}},
		Techniques: []alert.Technique{{ID: "T1539", Name: "Steal Web Session Cookie"}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := NewAttack([]string{"cve.2021-44228"}); got != nil {
		t.Errorf("got %+v", got)
	}
}

func TestIsAttackObject(t *testing.T) {
	for tag, want := range map[string]bool{"attack.g0032": true, "attack.S0154": true, "attack.ds0015": true, "attack.m1032": true, "attack.a0001": true,
		"attack.g32": false, "attack.t1078": false, "attack.x0001": false, "g0032": false} {
		if got := IsAttackObject(tag); got != want {
			t.Errorf("%s: %v", tag, got)
		}
	}
}

func TestDiagnosticText(t *testing.T) {
	d := Diagnostic{File: "a/b.yml", Pos: match.Pos{Line: 3, Col: 5}, Level: Warning, Code: "OKS0111", Message: "no", Hint: "yes"}
	if got, want := d.Error(), "a/b.yml:3:5: warning OKS0111: no (yes)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	d.Pos, d.Hint = match.Pos{}, ""
	if got, want := d.Error(), "a/b.yml: warning OKS0111: no"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
