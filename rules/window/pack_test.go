package window

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"oktastream/rules/event"
)

// texts are values as they come, and such as nearly have a short form.
var texts = rapid.OneOf(
	rapid.String(),
	rapid.StringMatching(`[0-9a-f]{0,70}`),
	rapid.StringMatching(`[0-9a-f]{64}`),
	rapid.StringMatching(`[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}`),
	rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
	rapid.StringMatching(`[0-9a-f:]{2,20}`),
	rapid.SampledFrom([]string{"", "SUCCESS", "success", "Success", "user.session.start", "User.Session.Start", "1.2.3", "1.2.3.4.", "01.2.3.4",
		"256.1.1.1", "2001:db8::1", "2001:DB8::1", "::ffff:1.2.3.4", "::", "fe80::1%eth0", "0F6A2F0E-3A52-4A7E-9A57-0D6F3B6A9D11", "ada@example.com"}),
	rapid.Map(rapid.SampledFrom(event.Types()), func(t event.TypeInfo) string { return t.Name }),
	rapid.Map(rapid.IntRange(0, 1200), func(n int) string { return fmt.Sprintf("%0*d", n, 7) }),
)

func TestTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(texts).Draw(t, "texts")
		var b []byte
		for _, s := range list {
			n := len(b)
			b = appendText(b, s)
			if len(b)-n > len(s)+3 {
				t.Fatalf("%q takes %d bytes", s, len(b)-n)
			}
		}
		r := reader{string(b)}
		for _, s := range list {
			if got := unpackText(r.text()); got != s {
				t.Fatalf("%q became %q", s, got)
			}
		}
		if len(r.rest) > 0 {
			t.Fatalf("%d bytes are left", len(r.rest))
		}
	})
}

// TestPack packs rows of any shape.
func TestPack(t *testing.T) {
	lists := rapid.SliceOfN(rapid.SliceOfN(texts, 0, 3), 0, 5)
	times := rapid.OneOf(rapid.Int64(), rapid.Map(rapid.Int64Range(-1e12, 1e12), func(n int64) int64 { return n * 1e6 }))
	rapid.Check(t, func(t *rapid.T) {
		s := &Spec{Kind: Sequence, Steps: 256, Length: time.Hour, Quiet: time.Hour, Episode: 24 * time.Hour}
		w := New()
		w.SetHead(Head{Rule: [16]byte{1, 2}, Group: rapid.SliceOf(texts).Draw(t, "group"), Length: s.Length, Quiet: s.Quiet})
		for range rapid.IntRange(0, 6).Draw(t, "rows") {
			o := Observation{ID: texts.Draw(t, "id"), Time: times.Draw(t, "time"), Step: int(rapid.Byte().Draw(t, "step")),
				Columns: lists.Draw(t, "columns"), Type: texts.Draw(t, "type"), IP: texts.Draw(t, "ip"), Result: texts.Draw(t, "result"),
				Origin: event.Origin{Topic: texts.Draw(t, "topic"), Partition: rapid.Int32().Draw(t, "partition"), Offset: rapid.Int64().Draw(t, "offset"),
					Index: rapid.Int32().Draw(t, "index")}}
			if rapid.Bool().Draw(t, "joins") {
				o.Join = rapid.SliceOfN(texts, 0, 3).Draw(t, "join")
			}
			s.Observe(w, &o, func() string { return "" }, false, NoClock)
		}
		u := repack(t, w)
		want, _ := w.Head()
		if head, ok := u.Head(); !ok || !head.equal(&want) {
			t.Fatalf("head %+v became %+v", want, head)
		}
		checkSize(t, u)
	})
}

// TestSize shows what a window of a usual rule takes: two device hashes of a session within an hour.
func TestSize(t *testing.T) {
	w := New()
	w.SetHead(Head{Rule: [16]byte{1}, Group: []string{"ada.lovelace@example.com", "102bZDNFfWaQSyEZQuDgWt-uQ"}, Length: time.Hour, Quiet: time.Hour, Lateness: time.Minute})
	s := &Spec{Kind: Distinct, Length: time.Hour, Quiet: time.Hour, Episode: 24 * time.Hour, Distinct: []Column{{Threshold: 3}}}
	sizes := []int{len(w.AppendPacked(nil))}
	for i, hash := range []string{"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"} {
		s.Observe(w, &Observation{ID: fmt.Sprintf("0f6a2f0e-3a52-4a7e-9a57-0d6f3b6a9d1%d", i), Time: 1767225600123e6 + int64(i)*60e9,
			Columns: [][]string{{hash}}, Type: "policy.evaluate_sign_on", IP: "203.0.113.77", Result: "ALLOW",
			Origin: event.Origin{Topic: "okta.system-log", Partition: 3, Offset: 123_456 + int64(i)}}, func() string { return "" }, false, NoClock)
		sizes = append(sizes, len(w.AppendPacked(nil)))
	}
	if key, first, second := sizes[0], sizes[1]-sizes[0], sizes[2]-sizes[1]; key != 56 || first != 74 || second != 71 {
		t.Errorf("the key takes %d bytes, the first row %d, the second %d", key, first, second)
	}
	if slack := w.Size() - sizes[2]; slack < 0 || slack > 20 {
		t.Errorf("Size is %d more than it takes", slack)
	}
}

// TestEntry: an observation is written to the changelog as its row is.
func TestEntry(t *testing.T) {
	lists := rapid.SliceOfN(rapid.SliceOfN(texts, 0, 3), 0, 5)
	rapid.Check(t, func(t *rapid.T) {
		d := new(Dictionary)
		o := Observation{ID: texts.Draw(t, "id"), Time: rapid.Int64().Draw(t, "time"), Columns: lists.Draw(t, "columns"),
			Join: rapid.SliceOfN(texts, 0, 2).Draw(t, "join"), Type: texts.Draw(t, "type"), IP: texts.Draw(t, "ip"), Result: texts.Draw(t, "result"),
			Origin: event.Origin{Topic: texts.Draw(t, "topic"), Partition: rapid.Int32().Draw(t, "partition"), Offset: rapid.Int64().Draw(t, "offset"),
				Index: rapid.Int32().Draw(t, "index")}}
		r := d.rowOf(&o, int(rapid.Byte().Draw(t, "step")))
		want := string(d.appendValue(r.appendItem(nil), r))
		if e := d.entryOf(&o); string(e.text) != want || string(e.text[:e.item]) != r.item() {
			t.Fatalf("entry %q, item of %d bytes; that of the row is %q", e.text, e.item, want)
		}
	})
}

// TestSharedObservation: what one window has made of an observation serves another of the same Dictionary and step, and
// no other.
func TestSharedObservation(t *testing.T) {
	d := new(Dictionary)
	d.appendTopic(nil, "a topic before")
	o := Observation{ID: "x", Time: 5, Step: 2, Columns: [][]string{{"v"}}, Origin: event.Origin{Topic: "t"}}
	count := &Spec{Kind: Count, Threshold: 1, Length: time.Hour, Quiet: time.Hour, Episode: 24 * time.Hour}
	some := &Spec{Kind: Unordered, Steps: 3, Threshold: 1, Length: time.Hour, Quiet: time.Hour, Episode: 24 * time.Hour}
	for i, c := range []struct {
		w    *Window
		s    *Spec
		step int
	}{{d.New(), some, 2}, {d.New(), some, 2}, {d.New(), count, 0}, {New(), some, 2}, {d.New(), some, 2}} {
		_, fired := c.s.Observe(c.w, &o, func() string { return "" }, false, NoClock)
		if len(fired) != 1 {
			t.Fatalf("window %d fired %d times", i, len(fired))
		}
		if got := fired[0].Content.First[0]; got.Step != c.step || got.ID != "x" || got.Origin.Topic != "t" || got.Columns[0][0] != "v" {
			t.Errorf("window %d keeps %+v", i, got)
		}
	}
}
