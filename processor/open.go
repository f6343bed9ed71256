package processor

import (
	"errors"

	"oktastream/processor/envelope"
)

// opener returns a maker of functions that take the envelope off a record's value, for one goroutine each. pin names the
// only envelope to accept; when it is empty, all are. path, if not empty, says where in the record the event is.
func opener(pin, path string) (func() func([]byte, []element) []element, error) {
	if _, err := envelope.New(pin, path); err != nil {
		return nil, err
	}
	return func() func([]byte, []element) []element {
		u, err := envelope.New(pin, path)
		if err != nil {
			panic(err) // it was fine a moment ago
		}
		return func(value []byte, dst []element) []element {
			found := u.Unwrap(value)
			for _, f := range found.Events {
				dst = append(dst, element{raw: f.JSON, index: int(f.Index), envelope: f.Envelope, carrier: f.Carrier, kind: f.Kind})
			}
			for _, kind := range found.Empty {
				dst = append(dst, element{kind: kind, empty: true})
			}
			for _, r := range found.Rejected {
				dst = append(dst, element{raw: r.JSON, index: int(r.Index), reason: r.Code, err: errors.New(r.Reason)})
			}
			return dst
		}
	}, nil
}
