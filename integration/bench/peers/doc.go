// Command peers runs public Okta rules over the same events with other Go engines, in rotation with the product's.
//
// It is a module of its own, so that peers never enter the product's. OKTASTREAM_CORPUS names the folder with the public
// Sigma rules (rules/sigma-okta); without it there is nothing to compare. Every contender must find as many matches as
// the product, or say how many it found. Ratios are medians of the rounds' CPU times.
package main
