package lang

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"oktastream/rules"
	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// isPlaceholders tells the file that says, for the rules of its directory and those below, what placeholders stand for.
func isPlaceholders(name string) bool {
	return slices.Contains(placeholderFiles, path.Base(name))
}

var placeholderFiles = []string{"placeholders.yaml", "placeholders.yml"}

// listFiles reads the lists of placeholders, each once.
type listFiles struct {
	files       *source.Files
	directories map[string]*placeholderBlock
	lists       map[listKey]listResult
}

// placeholderBlock says what placeholders stand for: the option of a rule, or placeholders.yaml.
type placeholderBlock struct {
	file   string
	names  *source.Node   // a map; nil if there is none
	report *source.Report // about the file; nil for a rule's own block
}

type listKey struct{ dir, name, column string }

type listResult struct {
	file   string
	values []string
	err    error
}

func newListFiles(files *source.Files) *listFiles {
	return &listFiles{files: files, directories: map[string]*placeholderBlock{}, lists: map[listKey]listResult{}}
}

// of returns what the placeholders of a document stand for: by its own settings, else by placeholders.yaml beside it,
// else by the one in the nearest directory above that names the placeholder.
func (l *listFiles) of(d *document) sigma.Lists {
	blocks := []*placeholderBlock{{file: d.file}}
	if n := d.options.block.Node("placeholders"); n != nil {
		if n.Kind != source.Map {
			d.report.Error(n.Pos, source.WrongType, "placeholders: {name: file}", "placeholders is a map, not %s", n.Kind)
		} else {
			blocks[0].names = n
		}
	}
	loaded := false
	return func(name string) ([]string, bool) {
		if !loaded && blocks[0].names.Get(name) == nil {
			loaded = true
			for dir := path.Dir(d.file); ; dir = path.Dir(dir) {
				blocks = append(blocks, l.directory(dir))
				if dir == path.Dir(dir) || path.Base(dir) == ".." {
					break
				}
			}
		}
		for _, b := range blocks {
			if b.report != nil && !b.report.OK() {
				d.report.Include(b.report)
				return nil, true // what is wrong is said
			}
			if p := b.names.Pair(name); p != nil {
				return l.values(d, b, p), true
			}
		}
		return nil, false
	}
}

// directory reads the placeholders.yaml of a directory.
func (l *listFiles) directory(dir string) *placeholderBlock {
	if b := l.directories[dir]; b != nil {
		return b
	}
	b := &placeholderBlock{}
	l.directories[dir] = b
	for _, base := range placeholderFiles {
		name := path.Join(dir, base)
		// It stands beside a rule or above, and so is named by no rule; only it must not lead elsewhere.
		_, data, err := l.files.ReadNamed(name, base, source.DataLimits.Bytes)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		b.file, b.report = name, &source.Report{File: name}
		if err != nil {
			b.report.Error(match.Pos{}, source.Unreadable, "", "cannot read: %v", withoutName(err))
			break
		}
		for _, doc := range source.Parse(name, data, source.DataLimits) {
			b.report.Include(doc.Report)
			switch {
			case doc.Root == nil:
			case doc.Root.Kind != source.Map || b.names != nil:
				b.report.Error(doc.Root.Pos, sigma.BadList, "name: file, or name: [value, value]", "%s is one map from placeholders to lists", base)
			default:
				b.names = doc.Root
			}
		}
		break
	}
	return b
}

// values reads what one placeholder stands for. What is wrong is reported to the document, at its place in the block.
func (l *listFiles) values(d *document, b *placeholderBlock, p *source.Pair) []string {
	r := &source.Report{File: b.file}
	values := l.entry(b.file, p, r)
	if r.OK() && len(values) == 0 {
		r.Error(p.Value.Pos, sigma.BadList, "", "the list of the placeholder %s is empty", p.Key.Text)
	}
	d.report.Include(r)
	if !r.OK() {
		return nil
	}
	return values
}

// listFields describes a list that needs more than the name of its file.
var listFields = []source.Field{
	{Name: "file", Type: source.Text, Required: true, Doc: "the list, relative to the file that names it"},
	{Name: "column", Type: source.Text, Doc: "the column of a CSV file, or the member of the objects of a JSON file"},
}

func (l *listFiles) entry(file string, p *source.Pair, r *source.Report) []string {
	name, column := p.Value, ""
	switch p.Value.Kind {
	case source.List:
		var values []string
		for _, n := range p.Value.Items {
			if n.Kind != source.Scalar || n.IsNull() {
				r.Error(n.Pos, sigma.BadList, "", "a placeholder stands for texts, not %s", n.Kind)
				continue
			}
			values = append(values, n.Text)
		}
		return values
	case source.Map:
		v := source.Check(p.Value, "a list", listFields, r)
		if name, column = v.Node("file"), v.Text("column"); name == nil {
			return nil
		}
	}
	if name.IsNull() {
		r.Error(name.Pos, sigma.BadList, "write the path from this file to the list", "the list has no path")
		return nil
	}
	if column == "" {
		column = "\x00" + p.Key.Text // the default
	}
	key := listKey{path.Dir(file), name.Text, column}
	result, known := l.lists[key]
	if !known {
		full, data, err := l.files.ReadNamed(file, name.Text, source.DataLimits.Bytes)
		result.file = full
		switch {
		case err != nil:
			result.err = fmt.Errorf("cannot read the list: %w", withoutName(err))
		case len(data) > source.DataLimits.Bytes:
			result.err = fmt.Errorf("the list is larger than %d bytes", source.DataLimits.Bytes)
		default:
			result.values, result.err = parseList(full, data, column)
		}
		l.lists[key] = result
	}
	if result.err != nil {
		r.Error(name.Pos, sigma.BadList, "", "%s: %v", result.file, result.err)
	}
	return result.values
}

// withoutName leaves out the name of a file from the error of reading it, where it stands in front already.
func withoutName(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}

// parseList reads a list by the ending of its name: CSV with a header, a JSON array of texts or of objects, and for any
// other one value a line, without empty lines and those that begin with #. A column that begins with a zero byte is the
// one to take if there are several and the author names none. Errors say what is wrong and where, and quote nothing: the
// file may be something else than a list, with something else than names in it.
func parseList(name string, data []byte, column string) ([]string, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	switch strings.ToLower(path.Ext(name)) {
	case ".csv":
		return parseCSV(data, column)
	case ".json":
		return parseJSON(data, column)
	}
	var values []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			values = append(values, line)
		}
	}
	return values, nil
}

func parseCSV(data []byte, column string) ([]string, error) {
	in := csv.NewReader(bytes.NewReader(data))
	in.TrimLeadingSpace = true
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	wanted, implied := strings.CutPrefix(column, "\x00")
	i := slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(strings.TrimSpace(h), wanted) })
	if i < 0 && implied && len(header) == 1 {
		i = 0
	}
	if i < 0 {
		return nil, fmt.Errorf("the header has %s, and no column %q", rules.Counted(len(header), "column"), wanted)
	}
	var values []string
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return values, nil
		} else if err != nil {
			return nil, err
		}
		if v := strings.TrimSpace(row[i]); v != "" {
			values = append(values, v)
		}
	}
}

func parseJSON(data []byte, column string) ([]string, error) {
	in := json.NewDecoder(bytes.NewReader(data))
	in.UseNumber()
	var list []any
	if err := in.Decode(&list); err != nil {
		return nil, errors.New("not a JSON array")
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the JSON array")
	}
	wanted := strings.TrimPrefix(column, "\x00")
	var values []string
	for i, item := range list {
		if object, ok := item.(map[string]any); ok {
			if item, ok = object[wanted]; !ok {
				return nil, fmt.Errorf("item %d has no member %q", i+1, wanted)
			}
		}
		switch item := item.(type) {
		case string:
			values = append(values, item)
		case json.Number:
			values = append(values, item.String())
		case bool:
			values = append(values, fmt.Sprint(item))
		default:
			return nil, fmt.Errorf("item %d is not a text", i+1)
		}
	}
	return values, nil
}
