package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"oktastream/rules"
	"oktastream/rules/format"
	"oktastream/rules/lang/source"
	"oktastream/rules/printable"
)

func newRulesFmt() *cobra.Command {
	var rewrite, check bool
	cmd := &cobra.Command{
		Use:   "fmt [PATH...|-]",
		Short: "Put rule files and rule tests into canonical form",
		Long: "fmt puts the keys of rule files and rule tests in canonical order and keeps comments with their keys. It prints the\n" +
			"result (of several files, each below its name), or with -w writes it back, or with --check names the files that would change. Without PATH, or with -, it\n" +
			"reads standard input. What a file means never changes; a file that cannot be formatted so is refused.\n\n" +
			"Exit codes: 0 ok, 1 --check found a file that would change, 2 a file cannot be read or formatted, 3 usage.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if rewrite && check {
				return fail(exitUsage, errors.New("-w and --check exclude each other"))
			}
			if len(args) == 0 {
				args = []string{"-"}
			}
			if rewrite && slices.Contains(args, "-") {
				return fail(exitUsage, errors.New("-w needs files, not standard input"))
			}
			files, err := yamlFiles(args)
			if err != nil {
				return fail(exitLoad, err)
			}
			f := formatting{cmd: cmd, from: source.NewFiles(args, ""), rewrite: rewrite, check: check, several: len(files) > 1}
			for _, name := range files {
				f.file(name)
			}
			switch {
			case f.failed:
				return fail(exitLoad, nil)
			case f.err != nil:
				return fail(exitUsage, f.err)
			case check && f.changed:
				return fail(exitFindings, nil)
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&rewrite, "write", "w", false, "write the result back to the files; names those that change")
	cmd.Flags().BoolVar(&check, "check", false, "only name the files that would change")
	return cmd
}

// formatting goes over files; one that fails does not keep others from being formatted.
type formatting struct {
	cmd             *cobra.Command
	from            *source.Files
	rewrite, check  bool
	several, begun  bool // printed files are parted by --- and headed by their names
	failed, changed bool
	err             error // of writing
}

func (f *formatting) file(name string) {
	text, err := f.read(name)
	if err != nil {
		f.failed = true
		f.cmd.PrintErrln(rules.Diagnostic{File: name, Level: rules.Error, Code: source.Unreadable, Message: err.Error()}.Error())
		return
	}
	out, diags := format.Source(name, text)
	for _, d := range diags {
		f.failed = true
		f.cmd.PrintErrln(d.Error())
	}
	if len(diags) > 0 {
		return
	}
	same := bytes.Equal(text, out)
	f.changed = f.changed || !same
	switch {
	case !f.rewrite && !f.check:
		err = f.print(name, out)
	case same:
	case f.check:
		_, err = printable.Fprintf(f.cmd.OutOrStdout(), "%s\n", name)
	default:
		if err = rewriteFile(name, out); err == nil {
			_, err = printable.Fprintf(f.cmd.OutOrStdout(), "%s\n", name)
		}
	}
	f.err = errors.Join(f.err, err)
}

// print writes a file; of several, as documents of one text that loads.
func (f *formatting) print(name string, text []byte) error {
	head := ""
	if f.several {
		head = "# " + name + "\n"
		if f.begun {
			head = "---\n" + head
		}
		f.begun = true
	}
	_, err := f.cmd.OutOrStdout().Write(append([]byte(head), text...))
	return err
}

func (f *formatting) read(name string) ([]byte, error) {
	limit := source.DataLimits.Bytes
	if name == "-" {
		text, err := io.ReadAll(io.LimitReader(f.cmd.InOrStdin(), int64(limit)+1))
		if err == nil && len(text) > limit {
			err = fmt.Errorf("the text is larger than %d bytes", limit)
		}
		return text, err
	}
	return f.from.Read(filepath.ToSlash(filepath.Clean(name)), limit)
}

// rewriteFile keeps the mode, and writes through a link to the file itself.
func rewriteFile(name string, text []byte) error {
	path, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	return replace(path, text, info.Mode().Perm())
}

// yamlFiles lists files, and the YAML files below directories except in hidden ones, each once.
func yamlFiles(paths []string) ([]string, error) {
	var files []string
	add := func(name string) {
		if !slices.Contains(files, name) {
			files = append(files, name)
		}
	}
	from := source.NewFiles(paths, "")
	var failed error
	for _, p := range paths {
		if p == "-" {
			add(p)
			continue
		}
		info, err := os.Stat(p)
		switch {
		case err != nil:
			return nil, err
		case !info.IsDir():
			add(p)
		default:
			from.Walk(filepath.ToSlash(filepath.Clean(p)), func(name string) {
				if ext := filepath.Ext(name); ext == ".yaml" || ext == ".yml" {
					add(filepath.FromSlash(name))
				}
			}, func(name string, err error) {
				if !errors.Is(err, source.ErrNotFollowed) {
					failed = errors.Join(failed, fmt.Errorf("%s: %w", name, err))
				}
			})
		}
	}
	return files, failed
}
