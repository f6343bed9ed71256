package pack

import "embed"

// FS holds every file of the pack, in its root: rules, their tests and their data.
//
//go:embed *.yaml
var FS embed.FS
