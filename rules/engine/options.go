package engine

import (
	"oktastream/rules/alert"
)

// Options are the settings that both halves share. They must be equal on all processes of a group.
type Options struct {
	Org         string // organisation name for alerts and their ids; may be empty
	Version     string // of this build, for Alert.Engine
	StateBudget int    // bytes of windows per task; 0 is without limit
}

// Output collects what processing yields. The caller empties it; the engine appends.
type Output struct {
	Alerts       []alert.Alert
	Observations []Observation
}
