// Command bench measures the product on this machine and prints a table of ratios, each beside its target.
//
// Contenders take turns in every round and a row is the median of the rounds' ratios, because machines change speed and
// absolute times do not repeat. Wherever a broker takes part, it runs in a process of its own, and what is compared is CPU
// time of this one. Events are invented, see package corpus. What the product computes must never be measured here by
// other code than the product's own; -json writes the rows for programs.
package main
