package main

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

var record = flag.Bool("record", false, "write testdata/instructions.json anew")

// recorded are instructions an event, as they were last recorded.
type recorded struct {
	Go, Arch string
	Events   map[string]int // by fixedWork
}

const recording = "testdata/instructions.json"

// Instructions are counted by an emulated processor: how busy the machine is does not change them, and one that is slower or
// faster does not either. What is done once cancels out between two runs. The collector is off, since when it comes depends on
// time. Between recordings the counts moved by up to 4 percent, so twice that is a regression. See TestCosts for what this cannot see: caches, branches, waiting.
func TestInstructions(t *testing.T) {
	if testing.Short() {
		t.Skip("takes long: not with -short")
	}
	valgrind, err := exec.LookPath("valgrind")
	if err != nil {
		t.Skip("valgrind is not installed: instructions are not counted")
	}
	text, err := os.ReadFile(recording)
	if err != nil {
		t.Fatal(err)
	}
	var want recorded
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if here := (recorded{Go: runtime.Version(), Arch: runtime.GOARCH}); !*record && (here.Go != want.Go || here.Arch != want.Arch) {
		t.Skipf("recorded with %s for %s, and this is %s for %s: record again", want.Go, want.Arch, here.Go, here.Arch)
	}
	program := filepath.Join(t.TempDir(), "bench")
	build := exec.Command("go", "build", "-trimpath", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := recorded{Go: runtime.Version(), Arch: runtime.GOARCH, Events: map[string]int{}}
	for _, name := range []string{"decode", "rules-10", "rules-100", "rules-10000", "windows-1", "windows-2"} {
		const few, many = fixedEvents, 20 * fixedEvents // a start varies by some hundred thousand
		n := (instructions(t, valgrind, program, name, many) - instructions(t, valgrind, program, name, few)) / (many - few)
		got.Events[name] = n
		t.Logf("%s: %d instructions an event, recorded %d", name, n, want.Events[name])
		if was := want.Events[name]; !*record && 100*n > 108*was {
			t.Errorf("%s takes %d instructions an event, and took %d: if it has to be so, record again with -record", name, n, was)
		}
	}
	if !*record {
		return
	}
	if text, err = json.MarshalIndent(got, "", "  "); err == nil {
		err = os.WriteFile(recording, append(text, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

var refs = regexp.MustCompile(`I +refs: +([0-9,]+)`)

// instructions is how many one run takes, its start included.
func instructions(t *testing.T, valgrind, program, name string, events int) int {
	t.Helper()
	cmd := exec.Command(valgrind, "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", program, "-fixed", name, "-events", strconv.Itoa(events))
	cmd.Env = append(os.Environ(), "GOGC=off", "GOMAXPROCS=1")
	out, err := cmd.CombinedOutput()
	m := refs.FindSubmatch(out)
	if err != nil || m == nil {
		t.Fatalf("%v: %v: %s", cmd.Args, err, out)
	}
	n, err := strconv.Atoi(strings.ReplaceAll(string(m[1]), ",", ""))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
