// Package sigma compiles Sigma 2.1 detections to conditions and Sigma correlations to windows.
//
// In go the detection and correlation blocks of a rule file (source.Nodes); out come match.Expr and rules.Stateful, or
// diagnostics with the codes OKS03xx and OKS04xx. Where the specification leaves a choice, we decide so: a field that
// leads through a list matches if any element does; text compares without regard to case unless cased, re always with
// regard to it; numbers and booleans compare as text; null is a field without a value, and an empty text one whose value
// is empty; keywords match only a named field, so a search without field is unsupported; underscored selections are not
// part of them. What cannot be run is reported as unsupported with the reason, never approximated.
package sigma
