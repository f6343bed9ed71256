// Package ghosts keeps dead members out of the groups of the in-process broker, which forgets some of them. Nothing here
// may be used on another broker.
package ghosts
