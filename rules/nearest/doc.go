// Package nearest tells how far a misspelt name is from the names that exist, for "did you mean". It knows no names.
package nearest
