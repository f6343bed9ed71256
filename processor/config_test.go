package processor

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestConfigDefaultsAreValid(t *testing.T) {
	if err := (Config{}).Validate(); err != nil {
		t.Error(err)
	}
	c := Config{Group: "soc"}.withDefaults()
	if c.Repartition != "soc-repartition" || c.Changelog != "soc-changelog" || c.DeadLetters != "soc-dlq" || c.detectGroup() != "soc-detect" {
		t.Errorf("names %+v", c)
	}
	if c.TransactionTimeout <= c.SessionTimeout {
		t.Errorf("transaction time-out %v, session %v", c.TransactionTimeout, c.SessionTimeout)
	}
}

func TestConfigValidate(t *testing.T) {
	for name, test := range map[string]struct {
		config Config
		want   []string // each must be in the error
	}{
		"transaction below session": {Config{SessionTimeout: 45 * time.Second, TransactionTimeout: 40 * time.Second}, []string{"transaction.timeout.ms", "session.timeout.ms (45s)"}},
		"slow commits":              {Config{CommitInterval: 2 * time.Second}, []string{"session.timeout.ms", "ten times commit.interval"}},
		"negative":                  {Config{Workers: -1, CommitInterval: -time.Second, MaxBytes: -1}, []string{"workers", "commit.interval", "max.bytes"}},
		"reset":                     {Config{Reset: "newest"}, []string{"auto.offset.reset", `"newest"`}},
		"one topic twice":           {Config{Input: []string{"a"}, Alerts: "a"}, []string{"alerts", "already used as input"}},
		"an empty input":            {Config{Input: []string{""}}, []string{"input: is empty"}},
		"stage":                     {Config{Stages: 9}, []string{"stage"}},
		"escape":                    {Config{Escape: time.Minute}, []string{"escape"}},
		"heartbeat":                 {Config{HeartbeatInterval: time.Minute}, []string{"heartbeat.interval.ms"}},
		"replication":               {Config{Replication: -2}, []string{"replication"}},
		"budget":                    {Config{StateBudget: -2}, []string{"state.budget"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.config.Validate()
			if err == nil {
				t.Fatal("valid")
			}
			for _, w := range test.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q lacks %q", err, w)
				}
			}
		})
	}
	if _, err := newProcessor(Config{Format: "xml"}, counting()); err == nil || !strings.Contains(err.Error(), "xml") {
		t.Errorf("format: %v", err)
	}
	if _, err := opener("parcel", ""); err == nil || !strings.Contains(err.Error(), "parcel") {
		t.Errorf("envelope: %v", err)
	}
}

func TestStageText(t *testing.T) {
	for _, s := range []Stage{Ingest, Detect, Both} {
		if got, err := ParseStage(s.String()); got != s || err != nil {
			t.Errorf("ParseStage(%q) = %v, %v", s, got, err)
		}
	}
	if _, err := ParseStage("all"); err == nil {
		t.Error("all is a stage")
	}
}

// Workers follow the machine, and never outnumber what there is to read.
func TestDefaultWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(16))
	found := topics{partitions: map[string]int32{"a": 3, "b": 2, "re": 64}}
	for _, test := range []struct {
		configured, want int
		stage            Stage
	}{{0, 5, Ingest}, {0, 8, Detect}, {1, 1, Detect}, {70, 70, Detect}} {
		c := Config{Workers: test.configured, Input: []string{"a", "b"}, Repartition: "re"}
		if got := c.workers(test.stage, found); got != test.want {
			t.Errorf("%d configured, stage %v: %d workers, want %d", test.configured, test.stage, got, test.want)
		}
	}
}
