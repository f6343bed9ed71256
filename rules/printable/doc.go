// Package printable makes text of somebody else's choosing safe to print for a person.
// Input: texts of events, rules, file names. Output: text that stays on its line, and gives a terminal no orders. Never:
// JSON and other formats for machines, which escape by rules of their own.
package printable
