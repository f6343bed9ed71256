package document

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

func gzipped(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func zlibbed(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	io.WriteString(w, s)
	w.Close()
	return b.String()
}

func zstandard(s string) string {
	w, _ := zstd.NewWriter(nil)
	return string(w.EncodeAll([]byte(s), nil))
}

func written(e encoding.Encoding, s string) string {
	b, err := e.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return b
}

// bzipped is two lines of JSON, packed by bzip2: its library only reads.
const bzipped = "QlpoOTFBWSZTWSKd4ukAAAZZgAAQEAAwECAAAAogADEMCBKAeonCJoaL4u5IpwoSBFO8XSA="

func TestPacked(t *testing.T) {
	const text = "{\"a\":\"é\"}\n{\"a\":2}\n"
	want := []string{`1 {"a":"é"}`, `2 {"a":2}`}
	for name, in := range map[string]string{
		"gzip": gzipped(text), "gzip in members": gzipped(text[:7]) + gzipped(text[7:]), "zstd": zstandard(text), "zlib": zlibbed(text),
		"zstd in gzip": gzipped(zstandard(text)), "gzip in gzip": gzipped(gzipped(text)),
		"UTF-8 with a mark":       "\xef\xbb\xbf" + text,
		"UTF-16, little":          written(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), text),
		"UTF-16, big":             written(unicode.UTF16(unicode.BigEndian, unicode.UseBOM), text),
		"UTF-16, little, no mark": written(unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), text),
		"UTF-16, big, no mark":    written(unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), text),
		"UTF-32":                  written(utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), text),
		"UTF-16 in gzip":          gzipped(written(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), text)),
	} {
		if diff := cmp.Diff(want, all(t, NewReader(strings.NewReader(in)))); diff != "" {
			t.Error(name, diff)
		}
		var r Reader // keeps its tools
		for range 2 {
			r.Reset([]byte(in), 1<<20)
			if diff := cmp.Diff(want, all(t, &r)); diff != "" {
				t.Error(name, "as a record", diff)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"PK\x03\x04\x14\x00", "zip"}, {"\xfd7zXZ\x00\x00", "xz"}, {"\x04\x22\x4d\x18xx", "lz4"}, {"PAR1\x15\x04", "Parquet"}, {"Obj\x01\x04", "Avro container"},
		{gzipped("PAR1xxxx"), "Parquet"},
	} {
		_, err := value(c.in).Next()
		var refused *Refused
		if !errors.As(err, &refused) || refused.Form != c.want {
			t.Errorf("%q: %v, want %s", c.in, err, c.want)
		}
	}
	for name, in := range map[string]string{
		"cut": gzipped(`{"a":1}`)[:20], "header only": "\x1f\x8b", "wrong sum": strings.Replace(gzipped(`{"a":1}`), "\x00\x00\x00\x00", "\x01\x00\x00\x00", 1) + "x",
		"cut zstd": zstandard(strings.Repeat("abc", 100))[:12], "deep": gzipped(gzipped(gzipped(gzipped(gzipped("{}"))))),
	} {
		r := value(in)
		var err error
		for i := 0; err == nil && i < 3; i++ {
			_, err = r.Next()
		}
		if err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is packed small and large inside does not fill the memory.
func TestBomb(t *testing.T) {
	bomb := strings.Repeat(" ", 2<<20) + "{}"
	for name, in := range map[string]string{"gzip": gzipped(bomb), "zstd": zstandard(bomb), "zlib": zlibbed(bomb), "twice": gzipped(gzipped(bomb))} {
		r := value(in)
		_, err := r.Next()
		if err == nil || !strings.Contains(err.Error(), "more than 1048576 bytes") {
			t.Errorf("%s: %v", name, err)
		}
		if cap(r.buf) > 2<<20 {
			t.Errorf("%s: %d bytes are held", name, cap(r.buf))
		}
	}
}

func TestBzip2(t *testing.T) {
	b, err := base64.StdEncoding.DecodeString(bzipped)
	if err != nil {
		t.Fatal(err)
	}
	if got := all(t, value(string(b))); len(got) != 2 {
		t.Error(got)
	}
}
