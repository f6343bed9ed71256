package event

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// differences are the types that we class otherwise than Elastic's integration does, on purpose.
var differences = map[string]string{
	"app.oauth2.as.resource_server.credentials.lifecycle.deactivate": "a deactivation is no start",
	"app.oauth2.client.lifecycle.deactivate":                         "a deactivation is no start",
	"app.oauth2.credentials.lifecycle.deactivate":                    "a deactivation is no start",
	"device.lifecycle.deactivate":                                    "a deactivation is no start",
	"security.authenticator.lifecycle.deactivate":                    "a deactivation is no start",
	"device.lifecycle.unsuspend":                                     "what ends a suspension is no end of the device",
	"oauth2.scope.updated":                                           "a change, as the updates of claims and servers are there",
}

// TestClassifyAgreesWithElastic compares with what Elastic's Okta integration fills. The table is read where the machine
// has it, and is no part of the product.
func TestClassifyAgreesWithElastic(t *testing.T) {
	dir := os.Getenv("OKTASTREAM_SCHEMAS")
	if dir == "" {
		t.Skip("OKTASTREAM_SCHEMAS names no folder of schemas to compare with")
	}
	f, err := os.Open(filepath.Join(dir, "okta-ecs-categories.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows, listed := rows[1:], 0
	for _, row := range rows {
		c := Classify(row[0])
		category, types := c.Category(), strings.Join(c.Types(), "+")
		same := category == row[1] && types == row[2]
		if _, ok := differences[row[0]]; ok {
			listed++
			if same {
				t.Errorf("%s is listed as a difference and is none", row[0])
			}
		} else if !same {
			t.Errorf("%s: %s, %s; the integration says %s, %s", row[0], category, types, row[1], row[2])
		}
	}
	if listed != len(differences) || len(rows) < 1000 || listed*100 > len(rows) {
		t.Errorf("%d differences in %d types, %d listed", listed, len(rows), len(differences))
	}
}

func TestClassifyUnknownTypes(t *testing.T) {
	for name, want := range map[string]string{
		"user.authentication.auth_via_passkey_2027": "authentication: info",
		"user.lifecycle.archive":                    "iam: user",
		"user.mfa.factor.create":                    "authentication: info",
		"user.session.terminate":                    "session: info",
		"group.owner.add":                           "iam: creation+group",
		"security.threat.suspected":                 "threat: indicator",
		"security.new_thing.update":                 "threat: ",
		"zone.rename":                               "configuration: info",
		"system.widget.delete":                      "configuration: deletion",
		"widget.user.create":                        "iam: creation+user",
		"widget.resetPassword":                      "authentication: info",
		"USER.SESSION.START":                        "session: start",
		"User.Session.Start":                        "session: start",
		"a..b.":                                     "configuration: info",
		"-_-":                                       "configuration: info",
		"":                                          ": ",
	} {
		c := Classify(name)
		if got := c.Category() + ": " + strings.Join(c.Types(), "+"); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// TestClassifyEveryType: every type of the catalogue has a category, and no value that ECS does not know.
func TestClassifyEveryType(t *testing.T) {
	categories := []string{"authentication", "configuration", "host", "iam", "network", "session", "threat"}
	d := NewDecoder(NewFields())
	for _, info := range Types() {
		c := Classify(info.Name)
		if !slices.Contains(categories, c.Category()) || len(c.Types()) == 0 && c.Category() != "threat" {
			t.Errorf("%s is %q of types %q", info.Name, c.Category(), c.Types())
		}
		ev, err := d.Decode([]byte(`{"eventType":"`+info.Name+`"}`), Meta{})
		if err != nil {
			t.Fatal(err)
		}
		if got := texts(ev.Lookup(MustPath("event.category"))); got != c.Category() {
			t.Errorf("%s: a rule sees %q", info.Name, got)
		}
		if got := texts(ev.Lookup(MustPath("event.type"))); got != strings.Join(c.Types(), "|") {
			t.Errorf("%s: a rule sees the types %q", info.Name, got)
		}
	}
	if n := testing.AllocsPerRun(10, func() { Classify("user.session.start") }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
