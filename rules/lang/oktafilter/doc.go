// Package oktafilter reads Okta System Log filter expressions, as they are typed into Okta's System Log search.
//
// In goes the text of one expression and its place in the rule file; out come a match.Expr and the problems found, with
// their places. The language is the filter language of SCIM 2.0 (RFC 7644, 3.4.2.2) as Okta uses it; the package
// comment of parser.go says what each construct means here. Nothing of it may reach beyond this package: no file, no
// event, no state.
package oktafilter
