// Package format puts rule files and rule tests into canonical form: what `rules fmt` does.
//
// In goes the text of a file, out comes the same text with the keys of its blocks in canonical order. Whole lines move:
// comments, quotes and line breaks inside values stay as their author wrote them, and a comment stays with the key that
// it stands above. What a file means is never changed; that is checked, and a file that does not pass is refused. Loading
// rules, and the meaning of keys, must never enter here.
package format
