package useragent

import (
	"strings"
	"sync"

	"github.com/ua-parser/uap-go/uaparser"
)

// Agent is what a text names. An empty member is not known.
type Agent struct {
	Name    string // of the client; "Other" if no pattern knows it
	Version string // of the client, up to three parts; Elastic has a fourth, which the library does not read
	OS      string // name of the system
	OSVer   string // its version
	Device  string // "Other" if no pattern knows it
}

// OSFull is name and version of the system.
func (a Agent) OSFull() string {
	if a.OSVer == "" {
		return a.OS
	}
	return a.OS + " " + a.OSVer
}

// longest is how many bytes of a text are looked at. The patterns take time in proportion to it, and there are hundreds
// of them; real texts have a fifth of that.
const longest = 1024

// The library keeps answers of its own, at least one; that it would keep more is left to the caller.
var parser = sync.OnceValues(func() (*uaparser.Parser, error) { return uaparser.New(uaparser.WithCacheSize(1)) })

// Parse reads a text. It keeps nothing of it. It is safe for concurrent use.
func Parse(text string) Agent {
	p, err := parser()
	if err != nil || text == "" {
		return Agent{} // the patterns are compiled in: there is no error
	}
	text = strings.Clone(text[:min(len(text), longest)])
	ua, os, device := p.ParseUserAgent(text), p.ParseOs(text), p.ParseDevice(text)
	a := Agent{Name: ua.Family, Version: version(ua.Major, ua.Minor, ua.Patch), Device: device.Family}
	if os.Family != "Other" {
		a.OS, a.OSVer = os.Family, version(os.Major, os.Minor, os.Patch, os.PatchMinor)
	}
	return a
}

func version(parts ...string) string {
	n := 0
	for n < len(parts) && parts[n] != "" {
		n++
	}
	return strings.Join(parts[:n], ".")
}
