package useragent

import (
	"strings"
	"sync"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]Agent{
		"": {},
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.6099.71 Safari/537.36": {"Chrome", "120.0.6099", "Mac OS X", "10.15.7", "Mac"},
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0":                                          {"Firefox", "121.0", "Windows", "10", "Other"},
		"python-requests/2.31.0":                                    {"Python Requests", "2.31", "", "", "Other"},
		"D2DJ4F9S2.com.okta.mobile/8.1 something that nobody knows": {"Other", "", "", "", "Other"},
	} {
		if got := Parse(text); got != want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", text, got, want)
		}
	}
	if s := (Agent{OS: "Windows", OSVer: "10"}).OSFull(); s != "Windows 10" {
		t.Error(s)
	}
}

// A text made to be slow takes bounded time, and several goroutines may ask at once.
func TestHostileText(t *testing.T) {
	Parse("warm") // compiles the patterns
	began := time.Now()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			Parse(strings.Repeat("Mozilla/5.0 (Linux; Android 1", 1<<15))
			Parse(strings.Repeat("(((((", 1<<18))
		})
	}
	all.Wait()
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}
