// Package oktafilter reads Okta System Log filter expressions, as they are typed into Okta's System Log search.
//
// In goes the text of one expression and its place in the rule file; out come a match.Expr and the problems found, with
// their places. The language is the filter language of SCIM 2.0 (RFC 7644, 3.4.2.2) as Okta uses it; strings compare
// without regard to case, and ne holds for a missing attribute: Parse says why, and what else Okta leaves open. Nothing
// of the language may reach beyond this package, and no file, event or state may enter it.
package oktafilter
