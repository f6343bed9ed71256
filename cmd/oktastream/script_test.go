package main

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run this test binary as the oktastream command.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"oktastream": func() { os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestScript runs the txtar scripts of testdata/script: rules and events in, alerts and messages out, through the command
// that a user types. `go test -testwork -run TestScript/NAME` keeps the files of one of them.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"alerts": alerts,
		},
	})
}

// alerts N checks that the last command printed N alerts: one a line, in the JSON that eval prints by default.
func alerts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: alerts N")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	var got []string
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		if strings.HasPrefix(line, "{") {
			got = append(got, line)
		}
	}
	if len(got) != want {
		ts.Fatalf("%d alerts, want %d:\n%s\nmessages:\n%s", len(got), want, strings.Join(got, ""), ts.ReadFile("stderr"))
	}
}
