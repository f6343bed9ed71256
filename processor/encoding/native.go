package encoding

import "oktastream/rules/alert"

// native is the record as alert.SchemaJSON describes it.
var native = format{name: "native", version: "v1", encode: alert.Marshal}
