package encoding

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"oktastream/rules/alert"
	"oktastream/rules/printable"
)

// format is one way to write an alert as JSON.
type format struct {
	name    string
	version string // of the schema that the value follows
	encode  func(*alert.Alert) ([]byte, error)
}

// formats are all of them; the first is the default.
var formats = []format{native, ecs}

// Default is the name of the format that is used when none is chosen.
var Default = formats[0].name

// Formats lists the names that New and Encode accept.
func Formats() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.name
	}
	return names
}

func lookup(name string) (format, error) {
	for _, f := range formats {
		if f.name == name {
			return f, nil
		}
	}
	return format{}, fmt.Errorf("unknown alert format %q; there is: %s", name, strings.Join(Formats(), ", "))
}

// Encode writes a in the named format as one line of JSON without a line end.
func Encode(a *alert.Alert, name string) ([]byte, error) {
	f, err := lookup(name)
	if err != nil {
		return nil, err
	}
	return f.encode(a)
}

// Record is what is produced to the output topic.
type Record struct {
	Key     []byte // the alert id, so that a consumer's upsert is idempotent
	Value   []byte // one JSON object
	Headers []Header
}

// Header is one record header.
type Header struct {
	Key   string
	Value []byte
}

// Options configure an Encoder.
type Options struct {
	Format string // one of Formats; empty is Default
	Group  string // consumer group of the processor; part of ce_source
}

// Encoder writes alerts as records. It may be used concurrently.
type Encoder struct {
	format format
	group  string
}

// New returns an Encoder. It fails for an unknown format.
func New(o Options) (*Encoder, error) {
	if o.Format == "" {
		o.Format = Default
	}
	f, err := lookup(o.Format)
	if err != nil {
		return nil, err
	}
	return &Encoder{format: f, group: o.Group}, nil
}

// Record encodes a. now is stamped as the time of creation; the zero now leaves that out. a itself is not changed.
func (e *Encoder) Record(a *alert.Alert, now time.Time) (Record, error) {
	stamped := *a
	stamped.Created = nil
	if !now.IsZero() {
		now = now.UTC()
		stamped.Created = &now
	}
	value, err := e.format.encode(&stamped)
	if err != nil {
		return Record{}, err
	}
	return Record{Key: []byte(a.ID), Value: value, Headers: e.headers(a)}, nil
}

// headers follow the Kafka binding of CloudEvents 1.0.2 in binary mode, so that consumers can route and tell repeats
// without parsing the value.
func (e *Encoder) headers(a *alert.Alert) []Header {
	id, kind := a.ID, "oktastream.alert.created.v1"
	if a.Status == alert.Update {
		id, kind = a.ID+"-u"+strconv.Itoa(a.Revision), "oktastream.alert.updated.v1"
	}
	source := "/oktastream/" + url.PathEscape(e.group)
	if a.Org != "" {
		source += "/" + url.PathEscape(a.Org)
	}
	hs := []Header{
		{"ce_specversion", []byte("1.0")},
		{"ce_id", []byte(id)},
		{"ce_source", []byte(source)},
		{"ce_type", []byte(kind)},
		{"ce_time", []byte(a.Time.UTC().Format(time.RFC3339Nano))},
	}
	if s := a.Subject(); s != "" { // CloudEvents: not empty, if present
		hs = append(hs, Header{"ce_subject", []byte(headerText(s))})
	}
	return append(hs,
		Header{"content-type", []byte("application/json")},
		Header{"oktastream_rule_id", []byte(a.Rule.ID)},
		Header{"oktastream_rule_name", []byte(a.Rule.Name)},
		Header{"oktastream_severity", []byte(a.Severity)},
		Header{"oktastream_format", []byte(e.format.name + "/" + e.format.version)},
	)
}

// maxHeader bounds a header whose text comes from an event.
const maxHeader = 256

// headerText makes a text from an event fit for a header: UTF-8, no control characters, bounded.
func headerText(s string) string {
	s = printable.Line(s)
	if len(s) > maxHeader {
		s = strings.ToValidUTF8(s[:maxHeader], "")
	}
	return s
}
