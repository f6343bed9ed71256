package offline

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string // "line data", "line !" for what is not JSON
	}{
		"lines":          {"{\"a\":1}\n\n{\"a\":2}", []string{"1 {\"a\":1}", "3 {\"a\":2}"}},
		"pretty":         {"{\n \"a\": [\n1,\n2]\n}\n{\"b\":1}\n", []string{"1 {\"a\":[1,2]}", "6 {\"b\":1}"}},
		"array of lines": {"[\n{\"a\":1},\n{\"a\":2}\n]", []string{"1 [{\"a\":1},{\"a\":2}]"}},
		"broken line":    {"{\"a\":1}\n{\"a\":\n{\"a\":3}\n", []string{"1 {\"a\":1}", "2 !", "3 {\"a\":3}"}},
		"cut in text":    {"{\"a\":\"x\n{\"a\":3}\n", []string{"1 !", "2 {\"a\":3}"}},
		"garbage":        {"hello\n{\"a\":3}", []string{"1 !", "2 {\"a\":3}"}},
		"extra bracket":  {"}\n{\"a\":3}", []string{"1 !", "2 {\"a\":3}"}},
		"byte order":     {"\xef\xbb\xbf{\"a\":1}", []string{"1 {\"a\":1}"}},
		"empty":          {"", nil},
		"crlf":           {"{\"a\":1}\r\n{\"a\":2}\r\n", []string{"1 {\"a\":1}", "2 {\"a\":2}"}},
		"unfinished":     {"{\"a\":[1,", []string{"1 !"}},
		"concatenated":   {"{\"a\":1}{\"a\":2} [3]\n{\"a\":4}", []string{"1 {\"a\":1}", "1 {\"a\":2}", "1 [3]", "2 {\"a\":4}"}},
		"joined pretty":  {"{\n\"a\":1\n}{\n\"a\":2}{\n}\n", []string{"1 {\"a\":1}", "3 {\"a\":2}", "4 {}"}},
		"one broken":     {"{\"a\":1}{\"a\" 2}{\"a\":3}\n{\"a\":4}", []string{"1 {\"a\":1}", "1 !", "1 {\"a\":3}", "2 {\"a\":4}"}},
		"cut at joined":  {"{\"a\":\n{\"a\":1}{\"a\":2}\n", []string{"1 !", "2 {\"a\":1}", "2 {\"a\":2}"}},
		"not joined":     {"{\"a\":1} x {\"a\":2}\n{\"a\":1},{\"a\":2}\n{\"a\":\"}{\"}\n", []string{"1 !", "2 !", "3 {\"a\":\"}{\"}"}},
		"escaped quote":  {`{"a":"\"{"}` + "\n", []string{`1 {"a":"\"{"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			s := newSplitter(strings.NewReader(c.in))
			for {
				r, err := s.next()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				text := "!"
				if r.err == nil {
					text = string(bytes.Join(bytes.Fields(r.data), nil))
				}
				got = append(got, string(rune('0'+r.line))+" "+text)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSplitFramed(t *testing.T) {
	frame := "\x00\x00\x00\x00\x07{\"a\":\n1}"
	r, err := newSplitter(strings.NewReader(frame)).next()
	if err != nil || string(r.data) != frame {
		t.Fatalf("%q, %v", r.data, err)
	}
}

// A line of very many documents takes time in proportion to its length.
func TestSplitLongLine(t *testing.T) {
	const n = 200_000
	s := newSplitter(strings.NewReader(strings.Repeat(`{"a":[1]}`, n)))
	for i := range n {
		if r, err := s.next(); err != nil || r.err != nil || r.line != 1 {
			t.Fatal(i, r, err)
		}
	}
	if _, err := s.next(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte("{\"a\":1}\n{\"b\":\n2}\n[1,\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := newSplitter(bytes.NewReader(data))
		for range len(data) + 2 {
			if _, err := s.next(); err != nil {
				return
			}
		}
		t.Fatal("more records than bytes")
	})
}
