// Package kuery compiles the Kibana Query Language (KQL), as Kibana 9 defines it.
//
// In goes the text of a query; out comes one match.Expr. Where this differs from Kibana, and why, stands at Compile.
// Which rule a query belongs to must never enter here.
package kuery
