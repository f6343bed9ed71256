package processor

import (
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
		"budget":                    {Config{StateBudget: -1}, []string{"state.budget"}},
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
	if _, err := opener("parcel"); err == nil || !strings.Contains(err.Error(), "parcel") {
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
