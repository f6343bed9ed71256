package kuery

import (
	"strings"
	"testing"
	"time"

	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// compileText compiles a query that stands alone in a file.
func compileText(query string) (match.Expr, *source.Report) {
	r := &source.Report{File: "q.toml"}
	doc := source.Parse("q.toml", []byte("query = '''"+query+"'''"), source.Limits{Bytes: 1 << 20, Nodes: 10})[0]
	return Compile(doc.Root.Get("query"), r), r
}

func TestCompile(t *testing.T) {
	for query, want := range map[string]string{
		``:                                 `true`,
		`a:b`:                              `(equal "a" "b")`,
		`a : b`:                            `(equal "a" "b")`,
		`a:"b c"`:                          `(equal "a" "b c")`,
		`a:b c`:                            `(equal "a" "b c")`,
		`a:true`:                           `(equal "a" "true")`,
		`a:*`:                              `(wildcard "a" "?*")`,
		`a:b*`:                             `(wildcard "a" "b*")`,
		`a:*b*`:                            `(wildcard "a" "*b*")`,
		`a:b\*`:                            `(equal "a" "b*")`,
		`a:b?`:                             `(equal "a" "b?")`,
		`a:b?*c`:                           `(wildcard "a" "b\\?*c")`,
		`a:"b*"`:                           `(equal "a" "b*")`,
		`a:"\"\\\u0041\x"`:                 `(equal "a" "\"\\A\\x")`,
		`a:b\:c`:                           `(equal "a" "b:c")`,
		`a:\not`:                           `(equal "a" "not")`,
		`a:\and`:                           `(equal "a" "and")`,
		`a:\u0041nd`:                       `(equal "a" "And")`,
		`a:android`:                        `(equal "a" "android")`,
		`"a":b`:                            `(equal "a" "b")`,
		`a:b and c:d`:                      `(and (equal "a" "b") (equal "c" "d"))`,
		`a:b AND c:d`:                      `(and (equal "a" "b") (equal "c" "d"))`,
		`a:b or c:d and e:f`:               `(or (and (equal "c" "d") (equal "e" "f")) (equal "a" "b"))`,
		`(a:b or c:d) and e:f`:             `(and (equal "e" "f") (or (equal "a" "b") (equal "c" "d")))`,
		`not a:b`:                          `(not (equal "a" "b"))`,
		`Not not a:b`:                      `(equal "a" "b")`,
		`not(a:b)`:                         `(not (equal "a" "b"))`,
		`a:(b or c)`:                       `(equal "a" "b" "c")`,
		`a:(b and not c)`:                  `(and (equal "a" "b") (not (equal "a" "c")))`,
		`a:(* and not "b")`:                `(and (not (equal "a" "b")) (wildcard "a" "?*"))`,
		`a:(b or (c and d))`:               `(or (and (equal "a" "c") (equal "a" "d")) (equal "a" "b"))`,
		`a >= 5`:                           `(greaterequal "a" "5")`,
		`a<-1.5`:                           `(less "a" "-1.5")`,
		`*:*`:                              `true`,
		`*`:                                `true`,
		`b`:                                `(equal "[*]" "b")`,
		`"b c" or d*`:                      `(or (equal "[*]" "b c") (wildcard "[*]" "d*"))`,
		`*:b`:                              `(equal "[*]" "b")`,
		`okta.actor.type*:x`:               `(equal "okta.actor.type" "x")`,
		`target:{type:User and id:1}`:      `(element "target" "(and (equal \"element.id\" \"1\") (equal \"element.type\" \"User\"))")`,
		`okta.target:{ alternate_id:"a" }`: `(element "okta.target" "(equal \"element.alternateId\" \"a\")")`,
		`source.ip:"10.0.0.0/8"`:           `(cidr "source.ip" "10.0.0.0/8")`,
		`source.ip:10.0.0.1`:               `(equal "source.ip" "10.0.0.1")`,
		`published >= 2024-03-08`:          `(greaterequal "published" "2024-03-08T00:00:00Z")`,
		`published > 2024-03-08`:           `(greater "published" "2024-03-08T23:59:59.999999999Z")`,
		`published:"2024-03-08"`:           `(and (greaterequal "published" "2024-03-08T00:00:00Z") (lessequal "published" "2024-03-08T23:59:59.999999999Z"))`,
		`a > b`:                            `(equal "=kuery \"a\" > \"b\"" "true")`,
		`a < now-1w`:                       `(equal "=kuery \"a\" < now -168h0m0s" "true")`,
	} {
		x, r := compileText(query)
		if x == nil {
			t.Errorf("%s: %v", query, r.Diagnostics)
			continue
		}
		if got := match.String(x); got != want {
			t.Errorf("%s:\n got %s\nwant %s", query, got, want)
		}
	}
}

func TestErrors(t *testing.T) {
	for query, want := range map[string]string{
		`a:`:                                "3 OKS1001",
		`a:b c:d`:                           "6 OKS1001",
		`(a:b`:                              "1 OKS1001",
		`a:b)`:                              "4 OKS1001",
		`a:(b or)`:                          "8 OKS1001",
		`a:(b`:                              "3 OKS1001",
		`a:{b:c`:                            "3 OKS1001",
		`{b:c}`:                             "1 OKS1001",
		`and a:b`:                           "1 OKS1001",
		`a:b and`:                           "8 OKS1001",
		`a:"b`:                              "3 OKS1001",
		`a:b\c`:                             "4 OKS1001",
		`a:b\`:                              "4 OKS1001",
		`a >= b*`:                           "6 OKS1006",
		`a >`:                               "4 OKS1001",
		`a < now/d`:                         "5 OKS1006",
		`a < now-1h/d`:                      "5 OKS1006",
		`a > 2024-01-01||+1d`:               "5 OKS1006",
		`a..b:c`:                            "1 OKS1003",
		`okta.debug_context.debug_data.*:x`: "1 OKS1005",
		`target:{b}`:                        "9 OKS1006",
		`target:{b < now}`:                  "13 OKS1006",
		strings.Repeat("(", 300) + "a:b" + strings.Repeat(")", 300): "201 OKS1002",
	} {
		x, r := compileText(query)
		if x != nil || len(r.Diagnostics) == 0 {
			t.Errorf("%.40s: got %v, want an error", query, x)
			continue
		}
		d := r.Diagnostics[len(r.Diagnostics)-1]
		if got := strings.Join([]string{itoa(d.Col - len("query = '''")), d.Code}, " "); got != want {
			t.Errorf("%.40s: got %s (%s), want %s", query, got, d.Message, want)
		}
	}
}

func TestWarnings(t *testing.T) {
	for query, want := range map[string]string{
		`eventTyp:x`:             UnknownField,
		`nothing.like.*:x`:       UnknownField,
		`eventType:"user.*"`:     Suspicious,
		`outcome.reason:null`:    Suspicious,
		`eventType:user.*`:       "",
		`event.category:session`: "",
	} {
		x, r := compileText(query)
		got := ""
		for _, d := range r.Diagnostics {
			got += d.Code
		}
		if x == nil || got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
}

// TestLinear: what is long takes no longer than it is long.
func TestLinear(t *testing.T) {
	for name, query := range map[string]string{
		"blanks":      "a:b" + strings.Repeat(" ", 250_000) + "c",
		"values":      "a:(" + strings.Repeat("b or ", 50_000) + "b)",
		"terms":       strings.Repeat("a:b and ", 30_000) + "a:b",
		"keywords":    strings.Repeat("not ", 60_000) + "a:b",
		"words":       "a:" + strings.Repeat("or ", 80_000),
		"backslashes": "a:" + strings.Repeat(`\\`, 120_000),
		"stars":       "a:" + strings.Repeat("*", 250_000),
		"open":        strings.Repeat("(", 250_000),
		"unknown":     strings.Repeat("eventTypo:b and ", 15_000) + "a:b",
	} {
		begin := time.Now()
		compileText(query)
		if d := time.Since(begin); d > 20*time.Second {
			t.Errorf("%s: %d bytes took %s", name, len(query), d)
		}
	}
}

func itoa(n int) string {
	if n >= 10 {
		return itoa(n/10) + string(rune('0'+n%10))
	}
	return string(rune('0' + n))
}
