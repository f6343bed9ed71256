// Command mutation asks whether the tests of a package would notice a fault: it changes one operator at a time and runs
// the package's tests on the result.
// Input: packages of this module. Output: one line for each mutant that no test noticed, and counts. Never: a change in
// the working tree; mutants exist only in the build's overlay.
package main
