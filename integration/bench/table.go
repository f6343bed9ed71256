package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// row is one line of the table. Value and Target have the unit that What names; × when it names none.
type row struct {
	What   string  `json:"what"`
	Value  float64 `json:"value"`
	Target float64 `json:"target,omitempty"` // 0 for a row that only informs
	// AtLeast says on which side of Target the value belongs.
	AtLeast bool   `json:"at_least,omitempty"`
	Rounds  int    `json:"rounds,omitempty"`
	Note    string `json:"note,omitempty"` // what was compared, in absolute figures
}

func (r row) met() bool {
	return r.Target == 0 || r.AtLeast && r.Value >= r.Target || !r.AtLeast && r.Value <= r.Target
}

// table collects rows and prints each as soon as it is there.
type table struct {
	out  io.Writer
	rows []row
}

func atLeast(what string, value, target float64, rounds int, note string) row {
	return row{What: what, Value: value, Target: target, AtLeast: true, Rounds: rounds, Note: note}
}

func atMost(what string, value, target float64, rounds int, note string) row {
	return row{What: what, Value: value, Target: target, Rounds: rounds, Note: note}
}

func (t *table) add(rows ...row) {
	for _, r := range rows {
		t.rows = append(t.rows, r)
		target, verdict := "", ""
		if r.Target != 0 {
			sign := "≤"
			if r.AtLeast {
				sign = "≥"
			}
			target, verdict = fmt.Sprintf("%s %g", sign, r.Target), "met"
			if !r.met() {
				verdict = "not met"
			}
		}
		fmt.Fprintf(t.out, "| %s | %.3g | %s | %s | %s |\n", r.What, r.Value, target, verdict, r.Note)
	}
}

func (t *table) head(about string) {
	fmt.Fprintf(t.out, "%s\n\n| what | measured | target | | how |\n| --- | ---: | ---: | --- | --- |\n", about)
}

// machine says where and by what build the rows were measured.
func machine() string {
	model := "unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	revision := "unknown revision"
	if b, ok := debug.ReadBuildInfo(); ok {
		for _, s := range b.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value[:min(12, len(s.Value))]
			}
		}
	}
	if *version != "" {
		revision = *version
	}
	return fmt.Sprintf("%s, %s, %s/%s, %d of %s, load before %s", time.Now().UTC().Format(time.DateOnly), revision+" with "+runtime.Version(),
		runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), model, load())
}

// load is the machine's load average over the last minute: above zero, others were at work too.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	one, _, _ := strings.Cut(string(text), " ")
	return one
}

// write leaves the rows as JSON.
func (t *table) write(file, about string) error {
	text, err := json.MarshalIndent(struct {
		About string `json:"about"`
		Rows  []row  `json:"rows"`
	}{about, t.rows}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
