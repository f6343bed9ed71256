// Package pack holds the detections that ship with oktastream, as files.
//
// One file is one detection and is named like it; its timed tests stand beside it in <name>_test.yaml, and an indicator
// list in <name>.indicators.yaml. The files are embedded in FS and read by rules/lang and rules/ruletest like anyone
// else's. Nothing but files may enter: no rule is built in Go, and the package imports nothing of the house.
package pack
