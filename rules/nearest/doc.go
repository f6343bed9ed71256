// Package nearest finds the name that a misspelt one most likely means, for "did you mean".
// Input: words, and lists of names that exist. Output: the nearest name, or none. Never: names of its own.
package nearest
