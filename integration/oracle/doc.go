// Package oracle compares the alerts of a run with the alerts of a reference: none missing, none twice, none invented.
//
// In go native alert records, as NDJSON or as Kafka record values; out comes a list of differences in words. It reads
// only the published fields of the record, so that it judges what a consumer of the alerts topic sees. It must never
// import the packages that produce alerts.
package oracle
