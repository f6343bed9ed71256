package lang

import (
	"slices"
	"testing"

	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
)

// TestTables checks that documentation can be made of the tables.
func TestTables(t *testing.T) {
	types := map[source.FieldType]bool{source.Text: true, source.Texts: true, source.Integer: true, source.Boolean: true, source.Span: true,
		source.PathOf: true, source.PathsOf: true, source.PathBy: true, source.Object: true, source.Objects: true, source.Anything: true}
	var check func(where string, fields []source.Field)
	check = func(where string, fields []source.Field) {
		seen := map[string]bool{}
		for _, f := range fields {
			if f.Name == "" || f.Doc == "" || !types[f.Type] || seen[f.Name] {
				t.Errorf("%s: %+v", where, f)
			}
			if f.Required && f.Default != "" {
				t.Errorf("%s.%s is required and has a default", where, f.Name)
			}
			seen[f.Name] = true
			check(where+"."+f.Name, f.Fields)
		}
	}
	check("document", Document)
	check("correlation", sigma.CorrelationFields)
	check("indicator", IndicatorFields)
	check("indicators", IndicatorListFields)
	for _, f := range frontEnds {
		if !slices.Contains(source.Names(Document), f.key) {
			t.Errorf("the front end of %s reads %s, which the table of documents lacks", f.language, f.key)
		}
	}
}
