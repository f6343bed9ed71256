// Command bench measures the whole pipeline on this machine and prints ratios: what the processor costs an event over
// consumers that do less, and how long an event takes to become a committed alert.
//
// Broker, load and processor share one process and its cores, so throughput is a lower bound, and the ratios of CPU time
// include the broker's share in every contender. Contenders take turns in every round; the medians are printed. What
// the product computes must never be measured here by other code than the product's own.
package main
