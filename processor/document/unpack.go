package document

import (
	"bytes"
	"compress/bzip2"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// maxPackings is how often a text may be packed in itself.
const maxPackings = 4

// Windows of zstd: what a file may ask for is what its command line's --long does, a record a tenth of that.
const fileWindow, recordWindow = 128 << 20, 16 << 20

// tools are kept from one packed record to the next, because they are dear to make.
type tools struct {
	limit int64 // how much may be unpacked; 0 is no limit
	gzip  *gzip.Reader
	zstd  *zstd.Decoder
}

// packings are told by their first bytes, not by a file's name. Those without an opener are refused by name.
func (t *tools) packings() []packing {
	return []packing{
		{"gzip", "\x1f\x8b", t.openGzip},
		{"zstd", "\x28\xb5\x2f\xfd", t.openZstd},
		{"bzip2", "BZh", func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
		{"zlib", "\x78\x01", openZlib}, {"zlib", "\x78\x9c", openZlib}, {"zlib", "\x78\xda", openZlib},
		{"xz", "\xfd7zXZ\x00", nil}, {"lz4", "\x04\x22\x4d\x18", nil}, {"Snappy", "\xff\x06\x00\x00sNaPpY", nil}, {"Snappy", "\x82SNAPPY\x00", nil},
		{"zip", "PK\x03\x04", nil}, {"7-Zip", "7z\xbc\xaf\x27\x1c", nil}, {"Parquet", "PAR1", nil}, {"ORC", "ORC", nil}, {"Avro container", "Obj\x01", nil},
	}
}

type packing struct {
	name, magic string
	open        func(io.Reader) (io.Reader, error)
}

func (t *tools) openGzip(r io.Reader) (io.Reader, error) {
	if t.gzip != nil {
		return t.gzip, t.gzip.Reset(r)
	}
	var err error
	t.gzip, err = gzip.NewReader(r)
	if err != nil {
		t.gzip = nil
		return nil, err
	}
	return t.gzip, nil
}

func (t *tools) openZstd(r io.Reader) (io.Reader, error) {
	if t.zstd != nil {
		return t.zstd, t.zstd.Reset(r)
	}
	window := uint64(fileWindow)
	if t.limit > 0 {
		window = recordWindow
	}
	var err error
	t.zstd, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
	return t.zstd, err
}

func openZlib(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }

// Refused is the error for a form that is recognised and not read.
type Refused struct{ Form string }

func (e *Refused) Error() string {
	return "packed as " + e.Form + ", which is not read: unpack it first"
}

// begin takes off what the text is packed in and finds out how it is written.
func (r *Reader) begin() error {
	own := &r.tools
	for range maxPackings {
		p, ok := r.packing(own)
		if !ok {
			r.decode()
			return r.findTable()
		}
		if p.open == nil {
			return &Refused{p.name}
		}
		in, err := p.open(r.remaining())
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		r.read(&unpacked{in: in, form: p.name, limit: r.tools.limit, spent: &r.spent})
		own = &tools{limit: r.tools.limit} // what is packed twice needs two of each
	}
	return fmt.Errorf("packed more than %d times", maxPackings)
}

func (r *Reader) packing(t *tools) (packing, bool) {
	const longest = 10
	head := r.head(longest)
	if len(head) == 0 || head[0] == '{' || head[0] == '[' {
		return packing{}, false
	}
	for _, p := range t.packings() {
		if bytes.HasPrefix(head, []byte(p.magic)) {
			return p, true
		}
	}
	return packing{}, false
}

// decode makes UTF-8 of the text and takes a byte order mark off.
func (r *Reader) decode() {
	head := r.head(4)
	var e encoding.Encoding
	n := 0
	text := func(i int) bool {
		return i < len(head) && (head[i] >= ' ' && head[i] < 0x7f || head[i] == '\n' || head[i] == '\r' || head[i] == '\t')
	}
	zero := func(i int) bool { return i < len(head) && head[i] == 0 }
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		n = 3
	case bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")):
		e, n = utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), 4
	case bytes.HasPrefix(head, []byte("\x00\x00\xfe\xff")):
		e, n = utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), 4
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		e, n = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), 2
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		e, n = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), 2
	case text(0) && zero(1) && text(2) && zero(3):
		e = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case zero(0) && (text(1) && (head[1] == '{' || head[1] == '[')) && zero(2) && text(3): // no schema has such a number
		e = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	r.at += n
	r.from = r.at
	if e != nil {
		r.read(e.NewDecoder().Reader(r.remaining()))
	}
}

// remaining is what has not been cut yet.
func (r *Reader) remaining() io.Reader {
	if r.in == nil {
		return bytes.NewReader(r.buf[r.at:])
	}
	return io.MultiReader(bytes.NewReader(r.buf[r.at:]), r.in)
}

// read goes on with in.
func (r *Reader) read(in io.Reader) { r.in, r.buf, r.at, r.from, r.fixed = in, nil, 0, 0, false }

// head is the next n bytes, or what there is of them.
func (r *Reader) head(n int) []byte {
	for len(r.buf)-r.at < n && r.fill() {
	}
	return r.buf[r.at:min(len(r.buf), r.at+n)]
}

// unpacked reads what a packing holds, and no more than it may.
type unpacked struct {
	in    io.Reader
	form  string
	limit int64 // 0: any number
	spent *int64
}

func (u *unpacked) Read(b []byte) (int, error) {
	n, err := u.in.Read(b)
	if *u.spent += int64(n); u.limit > 0 && *u.spent > u.limit {
		return 0, fmt.Errorf("%s: unpacks to more than %d bytes", u.form, u.limit)
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s: %w", u.form, err)
	}
	return n, err
}
