// Package enrich answers what events do not say themselves, for live and offline runs: what a user agent names, and where
// an address is, by local databases in MaxMind's format.
//
// In go texts and addresses, out come useragent.Agents and event.Networks, remembered in caches that are bounded in bytes.
// What is in a cache changes how long an answer takes and nothing else: window state must never enter here.
package enrich
