package document

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"oktastream/rules/event"
)

// table is the CSV export of the admin console: its columns are the paths of a LogEvent with names in snake case, and
// timestamp for published. Columns target0.id, target1.id … are the elements of target. Tables with a column _raw, as
// Splunk exports them, are read as well.
type table struct {
	rows    *csv.Reader
	row     *rowLimit
	columns [][]string
	n       int // rows so far
}

// findTable recognises a table by its header. Anything else is left as it is.
func (r *Reader) findTable() error {
	c, ok := r.peek()
	if !ok || c != '"' && c != '_' && !unicode.IsLetter(rune(c)) {
		return nil
	}
	line := bytes.TrimRight(r.lineAhead(), "\r")
	if len(line) > 64<<10 {
		return nil
	}
	for _, comma := range ",;\t" {
		header := csv.NewReader(bytes.NewReader(line))
		header.Comma = comma
		names, err := header.Read()
		if err != nil || !slices.ContainsFunc(names, isEventColumn) {
			continue
		}
		t := &table{row: &rowLimit{in: r.remaining()}}
		t.rows = csv.NewReader(t.row)
		t.rows.Comma, t.rows.FieldsPerRecord, t.rows.ReuseRecord = comma, -1, true
		for _, name := range names {
			t.columns = append(t.columns, column(name))
		}
		if _, err := t.rows.Read(); err != nil {
			return err // it could be read a moment ago
		}
		r.table = t
		return nil
	}
	return nil
}

func isEventColumn(name string) bool {
	switch strings.ToLower(strings.ReplaceAll(strings.TrimSpace(name), "_", "")) {
	case "eventtype", "raw":
		return true
	}
	return false
}

// column is the path of a column, in Okta's spelling.
func column(name string) []string {
	path := strings.Split(strings.TrimSpace(name), ".")
	for i := range path {
		path[i] = event.Camel(path[i])
		if n, err := strconv.Atoi(path[i]); err == nil {
			path[i] = strconv.Itoa(n)
		}
	}
	if len(path) == 1 && strings.EqualFold(path[0], "timestamp") {
		return []string{"published"}
	}
	first := strings.NewReplacer("[", "", "]", "").Replace(path[0])
	if number, ok := strings.CutPrefix(first, "target"); ok && number != "" {
		if n, err := strconv.Atoi(number); err == nil {
			return append([]string{"target", strconv.Itoa(n)}, path[1:]...)
		}
	}
	return path
}

func (t *table) next() (Document, error) {
	t.row.left = MaxSize
	cells, err := t.rows.Read()
	d := Document{Record: t.n, Row: true}
	var wrong *csv.ParseError
	switch {
	case errors.As(err, &wrong):
		d.Line, d.Err = wrong.StartLine, wrong.Err
	case err != nil:
		return Document{}, err
	case len(cells) > len(t.columns):
		d.Line, _ = t.rows.FieldPos(0)
		d.Err = fmt.Errorf("a row of %d cells under a header of %d", len(cells), len(t.columns))
	default:
		d.Line, _ = t.rows.FieldPos(0)
		d.Data = t.object(cells)
	}
	if d.Err != nil {
		d.Data = []byte(strings.Join(cells, string(t.rows.Comma)))
	}
	t.n++
	return d, nil
}

type tree = map[string]any

// object is the row as a JSON object. Empty cells are left out.
func (t *table) object(cells []string) []byte {
	root := tree{}
	for i, cell := range cells {
		path := t.columns[i]
		at := root
		for _, name := range path[:len(path)-1] {
			below, ok := at[name].(tree)
			if !ok {
				below = tree{}
				at[name] = below
			}
			at = below
		}
		last := path[len(path)-1]
		if _, ok := at[last].(tree); !ok && cell != "" {
			at[last] = typed(path, cell)
		}
	}
	b, err := json.Marshal(lists(root))
	if err != nil {
		panic(err) // only maps, slices, strings and JSON that was checked
	}
	return b
}

// typed gives a cell the type that its field has in a LogEvent. debugData holds texts, also where they are JSON.
func typed(path []string, cell string) any {
	last := path[len(path)-1]
	switch last {
	case "isProxy", "managed", "registered", "secureHardwarePresent":
		if cell = strings.ToLower(cell); cell == "true" || cell == "false" {
			return cell == "true"
		}
	case "asNumber", "lat", "lon", "authenticationStep":
		if json.Valid([]byte(cell)) {
			if _, err := strconv.ParseFloat(cell, 64); err == nil {
				return json.Number(cell)
			}
		}
	default:
		if (cell[0] == '{' || cell[0] == '[') && !slices.Contains(path[:len(path)-1], "debugData") && last != "raw" && json.Valid([]byte(cell)) {
			return json.RawMessage(cell)
		}
	}
	return cell
}

// lists makes lists of the objects whose names are numbers, and leaves out what is empty.
func lists(v any) any {
	t, ok := v.(tree)
	if !ok {
		return v
	}
	numbers := make([]int, 0, len(t))
	for name, below := range t {
		below = lists(below)
		t[name] = below
		if empty(below) {
			delete(t, name)
			continue
		}
		if n, err := strconv.Atoi(name); err == nil {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) == 0 || len(numbers) < len(t) {
		return t
	}
	slices.Sort(numbers)
	list := []any{}
	for _, n := range numbers {
		list = append(list, t[strconv.Itoa(n)])
	}
	return list
}

func empty(v any) bool {
	switch v := v.(type) {
	case tree:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

// rowLimit keeps a quote that is never closed from filling the memory.
type rowLimit struct {
	in   io.Reader
	left int
}

func (l *rowLimit) Read(b []byte) (int, error) {
	if l.left < 0 {
		return 0, fmt.Errorf("a row longer than %d bytes", MaxSize)
	}
	n, err := l.in.Read(b)
	l.left -= n
	return n, err
}
