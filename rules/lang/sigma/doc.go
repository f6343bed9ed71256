// Package sigma compiles Sigma 2.1 detections, correlations and filters to conditions and windows.
//
// In go the detection, correlation and filter blocks of a rule file (source.Nodes); out come match.Expr and
// rules.Stateful, or diagnostics with the codes OKS03xx and OKS04xx. What cannot be run is reported as unsupported with
// the reason, never approximated. Reading files and evaluating must never enter here.
//
// The specifications are those of Sigma 2.1.0 of 2025-08-02 (rules, modifiers appendix, filters) and, for correlations,
// version 2.0.2 with the value_sum, value_avg and value_percentile of pySigma 2; arrays follow the enhancement proposal
// that is issue 212 of the specification. Where they leave a choice or we differ, this was decided:
//
// Values.
//   - Text compares without regard to case (Unicode simple folding) unless cased; re always with regard to it. Encoded
//     texts are no exception, because the specification makes none.
//   - Numbers and booleans compare as text, and numbers also by value: the wire has true where rules write 'true'.
//   - null is a field without a value: absent, or null. So exists is false for a field that is null, against the letter of
//     the specification: Okta writes null for whatever an event has not, and exists would say nothing.
//   - null stands alone, as 2.1 has it; in a list of values it is an error.
//   - An empty text is a value that is empty. A field that is absent or null is not.
//   - neq negates the comparison, and so holds where the field is absent, as in pySigma. It goes with every comparison of
//     texts, not with the orders and exists, which have opposites.
//   - fieldref compares with any value of the other field; two fields without a value are not equal. With startswith,
//     endswith or contains, on either side of it, the field holds a value of the other; an empty one is never held.
//   - gt, gte, lt and lte take times besides numbers (in any form of event.ParseTime, in the event as in the rule), numbers
//     written as texts on both sides, and addresses in a field of addresses.
//   - A field of addresses (named ip or ipAddress) holds addresses, as in Elastic: a whole value of a rule that is one is
//     equal however it is spelt, and group-by and value_count see one spelling. startswith, wildcards, re and the like look at
//     that spelling: lower case, the longest run of zeros left out, mapped IPv4 as IPv4. The specification leaves it open.
//   - all on a single value is a warning, not an error: it changes nothing.
//
// Patterns.
//   - Regular expressions are those of Go's regexp, which has what the specification allows and classes such as \d
//     besides, matches in linear time, and searches anywhere in the text. Look-around, back references and the like are
//     unsupported. Without m, $ is the end of the text only, not also before a last line feed.
//   - cidr accepts single addresses and networks with bits beyond the prefix, and treats mapped IPv4 as IPv4.
//   - Encodings apply in the author's order, before the form (base64offset|contains). A text with wildcards cannot be
//     encoded in base64. UTF-16 that is not encoded further works only where the outcome can occur in JSON.
//   - windash writes -, /, en dash, em dash and horizontal bar for each other where they begin a word, up to three in one
//     text, as pySigma does; the specification leaves the place and the number open.
//   - minute to year are read from the time as it is written, without converting its zone, as the specification warns;
//     week is that of ISO 8601 and may be 53. They also go with gt, gte, lt, lte and neq.
//
// Keywords are looked for in every text, number and boolean of the event, in values and not in names, and anywhere in a
// value, because the specification applies them to the full log message. With all, each must be in some value. They take
// the forms of texts, re and cidr.
//
// Arrays.
//   - A field that leads through a list holds if any element does. [0] picks one, [type=User] those with that value.
//   - A key with [any], [all], [all_or_empty] or [none] has a block about one element: a map of its fields, a list of such
//     maps, or a detection with a condition; with modifiers or plain values it is about the element itself, which a block
//     calls ".". A field may follow the quantifier: target[none].id. A value that is no list is its only element.
//   - An element that is null is none, as a field that is null has no value. A text that holds a list is one element.
//   - fieldref inside a block is unsupported: the proposal does not say whose field the other is.
//
// Placeholders need expand, in any place among the modifiers; what they stand for are texts with wildcards (for re, parts
// of the expression), any of which may be meant. One without a list makes the rule unsupported, as the specification
// asks; an empty list is an error, because the rule would silently hold for nothing.
//
// Conditions. any of is 1 of; keywords are read in any case; them leaves out underscored selections, a pattern does not.
// A list of conditions is joined by or. Aggregations after a bar and timeframe are Sigma 1, and unsupported.
//
// Filters are joined to the condition of their rules by and, as pySigma does; they must say not. One that does not is
// unsupported: the specification's example leaves out what such a condition names, its tools keep nothing else. Filters
// of correlations apply to what these observe, and for chains to the event that completed the alert. Expiry is decided
// by the time of the event.
//
// Correlations.
//   - group-by may be missing: one group then. An event that lacks a member of the key is not observed.
//   - Lower bounds of a count, and of a sum, fire on arrival, over every interval of the timespan. Other bounds, means and
//     percentiles can be undone by what comes later: they are decided when a window closes, which begins with its first
//     event. Without an upper bound, negative numbers are left out of a sum.
//   - Bounds may be combined as far as some number meets them. A bound that nothing meets but an empty window is
//     unsupported: no event would begin the window.
//   - value_percentile needs percentile: in the condition, which is the nearest rank; without it is unsupported, because the
//     specification does not say which is meant. value_median is not in the specification, and unsupported.
//   - temporal asks for all rules, for as many different ones as its bounds say, or, as version 2.2 has it, for what a
//     condition in words says about them (a and not b), which is judged when the window closes if it has a not that more
//     events may undo. For temporal_ordered, bounds and words that fewer than all rules meet are unsupported, because no
//     order of some of them is defined. The same rule cannot be two steps.
//   - value_count over several fields counts their combinations; an event that lacks one of them is not counted.
//   - A correlation over correlations observes their alerts. A field is then the member of that name in the alert's group
//     key, else that of the event that completed the alert, with a note.
//   - Rules of a correlation alert by themselves only with generate, inside the block or beside it.
package sigma
