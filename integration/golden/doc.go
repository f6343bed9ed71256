// Package golden compares what a test printed with a file below testdata, and writes that file when the test runs with
// -update.
package golden
