package offline

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/goccy/go-json"
)

// MaxRecord is the size in bytes above which a record of a file is refused; it keeps a file without line ends from
// filling the memory.
const MaxRecord = 256 << 20

// splitter cuts a file into records: JSON documents that stand one on a line, spread over several lines, or follow each
// other on one line, or, for a file that begins with a zero byte, the whole file as one framed Kafka value.
type splitter struct {
	in   *bufio.Reader
	line int    // lines read so far
	rest []byte // of the last of them, behind a document that ended inside it
}

// record is one JSON document, or what stands where one was expected.
type record struct {
	line int // where it begins, from 1
	data []byte
	err  error // data is not JSON; the reason
}

func newSplitter(r io.Reader) *splitter { return &splitter{in: bufio.NewReaderSize(r, 1<<20)} }

var utf8BOM = []byte("\xef\xbb\xbf")

// next returns the next record, io.EOF after the last one, or the error of the reader.
//
// A line that is no document by itself begins one that spans lines, unless a later line shows that it was broken: an
// object cannot hold another object without a key, so a whole object that begins a line inside an unfinished one starts
// a record of its own. Only the broken part is lost.
func (s *splitter) next() (record, error) {
	var rec record
	var b brackets
	for {
		line, err := s.readLine()
		if len(rec.data) == 0 {
			if err != nil && len(line) == 0 {
				return record{}, err
			}
			if s.line == 1 {
				line = bytes.TrimPrefix(line, utf8BOM)
				if len(line) > 0 && line[0] == 0 {
					rest, err := io.ReadAll(io.LimitReader(s.in, MaxRecord))
					return record{line: 1, data: append(line, rest...)}, err
				}
			}
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			rec = record{line: s.line}
		}
		line, s.rest = b.document(line)
		rec.data = append(rec.data, line...)
		if b.depth == 0 && json.Valid(rec.data) {
			return rec, nil
		}
		if len(rec.data) > MaxRecord {
			rec.err = fmt.Errorf("record is larger than %d bytes", MaxRecord)
			return rec, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return rec, err
		}
		if err != nil || len(s.rest) > 0 || !b.open() || s.nextIsRecord(rec.data) {
			rec.err = reason(rec.data)
			return rec, nil
		}
	}
}

// readLine returns what is left of the line at hand, or else the next one.
func (s *splitter) readLine() ([]byte, error) {
	if line := s.rest; len(line) > 0 {
		s.rest = nil
		return line, nil
	}
	var line []byte
	for {
		part, err := s.in.ReadSlice('\n')
		line = append(line, part...)
		if errors.Is(err, bufio.ErrBufferFull) && len(line) <= MaxRecord {
			continue
		}
		if len(line) > 0 {
			s.line++
		}
		return line, err
	}
}

// nextIsRecord reports whether the line that follows begins a record of its own although data is an unfinished object.
func (s *splitter) nextIsRecord(data []byte) bool {
	if bytes.TrimLeft(data, " \t\r\n")[0] != '{' {
		return false
	}
	ahead, _ := s.in.Peek(1)
	if len(ahead) == 0 || ahead[0] != '{' {
		return false
	}
	for n := 4096; ; n *= 4 {
		ahead, err := s.in.Peek(n)
		i := bytes.IndexByte(ahead, '\n')
		if i < 0 && err == nil {
			continue
		}
		if i >= 0 {
			ahead = ahead[:i]
		}
		first, _ := new(brackets).document(ahead)
		return json.Valid(first)
	}
}

// brackets follows the nesting of a document that comes line by line, without looking at a byte twice.
type brackets struct {
	depth int
	bad   bool // a bracket closes that was not opened, or a line ends inside a text
}

// document returns the part of line that belongs to the document, and the rest if another document begins there. What
// follows a document and is none itself stays with it: it shows that something is wrong.
func (b *brackets) document(line []byte) (part, rest []byte) {
	text := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case text && c == '\\':
			i++
		case c == '"':
			text = !text
		case text:
		case c == '{' || c == '[':
			b.depth++
		case c == '}' || c == ']':
			b.depth--
			b.bad = b.bad || b.depth < 0
			if b.depth != 0 || b.bad {
				continue
			}
			if next := bytes.TrimLeft(line[i+1:], " \t\r"); len(next) > 0 && (next[0] == '{' || next[0] == '[') {
				return line[:i+1], next
			}
		}
	}
	b.bad = b.bad || text
	return line, nil
}

// open reports whether what was read could go on in the next line.
func (b *brackets) open() bool { return b.depth > 0 && !b.bad }

func reason(data []byte) error {
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return errors.New("not JSON")
}
