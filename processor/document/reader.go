package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
)

// MaxSize is the size in bytes above which a document is refused; it keeps a file without line ends from filling the
// memory.
const MaxSize = 256 << 20

// Document is the text of one document, or what stands where one was expected.
type Document struct {
	Data    []byte // valid until the next call of Next
	Line    int    // where it begins, from 1, in the unpacked text
	Record  int    // its number, from 0; the elements of a page have the number of the page
	Element bool   // of a page, which is an array that is not inside anything
	Row     bool   // of a table, made a JSON object
	Err     error  // Data is no whole document; the reason
}

// Reader cuts a text into documents: they may stand one on a line, spread over several lines, follow each other without
// anything between them, or be the elements of an array. A text that begins with a byte of a binary frame is one document.
//
// A document ends where its brackets close. One that cannot be ends where a line shows that: inside a text, or before an
// object or array that cannot stand there. It is Okta's habit and everybody's to write one event on a line, so what begins
// a line is worth more than brackets that were left open.
type Reader struct {
	in    io.Reader // what has not been read; nil at the end
	tools tools
	buf   []byte
	from  int // in buf, where the document at hand begins
	at    int // in buf, the next byte
	fixed bool
	spent int64
	err   error // why in ended, unless it is io.EOF

	line     int
	record   int
	page     bool
	elements int    // of the page so far
	open     []byte // the brackets around the byte at hand
	begun    bool
	table    *table
}

// NewReader reads from r, of which it never holds more than one document.
func NewReader(r io.Reader) *Reader {
	var d Reader
	d.in, d.line = r, 1
	return &d
}

// Reset makes the reader cut value, which may unpack to limit bytes. Documents share the memory of value unless it was
// packed.
func (r *Reader) Reset(value []byte, limit int64) {
	tools := r.tools
	*r = Reader{buf: value, fixed: true, line: 1, open: r.open[:0], tools: tools}
	r.tools.limit = limit
}

// Line is the line that was read last, from 1.
func (r *Reader) Line() int { return r.line }

// Unpacked is how many bytes have come out of packings so far.
func (r *Reader) Unpacked() int64 { return r.spent }

// Next returns the next document, io.EOF after the last one, or the error that ended the reading.
func (r *Reader) Next() (Document, error) {
	if !r.begun {
		r.begun = true
		if err := r.begin(); err != nil {
			return Document{}, err
		}
		if r.binary() {
			return r.rest()
		}
	}
	if r.table != nil {
		return r.table.next()
	}
	for {
		r.blanks()
		c, ok := r.peek()
		switch {
		case !ok && r.err != nil:
			return Document{}, r.err
		case !ok && r.page:
			r.page = false
			return Document{Record: r.record, Element: true, Line: r.line, Err: errors.New("the text ends inside an array")}, nil
		case !ok:
			return Document{}, io.EOF
		case c == ',': // between documents it says nothing
			r.at++
		case c == ']' && r.page:
			r.at++
			r.page = false
			r.record++
			if r.elements == 0 {
				return Document{Data: []byte("[]"), Record: r.record - 1, Line: r.line}, nil
			}
		case c == '[' && !r.page:
			r.at++
			r.page, r.elements = true, 0
		default:
			return r.document(c)
		}
	}
}

// document takes the document that begins with c.
func (r *Reader) document(c byte) (Document, error) {
	d := Document{Line: r.line, Record: r.record, Element: r.page}
	r.from = r.at
	switch c {
	case '{', '[':
		r.container()
	case '"':
		r.text()
	case '<':
		if r.syslogHeader() {
			return r.Next()
		}
		r.words()
	default:
		r.words()
	}
	d.Data = bytes.TrimRight(r.buf[r.from:r.at], " \t\r\n")
	if len(d.Data) > MaxSize {
		d.Data, d.Err = d.Data[:1<<10], fmt.Errorf("longer than %d bytes", MaxSize)
		r.dropLine()
	}
	if r.page {
		r.elements++
	} else {
		r.record++
	}
	return d, nil
}

// container passes over an object or array.
func (r *Reader) container() {
	r.open = r.open[:0]
	var last byte // that is no blank
	text := false
	for r.at-r.from <= MaxSize {
		c, ok := r.peek()
		if !ok {
			return
		}
		r.at++
		switch {
		case c == '\n':
			r.line++
			if text || r.cannotGoOn(last) {
				return
			}
			continue
		case text && c == '\\':
			if c, ok := r.peek(); ok && c != '\n' {
				r.at++
			}
			continue
		case c == '"':
			text = !text
		case text:
			r.passText()
			continue
		case c == '{' || c == '[':
			r.open = append(r.open, c)
		case c == '}' || c == ']':
			if r.open = r.open[:len(r.open)-1]; len(r.open) == 0 {
				return
			}
		case c == ' ' || c == '\t' || c == '\r':
			continue
		}
		last = c
	}
}

// passText passes over bytes inside a text that mean nothing.
func (r *Reader) passText() {
	for r.at < len(r.buf) {
		if c := r.buf[r.at]; c == '"' || c == '\\' || c == '\n' {
			return
		}
		r.at++
	}
}

// cannotGoOn reports whether the line that begins here starts a document of its own, although brackets are open: it begins
// with an object or array that cannot stand behind last. Behind a colon it could, but so does a line that was cut there;
// then a whole object on one line is taken for an event.
func (r *Reader) cannotGoOn(last byte) bool {
	c, ok := r.peek()
	if !ok || c != '{' && c != '[' {
		return false
	}
	switch inside := r.open[len(r.open)-1]; {
	case inside == '[':
		return last != '[' && last != ','
	case last != ':':
		return true
	}
	line := r.lineAhead()
	return c == '{' && json.Valid(line[:objectEnd(line)])
}

// lineAhead is the rest of the line.
func (r *Reader) lineAhead() []byte {
	for from := r.at; ; {
		if i := bytes.IndexByte(r.buf[from:], '\n'); i >= 0 {
			return r.buf[r.at : from+i]
		}
		from = len(r.buf) - r.at
		if from > MaxSize || !r.fill() {
			return r.buf[r.at:]
		}
		from += r.at
	}
}

// objectEnd is the offset behind the object that line begins with, or the length of the line.
func objectEnd(line []byte) int {
	depth, text := 0, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(line)
}

// text passes over a document that is a string.
func (r *Reader) text() {
	r.at++
	for r.at-r.from <= MaxSize {
		c, ok := r.peek()
		if !ok || c == '\n' {
			return
		}
		r.at++
		switch c {
		case '"':
			return
		case '\\':
			if c, ok := r.peek(); ok && c != '\n' {
				r.at++
			}
		}
	}
}

// words passes over what is no object, array or string: to the end of the line, to where one of these may begin, or to the
// end of an element.
func (r *Reader) words() {
	for r.at++; r.at-r.from <= MaxSize; r.at++ {
		c, ok := r.peek()
		if !ok || c == '\n' || c == '{' || c == '[' || r.page && (c == ',' || c == ']') {
			return
		}
	}
}

// syslogHeader passes over what syslog writes before a message, <134> and more, if an object follows on the line.
func (r *Reader) syslogHeader() bool {
	line := r.lineAhead()
	end := bytes.IndexByte(line, '>')
	if end < 2 || end > 4 || len(bytes.Trim(line[1:end], "0123456789")) > 0 {
		return false
	}
	i := bytes.IndexByte(line, '{')
	if i < 0 {
		return false
	}
	r.at += i
	return true
}

// recordSeparator stands before every document of a JSON text sequence (RFC 7464).
const recordSeparator = 0x1e

func (r *Reader) blanks() {
	for {
		c, ok := r.peek()
		if !ok || c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != recordSeparator {
			return
		}
		if c == '\n' {
			r.line++
		}
		r.at++
		r.from = r.at
	}
}

// dropLine passes over the rest of the line.
func (r *Reader) dropLine() {
	for {
		r.from = r.at
		c, ok := r.peek()
		if !ok {
			return
		}
		if i := bytes.IndexByte(r.buf[r.at:], '\n'); i >= 0 && c != '\n' {
			r.at += i
			return
		}
		if c == '\n' {
			return
		}
		r.at = len(r.buf)
	}
}

// binary reports whether the text begins as no text does.
func (r *Reader) binary() bool {
	c, ok := r.peek()
	return ok && c < ' ' && c != '\t' && c != '\r' && c != '\n' && c != recordSeparator
}

// rest is all that is left, as one document.
func (r *Reader) rest() (Document, error) {
	for len(r.buf) <= MaxSize && r.fill() {
	}
	d := Document{Data: r.buf, Line: 1}
	if len(d.Data) > MaxSize {
		return d, fmt.Errorf("longer than %d bytes", MaxSize)
	}
	r.at = len(r.buf)
	return d, r.err
}

func (r *Reader) peek() (byte, bool) {
	for r.at >= len(r.buf) {
		if !r.fill() {
			return 0, false
		}
	}
	return r.buf[r.at], true
}

const chunk = 64 << 10

// fill reads more, and forgets what stands before the document at hand. It reports whether there was more.
func (r *Reader) fill() bool {
	if r.in == nil {
		return false
	}
	if r.fixed { // the buffer is somebody else's
		r.buf, r.fixed = slices.Clone(r.buf), false
	}
	if r.from > 0 && len(r.buf)+chunk > cap(r.buf) {
		r.buf = r.buf[:copy(r.buf, r.buf[r.from:])]
		r.at -= r.from
		r.from = 0
	}
	r.buf = slices.Grow(r.buf, chunk)
	n, err := r.in.Read(r.buf[len(r.buf) : len(r.buf)+chunk])
	r.buf = r.buf[:len(r.buf)+n]
	if err != nil {
		r.in = nil
		if !errors.Is(err, io.EOF) {
			r.err = err
		}
	}
	return true
}
