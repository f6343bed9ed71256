// Package workload makes synthetic Okta System Log events whose alerts are worth comparing: ordinary traffic of an
// organisation with single findings, hijacked sessions, near misses and a takeover of administrators hidden in it.
//
// In goes a Config with a seed; out come events in their order of arrival, which is not that of their times, with some
// of them delivered twice. The same Config gives the same events. It must never know how detections decide.
package workload
