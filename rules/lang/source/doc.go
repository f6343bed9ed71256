// Package source turns the text of a rule file into a tree with positions, and collects what there is to say about it.
//
// In goes YAML, TOML or lines of JSON; out come Nodes that know their line and column, one tree a document, and Diagnostics. Parse bounds
// what a hostile file may cost (size, depth, aliases, keys) and reports a document that breaks a bound instead of
// reading it. Tables of Fields describe the keys of a block, so that validation and documentation have one origin.
// What keys mean, and how rules evaluate, must never enter here.
package source
