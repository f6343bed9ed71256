package event

import (
	"strconv"
	"strings"
	"sync"

	"oktastream/rules/event/jsontree"
)

// Path is a compiled field path, a pointer's worth of memory and comparable with ==: two Paths are equal when their
// texts are. The zero Path leads nowhere.
//
// A path names members from the top of a LogEvent, separated by dots: actor.alternateId. Names compare exactly, else
// without regard to case. Through an array it means any element (target.displayName); a number picks one
// (target.0.id or target[0].id), a filter those whose member has a value (target[type=User].id, case ignored), and []
// is allowed and means nothing (target[].id). A name that holds a dot, a bracket or a quote is quoted
// (debugContext.debugData."a.b" or debugContext.debugData["a.b"]) or has them escaped with a backslash.
//
// A path that goes on below a string reads what the string holds, if that is JSON or the text of a Java map:
// debugContext.debugData.behaviors.New Device, debugContext.debugData.logOnlySecurityData.risk.level.
//
// Paths joined by " or " are one path with the values of them all: actor.id or target[type=User].id. (A name that holds
// " or " is quoted.)
//
// The path [*] has all texts, numbers and booleans of the event, wherever they stand; it takes no further names.
//
// A path that is an ECS name as Elastic's Okta integration fills it (okta.actor.alternate_id, user.name, source.ip)
// is an alias: its values are computed from the LogEvent. request.ipChain also finds client.ipChain, where event hooks
// have it.
type Path struct {
	c *compiled
}

// compiled is what all Paths with the same text share.
type compiled struct {
	text  string // as the author wrote it
	canon string // the same in one spelling: equal when two texts mean the same
	reads []read // where the values come from
	// all asks for the values of every read, without repetition; otherwise the first read that finds any gives them.
	all bool
	// constant is the value when no read finds any; "" for none.
	constant string
	// every asks for all scalars of the event; there are no reads then.
	every bool
	// computed makes the values from the paths in from; there are no reads then. See Computed.
	computed func(*Event) []Value
	from     []Path
}

// read is one place of the LogEvent that a path takes values from.
type read struct {
	steps   []step
	convert convert
	// decides: where the steps lead to a value, no read behind this one is asked, although nothing comes of the value.
	decides bool
	carried bool // what the envelope says, see Meta.Carrier; without one the steps lead on from the event
	own     bool // what an ECS document says itself, under the very name
}

// step leads from a value to its members named key, and from those to the elements that pass the selectors.
type step struct {
	key     string
	name    jsontree.Name // key, prepared
	index   int32         // key as an element number, -1 when it is none
	selects []selector
	loose   string // key with blanks and hyphens as underscores, where a member may have it so too; else ""
}

// picks reports whether the step chooses among the elements of an array.
func (s step) picks() bool { return len(s.selects) > 0 }

// selector narrows an array: to the elements whose member key has the value, or to the one numbered index.
type selector struct {
	not        bool // of a filter: elements whose member has another value, or is missing, pass
	filter     bool
	key, value string        // of a filter
	name       jsontree.Name // key, prepared
	index      int32
}

const (
	maxSteps     = 32
	maxSelectors = 4
)

// PathError says why a text is no path.
type PathError struct {
	Text   string
	Offset int // of the offending byte, from 0
	Reason string
}

func (e *PathError) Error() string {
	return "field path " + strconv.Quote(e.Text) + ", byte " + strconv.Itoa(e.Offset) + ": " + e.Reason
}

var paths sync.Map // text → *compiled

// ParsePath compiles a path. The error is a *PathError. It is safe for concurrent use.
func ParsePath(text string) (Path, error) {
	if c, ok := paths.Load(text); ok {
		return Path{c.(*compiled)}, nil
	}
	text = strings.Clone(text)
	c, err := compile(text)
	if err != nil {
		return Path{}, err
	}
	shared, _ := paths.LoadOrStore(text, c)
	return Path{shared.(*compiled)}, nil
}

func compile(text string) (*compiled, error) {
	if text == everyValue {
		return &compiled{text: text, canon: text, every: true}, nil
	}
	if strings.HasPrefix(text, computedMark) {
		return nil, &PathError{Text: text, Reason: "a name that begins with = is quoted"}
	}
	var union *compiled
	at := 0
	for _, part := range alternatives(text) {
		p := pathParser{text: part}
		steps, err := p.parse()
		if err != nil {
			err := err.(*PathError)
			return nil, &PathError{Text: text, Offset: at + err.Offset, Reason: err.Reason}
		}
		at += len(part) + len(orWord)
		c := resolve(steps)
		c.text, c.canon = text, canonical(steps)
		if union == nil {
			union = c
			continue
		}
		// Each alternative would take the first of its own reads that finds any; the union takes all of all.
		union.reads = append(union.reads, c.reads...)
		union.all = true
		union.canon += orWord + c.canon
		if union.constant == "" {
			union.constant = c.constant
		}
	}
	return union, nil
}

const orWord = " or "

// alternatives splits text where orWord stands outside quotes and brackets.
func alternatives(text string) []string {
	var parts []string
	var quote byte
	depth, from := 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0 && c == ' ' && strings.HasPrefix(text[i:], orWord):
			parts = append(parts, text[from:i])
			from = i + len(orWord)
			i = from - 1
		}
	}
	return append(parts, text[from:])
}

// MustPath is ParsePath for a text known to be a path. It panics on any other.
func MustPath(text string) Path {
	p, err := ParsePath(text)
	if err != nil {
		panic(err)
	}
	return p
}

// String is the path as the author wrote it, "" for the zero Path.
func (p Path) String() string {
	if p.c == nil {
		return ""
	}
	return p.c.text
}

// IsZero reports whether p is the zero Path.
func (p Path) IsZero() bool { return p.c == nil }

// Equal is p == q, for packages that compare through a method.
func (p Path) Equal(q Path) bool { return p == q }

type pathParser struct {
	text string
	at   int
}

func (p *pathParser) fail(reason string) error {
	return &PathError{Text: p.text, Offset: p.at, Reason: reason}
}

func (p *pathParser) parse() (steps []step, err error) {
	if p.text == "" {
		return nil, p.fail("it is empty")
	}
	for first := true; ; first = false {
		switch {
		case len(steps) > maxSteps:
			return nil, p.fail("it has more than " + strconv.Itoa(maxSteps) + " members")
		case !first && p.at == len(p.text):
			return steps, nil
		case p.at < len(p.text) && p.text[p.at] == '[':
			steps, err = p.bracket(steps)
		case first:
			steps, err = p.member(steps)
		case p.text[p.at] == '.':
			p.at++
			steps, err = p.member(steps)
		default:
			err = p.fail("expected . or [ after a name")
		}
		if err != nil {
			return nil, err
		}
	}
}

// member reads one name between dots, quoted or bare.
func (p *pathParser) member(steps []step) ([]step, error) {
	if p.at < len(p.text) && (p.text[p.at] == '"' || p.text[p.at] == '\'') {
		key, err := p.quoted()
		if err != nil {
			return nil, err
		}
		return append(steps, newStep(key)), nil
	}
	start := p.at
	var key strings.Builder
	for p.at < len(p.text) && p.text[p.at] != '.' && p.text[p.at] != '[' {
		if p.text[p.at] == '\\' {
			if p.at++; p.at == len(p.text) {
				return nil, p.fail("nothing follows the backslash")
			}
		}
		key.WriteByte(p.text[p.at])
		p.at++
	}
	if p.at == start {
		return nil, p.fail("a name is missing")
	}
	return append(steps, newStep(key.String())), nil
}

// bracket reads [], [0], ["name"] or [member=value].
func (p *pathParser) bracket(steps []step) ([]step, error) {
	p.at++
	if key, ok, err := p.maybeQuoted(); err != nil {
		return nil, err
	} else if ok {
		if p.blanks(); p.at < len(p.text) && p.text[p.at] == '=' {
			return p.filter(steps, key)
		}
		return append(steps, newStep(key)), p.shut()
	}
	length := strings.IndexAny(p.text[p.at:], "=]")
	if length < 0 {
		return nil, p.fail("the ] is missing")
	}
	name := strings.TrimSpace(p.text[p.at : p.at+length])
	switch index := elementNumber(name); {
	case p.text[p.at+length] == '=' && name == "":
		return nil, p.fail("a filter needs the name of a member before =")
	case p.text[p.at+length] == '=':
		p.at += length
		return p.filter(steps, name)
	case name == "" || index >= 0:
		p.at += length
		return p.narrow(steps, selector{index: index})
	}
	return nil, p.fail("brackets hold nothing, a number, a quoted name or member=value")
}

// filter reads =value] after the name of a member.
func (p *pathParser) filter(steps []step, name string) ([]step, error) {
	p.at++
	value, err := p.filterValue()
	if err != nil {
		return nil, err
	}
	name, not := strings.CutSuffix(name, "!")
	name = strings.TrimSpace(name)
	if name == "" {
		return nil, p.fail("a filter needs the name of a member before =")
	}
	return p.narrow(steps, selector{key: name, name: jsontree.NewName(name), value: value, index: -1, filter: true, not: not})
}

// narrow adds a selector, or nothing for [], to the step before it.
func (p *pathParser) narrow(steps []step, s selector) ([]step, error) {
	if len(steps) == 0 {
		return nil, p.fail("an event is not an array")
	}
	last := &steps[len(steps)-1]
	if s.filter || s.index >= 0 {
		last.selects = append(last.selects, s)
	}
	if len(last.selects) > maxSelectors {
		return nil, p.fail("more than " + strconv.Itoa(maxSelectors) + " brackets after one name")
	}
	return steps, p.shut()
}

func (p *pathParser) shut() error {
	p.blanks()
	if p.at == len(p.text) || p.text[p.at] != ']' {
		return p.fail("the ] is missing")
	}
	p.at++
	return nil
}

func (p *pathParser) blanks() {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
}

func (p *pathParser) filterValue() (string, error) {
	if value, ok, err := p.maybeQuoted(); ok || err != nil {
		return value, err
	}
	length := strings.IndexByte(p.text[p.at:], ']')
	if length < 0 {
		return "", p.fail("the ] is missing")
	}
	value := strings.TrimSpace(p.text[p.at : p.at+length])
	p.at += length
	return value, nil
}

func (p *pathParser) maybeQuoted() (text string, ok bool, err error) {
	p.blanks()
	if p.at == len(p.text) || p.text[p.at] != '"' && p.text[p.at] != '\'' {
		return "", false, nil
	}
	text, err = p.quoted()
	return text, err == nil, err
}

// quoted reads from an opening quote to its pair; a backslash takes the next byte as it is.
func (p *pathParser) quoted() (string, error) {
	mark := p.text[p.at]
	var b strings.Builder
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; c {
		case mark:
			p.at++
			return b.String(), nil
		case '\\':
			if p.at++; p.at == len(p.text) {
				return "", p.fail("the closing quote is missing")
			}
			b.WriteByte(p.text[p.at])
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fail("the closing quote is missing")
}

func newStep(key string) step {
	return step{key: key, name: jsontree.NewName(key), index: elementNumber(key)}
}

// elementNumber is the number that s writes in decimal without leading zeros, or -1.
func elementNumber(s string) int32 {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != s {
		return -1
	}
	return int32(n)
}

// canonical writes steps in one way, so that texts which differ in quotes and [] only have the same field.
func canonical(steps []step) string {
	var b strings.Builder
	for i, s := range steps {
		if i > 0 {
			b.WriteByte('.')
		}
		if s.key == "" || i == 0 && strings.HasPrefix(s.key, computedMark) || strings.ContainsAny(s.key, `.[]"'\`) {
			b.WriteString(quote(s.key))
		} else {
			b.WriteString(s.key)
		}
		for _, sel := range s.selects {
			b.WriteByte('[')
			if !sel.filter {
				b.WriteString(strconv.Itoa(int(sel.index)))
			} else {
				op := "="
				if sel.not {
					op = "!="
				}
				b.WriteString(quote(sel.key) + op + quote(sel.value))
			}
			b.WriteByte(']')
		}
	}
	return b.String()
}

// quote puts a name between quotes as the parser reads it.
func quote(s string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(s) + `"`
}
