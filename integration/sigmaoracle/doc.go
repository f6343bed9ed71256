// Package sigmaoracle compares our verdicts on Sigma rules with those of rsigma 0.23.0, an engine in Rust that shares no
// code with ours.
//
// In go rules and generated events; out comes where the two engines differ, against a list of differences that the
// specification decides. `cargo build --release` here makes the program, and OKTASTREAM_SIGMA_ORACLE names it
// (target/release/sigma-oracle); without it the tests skip. Nothing of the product may depend on it.
package sigmaoracle
