// Command openwindows measures what open windows cost: `state` in memory, collections, updates, further rules and
// restoring, inside one process; `live-state` the whole processor under a memory limit with a broker in another process,
// and how a new process restores what the old one held; `table` all of it, in some minutes.
//
// The load is sessions that have shown one or two devices, with everything an alert would tell about them. CPU time is what
// is reported, for this machine is rarely alone. See STATE.md beside the table of the other benchmarks for what it printed.
package main
