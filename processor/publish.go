package processor

import (
	"errors"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor/encoding"
	"oktastream/rules/alert"
)

// publisher writes alerts into transactions.
type publisher struct {
	topic      string
	partitions int32
	encoder    *encoding.Encoder
	letters    *deadLetters
	metrics    *metrics
	log        *slog.Logger

	pending []published // of the open transaction
}

type published struct {
	severity alert.Severity
	time     time.Time
}

// alerts produces as, which came of record r. An alert that cannot be written becomes a dead letter: it would not fit
// the next time either.
func (p *publisher) alerts(out *transaction, t tally, r *kgo.Record, as []alert.Alert) error {
	for i := range as {
		a := &as[i]
		t.add(p.metrics.alerts.WithLabelValues(a.Rule.ID, string(a.Severity)), 1)
		rec, err := p.write(out, a)
		if errors.Is(err, errTooLarge) {
			// Cut to a quarter, since other formats repeat what the native one says once; and only when it has to be,
			// because measuring every alert would cost an encoding of each.
			cut := *a
			alert.Bound(&cut, out.sizes[p.topic]/4)
			rec, err = p.write(out, &cut)
		}
		switch {
		case errors.Is(err, errTooLarge):
			err = p.lose(out, t, r, a, rec.Value, codeAlert, err)
		case err != nil:
			err = p.lose(out, t, r, a, nil, codeEncode, err)
		default:
			p.pending = append(p.pending, published{a.Severity, a.Time})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *publisher) write(out *transaction, a *alert.Alert) (encoding.Record, error) {
	rec, err := p.encoder.Record(a, time.Now())
	if err != nil {
		return rec, err
	}
	return rec, out.produce(record(p.topic, p.partitions, rec))
}

func record(topic string, partitions int32, rec encoding.Record) *kgo.Record {
	hs := make([]kgo.RecordHeader, len(rec.Headers))
	for i, h := range rec.Headers {
		hs[i] = kgo.RecordHeader{Key: h.Key, Value: h.Value}
	}
	return &kgo.Record{Topic: topic, Partition: partitionOf(rec.Key, partitions), Key: rec.Key, Value: rec.Value, Headers: hs}
}

func (p *publisher) lose(out *transaction, t tally, r *kgo.Record, a *alert.Alert, value []byte, code string, cause error) error {
	p.log.Error("an alert cannot be written; it becomes a dead letter", "rule_id", a.Rule.ID, "alert", a.ID, "err", cause)
	return p.letters.write(out, t, deadLetter{record: r, code: code, message: cause.Error(), element: -1, value: value, rule: a.Rule.ID})
}

func (p *publisher) commit(now time.Time) {
	for _, a := range p.pending {
		p.metrics.latency.WithLabelValues(string(a.severity)).Observe(max(0, now.Sub(a.time).Seconds()))
	}
	p.pending = p.pending[:0]
}

func (p *publisher) rollback() { p.pending = p.pending[:0] }
