// Package eqloracle compares our verdicts on EQL with those of the Python package eql 0.9.19 of Endgame, whose language
// Elastic's comes from and whose engine shares no code with ours.
//
// In go random queries, in both dialects, and events; out comes where the engines differ. What they are known to answer
// otherwise stands in differences_test.go, each with what decides, Elastic's reference of the language first; besides, in
// and like bind closer than arithmetic in Elastic's grammar and in ours. `python3 -m venv v && v/bin/pip install
// eql==0.9.19` makes the interpreter (3.11 or later), and OKTASTREAM_EQL_ORACLE names it by its absolute path
// (v/bin/python); without it the tests skip. Nothing of the product may depend on it.
package eqloracle
