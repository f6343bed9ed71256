package processor

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Codes of dead letters. They stand in a header and in a metric, and do not change.
const (
	codeUndecodable = "undecodable"      // the record, or one element of it, holds no event
	codeUnreadable  = "unreadable"       // not a message of the ingest stage
	codePanic       = "panic"            // processing it panicked: a defect of this program
	codeRecord      = "record_too_large" // of the input
	codeBatch       = "batch_too_large"  // of the input, unpacked; it has not been read
	codeAlert       = "alert_too_large"
	codeObservation = "observation_too_large"
	codeEncode      = "alert_not_encodable"
)

// deadLetter is something that could not be used, and where it came from.
type deadLetter struct {
	record  *kgo.Record
	code    string
	message string // without values of the event
	element int    // index of the element within the record, or -1 for the whole record
	value   []byte // the element's text; nil for the record's value
	rule    string // rule id, where one is concerned
}

// deadLetters writes dead letters into the transaction that passes over their records.
type deadLetters struct {
	topic      string
	partitions int32
	group      string
	stage      Stage
	version    string
	metrics    *metrics
}

const deadLetterPrefix = "__oktastream.errors."

// write produces d with the record's key, value and headers, and headers of its own that say why. What does not fit is
// cut, and says so: the origin tells where the whole is.
func (l *deadLetters) write(out *transaction, t tally, d deadLetter) error {
	r := d.record
	own := l.headers(d)
	value := r.Value
	if d.value != nil {
		value = d.value
	}
	letter := &kgo.Record{
		Topic: l.topic, Partition: r.Partition % l.partitions,
		Key: r.Key, Value: value, Headers: append(foreign(r.Headers), own...),
	}
	if limit := out.sizes[l.topic]; limit > 0 && recordSize(letter) > limit {
		own = append(own, header("truncated", strconv.Itoa(len(value))))
		letter.Headers = append(foreign(r.Headers), own...)
		letter.Value = nil
		if recordSize(letter) > limit { // it is the key or the headers
			letter.Key, letter.Headers = nil, own
		}
		letter.Value = value[:min(len(value), max(0, limit-recordSize(letter)))]
	}
	t.add(l.metrics.deadLetters.WithLabelValues(d.code), 1)
	return out.produce(owned(letter))
}

// foreignPrefix goes before the name of an input header that looks like one of a dead letter's own: of a dead letter that
// was fed back, or of a producer that wants to be taken for it. Each name of ours is there once, and says what we found.
const foreignPrefix = "input."

// foreign are the headers of the input record as a dead letter carries them.
func foreign(headers []kgo.RecordHeader) []kgo.RecordHeader {
	out := make([]kgo.RecordHeader, 0, len(headers)+12)
	for _, h := range headers {
		if len(h.Key) >= len(deadLetterPrefix) && strings.EqualFold(h.Key[:len(deadLetterPrefix)], deadLetterPrefix) {
			h.Key = foreignPrefix + h.Key
		}
		out = append(out, h)
	}
	return out
}

// owned gives a record memory of its own, see buffers.
func owned(r *kgo.Record) *kgo.Record {
	r.Key, r.Value = bytes.Clone(r.Key), bytes.Clone(r.Value)
	for i := range r.Headers {
		r.Headers[i].Value = bytes.Clone(r.Headers[i].Value)
	}
	return r
}

func (l *deadLetters) headers(d deadLetter) []kgo.RecordHeader {
	r := d.record
	hs := []kgo.RecordHeader{
		header("topic", r.Topic),
		header("partition", label(r.Partition)),
		header("offset", strconv.FormatInt(r.Offset, 10)),
		header("timestamp", strconv.FormatInt(r.Timestamp.UnixMilli(), 10)),
		header("group", l.group),
		header("stage", l.stage.String()),
		header("code", d.code),
		header("message", bounded(d.message, 1024)),
		header("engine_version", l.version),
	}
	if d.element >= 0 {
		hs = append(hs, header("element", strconv.Itoa(d.element)))
	}
	if d.rule != "" {
		hs = append(hs, header("rule_id", d.rule))
	}
	return hs
}

func header(name, value string) kgo.RecordHeader {
	return kgo.RecordHeader{Key: deadLetterPrefix + name, Value: []byte(value)}
}

func bounded(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "�")
}

// panicText describes a recovered panic. The stack belongs in the log, not in a record.
func panicText(v any) string { return fmt.Sprintf("panic: %v", v) }
