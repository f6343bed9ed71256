// Package catalogue reads the YAML in which Okta publishes its own catalogue of detections (github.com/okta/customer-detections).
//
// In goes the tree of one document; out come the same metadata under the keys of our rule format, and the System Log
// expressions that the document detects with, as nodes that know their place. An event matches if any of the expressions
// holds: variants of one entry are the same detection, for another engine of Okta or another form of the event. An entry
// without a System Log expression, such as one that exists only as a Splunk search, is reported as unsupported; searches
// for other products are never translated. Parsing expressions, and evaluation, must never enter here.
package catalogue
