// Package schema makes JSON Schemas (draft 2020-12) for the files that people write: rules, rule tests and configuration,
// so that editors complete and validate them.
//
// In go the tables that the parsers read by, out come schemas as JSON; no key is described twice. A schema is as strict as
// it can be without rejecting what loads; it says nothing of what only the loader can know, such as conditions, fields
// and references between rules. Files and Kafka must never enter here.
package schema
