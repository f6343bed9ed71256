package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// all cuts everything that r holds, as "line data", with ! for an error of the document and [] around elements of a page.
func all(t interface{ Fatal(...any) }, r *Reader) (out []string) {
	for range 1 << 20 {
		d, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		text := string(bytes.Join(bytes.Fields(d.Data), nil))
		switch {
		case d.Err != nil:
			text = "! " + text
		case !json.Valid(d.Data):
			text = "? " + text
		}
		if d.Element {
			text = "[" + text + "]"
		}
		out = append(out, fmt.Sprint(d.Line, " ", text))
	}
	t.Fatal("it does not end")
	return nil
}

func value(text string) *Reader {
	var r Reader
	r.Reset([]byte(text), 1<<20)
	return &r
}

func TestDocuments(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"lines":                    {"{\"a\":1}\n\n{\"a\":2}", []string{`1 {"a":1}`, `3 {"a":2}`}},
		"pretty":                   {"{\n \"a\": [\n1,\n2]\n}\n{\"b\":1}\n", []string{`1 {"a":[1,2]}`, `6 {"b":1}`}},
		"page of lines":            {"[\n{\"a\":1},\n{\"a\":2}\n]", []string{`2 [{"a":1}]`, `3 [{"a":2}]`}},
		"page":                     {`[{"a":1},2,"x",[3],null]`, []string{`1 [{"a":1}]`, `1 [2]`, `1 ["x"]`, `1 [[3]]`, `1 [null]`}},
		"pages":                    {`[{"a":1}] [] [{"a":2}]`, []string{`1 [{"a":1}]`, `1 []`, `1 [{"a":2}]`}},
		"page with a bad element":  {`[{"a":1},{"a" 2},{"a":3}]`, []string{`1 [{"a":1}]`, `1 [? {"a"2}]`, `1 [{"a":3}]`}},
		"page cut in an element":   {`[{"a":1},{"a":`, []string{`1 [{"a":1}]`, `1 [? {"a":]`, `1 [! ]`}},
		"page cut between":         {`[{"a":1},`, []string{`1 [{"a":1}]`, `1 [! ]`}},
		"list inside on lines":     {"{\"e\":[\n{\"a\":1},\n{\"a\":2}\n]}\n{\"b\":1}", []string{`1 {"e":[{"a":1},{"a":2}]}`, `5 {"b":1}`}},
		"list inside cut":          {"{\"e\":[\n{\"a\":1}\n{\"b\":1}", []string{`1 ? {"e":[{"a":1}`, `3 {"b":1}`}},
		"broken line":              {"{\"a\":1}\n{\"a\":\n{\"a\":3}\n", []string{`1 {"a":1}`, `2 ? {"a":`, `3 {"a":3}`}},
		"value on the next line":   {"{\"a\":\n{\n\"b\":1}}\n", []string{`1 {"a":{"b":1}}`}},
		"cut behind a member":      {"{\"a\":1,\n{\"a\":3", []string{`1 ? {"a":1,`, `2 ? {"a":3`}},
		"cut in a text":            {"{\"a\":\"x\n{\"a\":3}\n", []string{`1 ? {"a":"x`, `2 {"a":3}`}},
		"garbage":                  {"hello\n{\"a\":3}", []string{`1 ? hello`, `2 {"a":3}`}},
		"garbage between":          {`{"a":1} x {"a":2}`, []string{`1 {"a":1}`, `1 ? x`, `1 {"a":2}`}},
		"extra bracket":            {"}\n{\"a\":3}", []string{`1 ? }`, `2 {"a":3}`}},
		"extra bracket behind":     {`{"a":1}}{"a":3}`, []string{`1 {"a":1}`, `1 ? }`, `1 {"a":3}`}},
		"byte order mark":          {"\xef\xbb\xbf{\"a\":1}", []string{`1 {"a":1}`}},
		"empty":                    {"", nil},
		"blanks":                   {" \r\n\t\n", nil},
		"crlf":                     {"{\"a\":1}\r\n{\"a\":2}\r\n", []string{`1 {"a":1}`, `2 {"a":2}`}},
		"unfinished":               {`{"a":[1,`, []string{`1 ? {"a":[1,`}},
		"without anything between": {"{\"a\":1}{\"a\":2} [3]\n{\"a\":4}", []string{`1 {"a":1}`, `1 {"a":2}`, `1 [3]`, `2 {"a":4}`}},
		"joined pretty":            {"{\n\"a\":1\n}{\n\"a\":2}{\n}\n", []string{`1 {"a":1}`, `3 {"a":2}`, `4 {}`}},
		"one broken":               {"{\"a\":1}{\"a\" 2}{\"a\":3}\n{\"a\":4}", []string{`1 {"a":1}`, `1 ? {"a"2}`, `1 {"a":3}`, `2 {"a":4}`}},
		"commas":                   {"{\"a\":1},\n{\"a\":2},{\"a\":\"}{\"}\n", []string{`1 {"a":1}`, `2 {"a":2}`, `2 {"a":"}{"}`}},
		"escaped quote":            {`{"a":"\"{"}` + "\n", []string{`1 {"a":"\"{"}`}},
		"texts":                    {`"{}" "x\"y"` + "\n\"cut\n{}", []string{`1 "{}"`, `1 "x\"y"`, `2 ? "cut`, `3 {}`}},
		"JSON text sequence":       {"\x1e{\"a\":1}\n\x1e{\"a\":2}\n", []string{`1 {"a":1}`, `2 {"a":2}`}},
		"syslog":                   {"<134>1 2026-01-10T09:00:00Z h okta - - [x y=\"z\"] {\"a\":1}\n<14>Jan 10 h okta: {\"a\":2}\n<b>x</b>\n", []string{`1 {"a":1}`, `2 {"a":2}`, `3 ? <b>x</b>`}},
		"scalars":                  {"1\nnull true\n", []string{`1 1`, `2 ? nulltrue`}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, all(t, NewReader(strings.NewReader(c.in)))); diff != "" {
				t.Error("file", diff)
			}
			if diff := cmp.Diff(c.want, all(t, NewReader(iotest.OneByteReader(strings.NewReader(c.in))))); diff != "" {
				t.Error("byte by byte", diff)
			}
			if diff := cmp.Diff(c.want, all(t, value(c.in))); diff != "" {
				t.Error("record", diff)
			}
		})
	}
}

// Records are numbered, and the elements of a page have one number.
func TestRecordNumbers(t *testing.T) {
	r := value(`{} [1,2] [] [3] {}`)
	var got []int
	for {
		d, err := r.Next()
		if err != nil {
			break
		}
		got = append(got, d.Record)
	}
	if diff := cmp.Diff([]int{0, 1, 1, 2, 3, 4}, got); diff != "" {
		t.Error(diff)
	}
}

// A framed value is one document, whatever is in it.
func TestFramed(t *testing.T) {
	const frame = "\x00\x00\x00\x00\x07{\"a\":\n1}"
	for name, r := range map[string]*Reader{"file": NewReader(strings.NewReader(frame)), "record": value(frame)} {
		d, err := r.Next()
		if err != nil || string(d.Data) != frame {
			t.Fatalf("%s: %q, %v", name, d.Data, err)
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever documents stand behind each other, on lines or not, each is found, and a broken one costs itself only.
func TestNeighbours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		object := rapid.SampledFrom([]string{`{"a":1}`, `{"a":{"b":["}",{}]}}`, `{}`, "{\n\"a\": [\n{},\n{}\n]\n}", `{"a":"\\\""}`})
		broken := rapid.SampledFrom([]string{`{"a":`, `{"a"`, `{"a":{"b":1`, `{"a":[1,`, `{"a":[{}`, `}`, `]`, `x`, `{"a":"x`, `{"a" 1}`, `"x`, `{"a":1,`})
		var text strings.Builder
		var want []string
		for range rapid.IntRange(1, 8).Draw(t, "documents") {
			if rapid.Bool().Draw(t, "broken") {
				text.WriteString(broken.Draw(t, "text") + "\n")
				continue
			}
			d := object.Draw(t, "text")
			text.WriteString(d + rapid.SampledFrom([]string{"\n", "", " ", ",\n", "\r\n"}).Draw(t, "between"))
			want = append(want, strings.Join(strings.Fields(d), ""))
			if !strings.HasSuffix(text.String(), "\n") && rapid.Bool().Draw(t, "line") {
				text.WriteString("\n")
			}
		}
		// A line that is cut where a list or a member may go on takes what follows for that.
		if strings.Contains(text.String(), `{"a":[1,`) || strings.Contains(text.String(), "{\"a\":\n{\n") {
			return
		}
		// Two broken ones may be whole together, so there may be more than what was meant.
		missing := want
		for _, d := range all(t, value(text.String())) {
			if len(missing) > 0 && d[strings.Index(d, " ")+1:] == missing[0] {
				missing = missing[1:]
			}
		}
		if len(missing) > 0 {
			t.Fatalf("%q: not found: %q", text.String(), missing)
		}
	})
}

// Documents on one long line cost each their own length, and only one of them is held.
func TestLongLine(t *testing.T) {
	const n = 200_000
	r := NewReader(strings.NewReader(strings.Repeat(`{"a":[1]}`, n)))
	for i := range n {
		if d, err := r.Next(); err != nil || d.Line != 1 || d.Record != i {
			t.Fatal(i, d, err)
		}
		if cap(r.buf) > 8*chunk {
			t.Fatalf("%d bytes are held at document %d", cap(r.buf), i)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

// A page of any length is read element by element.
func TestLongPageIsNotHeld(t *testing.T) {
	element := `{"a":"` + strings.Repeat("x", 1000) + "\"},\n"
	r := NewReader(io.MultiReader(strings.NewReader("["), io.LimitReader(&repeat{text: element}, int64(len(element))*50_000), strings.NewReader("{}]")))
	n := 0
	for {
		_, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		n++
		if cap(r.buf) > 8*chunk {
			t.Fatalf("%d bytes are held at element %d", cap(r.buf), n)
		}
	}
	if n != 50_001 {
		t.Errorf("%d elements", n)
	}
}

// repeat reads a text without end.
type repeat struct {
	text string
	at   int
}

func (r *repeat) Read(b []byte) (int, error) {
	n := copy(b, r.text[r.at:])
	r.at = (r.at + n) % len(r.text)
	return n, nil
}

func TestReaderFails(t *testing.T) {
	broken := errors.New("the disk is gone")
	r := NewReader(io.MultiReader(strings.NewReader(`{"a":1}{"a":`), iotest.ErrReader(broken)))
	if d, err := r.Next(); err != nil || string(d.Data) != `{"a":1}` {
		t.Fatal(d, err)
	}
	var err error
	for range 2 {
		_, err = r.Next()
	}
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

func FuzzDocuments(f *testing.F) {
	for _, s := range []string{"{\"a\":1}\n{\"b\":\n2}\n[1,\n", "[{},{", "<1>{", "\x1e\x00", "event_type,a\nx,\"", "\x1f\x8b", "\xff\xfe{\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, r := range []*Reader{NewReader(bytes.NewReader(data)), value(string(data))} {
			for i := 0; ; i++ {
				if _, err := r.Next(); err != nil {
					break
				}
				if i > len(data)+(1<<20) {
					t.Fatal("more documents than bytes")
				}
			}
		}
	})
}
