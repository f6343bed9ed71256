package processor

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Records and batches that unpack to more than may be read become dead letters with a cause, once each also when their
// transaction aborts, and what is around them is read.
func TestOversizeInput(t *testing.T) {
	t.Parallel()
	for name, aborts := range map[string]int{"committed": 0, "aborted before": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := newInput(t, 2)
			cl := newClient(t, c, kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.ProducerBatchCompression(kgo.GzipCompression()),
				kgo.ProducerBatchMaxBytes(64<<20))
			at := time.Unix(1700000000, 0)
			n := 0
			good := func(partition int32, count int) {
				var rs []*kgo.Record
				for range count {
					rs = append(rs, &kgo.Record{Topic: inputTopic, Partition: partition, Value: eventJSON(fmt.Sprint("e", n), "u0", at)})
					n++
				}
				if err := cl.ProduceSync(context.Background(), rs...).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
			put := func(value string) {
				if err := cl.ProduceSync(context.Background(), &kgo.Record{Topic: inputTopic, Key: []byte("k"), Value: []byte(value)}).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
			long := func(bytes int) string { return string(eventJSON("long", strings.Repeat("x", bytes), at)) }
			good(0, 20)
			put(long(20_000)) // a record
			good(0, 20)
			put(long(40 << 20)) // a batch
			good(0, 20)
			put(long(40 << 20))
			put(long(40 << 20)) // at the end of the log
			good(1, 20)
			if aborts > 0 {
				c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Group: "g", Err: kerr.IllegalGeneration, Count: aborts})
			}
			p := start(t, c, counting(), func(c *Config) { c.MaxRecordBytes = 10_000 })
			adm := kadm.NewClient(cl)
			eventually(t, 30*time.Second, "everything is read", func() bool {
				return lag(t, adm, "g", inputTopic) == 0 && len(alertsByActor(t, c)["u0"]) == n/counterEvery
			})
			good(0, 20)
			eventually(t, 30*time.Second, "what comes behind is read", func() bool { return len(alertsByActor(t, c)["u0"]) == n/counterEvery })
			p.stop(t)
			var got []string
			for _, r := range readAll(t, c, "g-dlq") {
				h := headers(r)
				got = append(got, h["offset"]+" "+h["code"])
				if !strings.Contains(h["message"], "max.record.bytes") {
					t.Errorf("message %q", h["message"])
				}
			}
			want := []string{"20 " + codeRecord, "41 " + codeBatch, "62 " + codeBatch, "63 " + codeBatch}
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("dead letters %q, want %q", got, want)
			}
		})
	}
}
