package processor

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules/event/jsontree"
)

// carrier is what the envelope says of where an event comes from, with the headers of its record under headers. It is valid
// until the next call.
func (g *ingestStage) carrier(r *kgo.Record, e *element) []byte {
	if len(r.Headers) == 0 {
		return e.carrier
	}
	b := append(g.carried[:0], '{')
	if len(e.carrier) > len("{}") {
		b = append(append(b, e.carrier[1:len(e.carrier)-1]...), ',')
	}
	b = append(b, `"headers":{`...)
	for i, h := range r.Headers {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(jsontree.AppendString(b, h.Key), ':')
		b = jsontree.AppendString(b, string(h.Value))
	}
	g.carried = append(b, "}}"...)
	return g.carried
}
