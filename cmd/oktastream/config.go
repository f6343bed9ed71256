package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"oktastream/processor"
	"oktastream/rules/nearest"
)

// value is what some source says about a key.
type value struct {
	text   string
	origin string // for messages: file:line:col, the variable, or the flag
}

// configure layers what is said: flags over environment over file over defaults. Every problem is in the error, each
// with its origin.
func configure(file string, environ []string, flags []string) (settings, error) {
	said := map[string]value{}
	var errs []error
	if file != "" {
		errs = append(errs, readFile(file, said))
	}
	errs = append(errs, readEnvironment(environ, said))
	for i, f := range flags {
		name, v, ok := strings.Cut(f, "=")
		if !ok {
			errs = append(errs, fmt.Errorf("-X number %d: is not property=value", i+1))
			continue
		}
		said[key(name)] = value{v, "-X " + nameOnly(name)}
	}
	s, err := apply(said)
	return s, errors.Join(append(errs, err)...)
}

// key is the name of a setting or Kafka property as it stands in said: Kafka properties may be written below kafka.
func key(name string) string { return strings.TrimPrefix(strings.TrimSpace(name), "kafka.") }

// Errors give the place and the reason, and never a text that may hold a password: a line of the file, a value that is
// written where a name belongs, or the content of a file where its path belongs.

// nameOnly is what a message may show of a name: what comes after its first letters, if it is none, may be a value.
func nameOnly(name string) string {
	name = strings.TrimSpace(name)
	end := strings.IndexFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-')
	})
	if end < 0 {
		return name
	}
	return name[:end] + "…"
}

// quoted are parts of the input in a parser's message.
var quoted = regexp.MustCompile(`"[^"]*"|\x60[^\x60]*\x60`)

// unreadable is an error of the YAML parser without the lines around it.
func unreadable(file string, err error) error {
	syntax, ok := errors.AsType[yaml.Error](err)
	if !ok || syntax.GetToken() == nil {
		return fmt.Errorf("%s: is not YAML", file)
	}
	at := syntax.GetToken().Position
	return fmt.Errorf("%s:%d:%d: is not YAML: %s", file, at.Line, at.Column, quoted.ReplaceAllString(syntax.GetMessage(), "…"))
}

// reason is an error of the file system without the path.
func reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

func apply(said map[string]value) (settings, error) {
	s := defaults()
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(said)) {
		v := said[name]
		if i := slices.IndexFunc(settingTable, func(t setting) bool { return t.name == name }); i >= 0 {
			if err := settingTable[i].set(&s, v.text); err != nil {
				errs = append(errs, fmt.Errorf("%s: %s: %q: %w", v.origin, name, v.text, err))
			}
			continue
		}
		// One by one, so that a problem carries its origin; properties that belong together are judged at the end.
		if err := processor.CheckProperty(name); err != nil {
			if nameOnly(name) != name {
				err = fmt.Errorf("%s is not the name of a setting or a property", nameOnly(name))
			}
			errs = append(errs, fmt.Errorf("%s: %w", v.origin, withSetting(name, err)))
			continue
		}
		s.kafka[name] = v.text
	}
	if len(errs) == 0 {
		errs = append(errs, s.SetKafka(s.kafka))
	}
	return s, errors.Join(errs...)
}

// withSetting completes the complaint about a name that is none: with the nearest of our own settings, unless one of
// Kafka's properties is nearer.
func withSetting(name string, err error) error {
	plain := strings.NewReplacer("_", ".", "-", ".").Replace(strings.ToLower(name))
	var names []string
	for _, t := range settingTable {
		names = append(names, t.name)
	}
	best := nearest.Of(plain, names)
	if best == "" || !slices.Contains(names, nearest.Of(plain, append(names, processor.PropertyNames()...))) {
		return err
	}
	return fmt.Errorf("%s is neither a setting nor a Kafka client property; did you mean the setting %s?", name, best)
}

// readFile takes in a YAML file. Keys may be nested or dotted; Kafka properties stand at the top or below kafka. A value
// that is ${env:NAME} or ${file:PATH} as a whole is replaced after parsing, and not parsed again.
func readFile(name string, said map[string]value) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	doc, err := parser.ParseBytes(data, 0)
	if err != nil {
		return unreadable(name, err)
	}
	var errs []error
	for _, d := range doc.Docs {
		if d.Body != nil {
			errs = append(errs, walk(name, "", d.Body, said))
		}
	}
	return errors.Join(errs...)
}

func walk(file, prefix string, node ast.Node, said map[string]value) error {
	at := func(n ast.Node) string {
		p := n.GetToken().Position
		return fmt.Sprintf("%s:%d:%d", file, p.Line, p.Column)
	}
	switch n := node.(type) {
	case *ast.MappingNode:
		var errs []error
		for _, m := range n.Values {
			errs = append(errs, walk(file, prefix, m, said))
		}
		return errors.Join(errs...)
	case *ast.MappingValueNode:
		name := n.Key.GetToken().Value
		if prefix != "" {
			name = prefix + "." + name
		}
		switch v := n.Value.(type) {
		case *ast.MappingNode, *ast.MappingValueNode:
			return walk(file, name, v, said)
		case *ast.NullNode:
			return nil
		}
		text, err := scalar(n.Value)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", at(n.Value), nameOnly(name), err)
		}
		if old, twice := said[key(name)]; twice {
			return fmt.Errorf("%s: %s is set at %s already", at(n.Key), nameOnly(name), old.origin)
		}
		said[key(name)] = value{text, at(n.Key)}
		return nil
	}
	return fmt.Errorf("%s: a configuration is a mapping of keys to values", at(node))
}

func scalar(node ast.Node) (string, error) {
	switch n := node.(type) {
	case *ast.SequenceNode:
		var items []string
		for _, v := range n.Values {
			text, err := scalar(v)
			if err != nil {
				return "", err
			}
			items = append(items, text)
		}
		return strings.Join(items, ","), nil
	case *ast.LiteralNode:
		return resolve(n.Value.Value)
	case ast.ScalarNode:
		return resolve(n.GetToken().Value)
	}
	return "", errors.New("is neither a value nor a list of values")
}

func resolve(text string) (string, error) {
	ref, ok := strings.CutPrefix(text, "${")
	if !ok || !strings.HasSuffix(ref, "}") {
		return text, nil
	}
	kind, name, _ := strings.Cut(strings.TrimSuffix(ref, "}"), ":")
	switch kind {
	case "env":
		v, ok := os.LookupEnv(name)
		if !ok {
			return "", fmt.Errorf("environment variable %s is not set", nameOnly(name))
		}
		return v, nil
	case "file":
		return secret(name)
	}
	return "", errors.New("a value in ${…} is neither ${env:NAME} nor ${file:PATH}")
}

func secret(name string) (string, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("the file that is to hold the value: %w", reason(err))
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

const envPrefix = "OKTASTREAM_"

// readEnvironment takes OKTASTREAM_NAME, and OKTASTREAM_NAME_FILE for a value that stands in a file, for every known
// name. Other variables with the prefix are left alone: clusters put their own there, such as OKTASTREAM_SERVICE_HOST.
func readEnvironment(environ []string, said map[string]value) error {
	names := map[string]string{}
	known := processor.PropertyNames()
	for _, t := range settingTable {
		known = append(known, t.name)
	}
	for _, n := range known {
		v := strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(n))
		names[envPrefix+v], names[envPrefix+"KAFKA_"+v] = n, n
	}
	var errs []error
	slices.SortFunc(environ, cmp.Compare[string])
	for _, e := range environ {
		variable, v, _ := strings.Cut(e, "=")
		if n, ok := names[variable]; ok {
			said[n] = value{v, variable}
			continue
		}
		base, isFile := strings.CutSuffix(variable, "_FILE")
		if n, ok := names[base]; ok && isFile {
			content, err := secret(v)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", variable, err))
				continue
			}
			said[n] = value{content, variable}
		}
	}
	return errors.Join(errs...)
}
