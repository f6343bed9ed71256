package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"oktastream/rules"
	"oktastream/rules/author"
	"oktastream/rules/lang"
	"oktastream/rules/lang/source"
	"oktastream/rules/printable"
)

// importReport is what `rules import --format json` prints; its names are a contract.
type importReport struct {
	Rules   []author.Imported `json:"rules"`
	Written []string          `json:"written"`
}

func newRulesImport() *cobra.Command {
	var dir, format string
	var force, verbose bool
	var src ruleSource
	cmd := &cobra.Command{
		Use:   "import PATH...",
		Short: "Bring in rules of Sigma, of Elastic and of Okta's catalogue",
		Long: "import reads rule files and directories in the form of Sigma, of Elastic (TOML, and Kibana's exports, .ndjson, named\n" +
			"as files) or of Okta's catalogue of detections, reports for each rule whether it is exact, changed, unsupported or\n" +
			"broken, with line and reason, and with -o writes those that run into a folder: Elastic's in their own form, others\n" +
			"in ours. Rules in each form also run as they are; importing makes them yours to edit.\n\n" +
			"  exact        the rule detects what the original detects\n" +
			"  changed      it runs, and the warnings say what has no effect or another one here\n" +
			"  unsupported  this version cannot run it; it is not written\n" +
			"  error        it is broken; it is not written\n\n" +
			"Comments in entries of the catalogue are not carried over; Sigma files keep theirs. What is written is loaded and\n" +
			"compared with the original, and taken back if it does not mean the same.\n\n" +
			"Exit codes: 0 all exact, 1 a rule is changed or unsupported, 2 a rule is broken, 3 usage, or a file that exists.",
		Example: "  oktastream rules import sigma/rules/identity/okta/ -o rules/\n  oktastream rules import customer-detections/detections/ --format json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOfFormats(format, "text", "json"); err != nil {
				return err
			}
			src.paths = args
			im := author.NewImport(src.Load(args), src.read)
			written, diffs, err := writeImport(im, dir, force, src.Loading)
			if err != nil {
				return fail(exitUsage, err)
			}
			if err := reportImport(cmd.OutOrStdout(), im, written, format, verbose); err != nil {
				return fail(exitUsage, err)
			}
			for _, d := range diffs {
				printable.Fprintf(cmd.ErrOrStderr(), "%s\n", d.Text)
			}
			worst := worstOutcome(im)
			switch {
			case len(im.Rules) == 0:
				return fail(exitLoad, fmt.Errorf("no rule found in %q", args))
			case len(diffs) > 0:
				return fail(exitLoad, errors.New("what would not mean the same as the original was not written"))
			case worst == author.Failed:
				return fail(exitLoad, nil)
			case worst != author.Exact:
				return fail(exitFindings, nil)
			}
			return nil
		},
	}
	loadFlags(cmd, &src)
	cmd.Flags().StringVarP(&dir, "out", "o", "", "folder to write to (without it, only the report is made)")
	cmd.Flags().StringVar(&format, "format", "text", "of the report: text or json")
	cmd.Flags().BoolVar(&force, "force", false, "replace files that exist")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "print notes as well")
	return cmd
}

// writeImport writes the files, compares what they mean with the originals, and takes those back that mean something else:
// where one was to be replaced, it is there again.
func writeImport(im *author.Import, dir string, force bool, how lang.Loading) (written []string, diffs []author.Difference, err error) {
	if dir == "" || len(im.Files) == 0 {
		return nil, nil, nil
	}
	var files []outFile
	replaced := map[string]oldFile{}
	for _, f := range im.Files {
		files = append(files, outFile{f.Name, f.Text})
		if err := keep(replaced, filepath.Join(dir, f.Name)); err != nil {
			return nil, nil, err
		}
	}
	if written, err = writeAll(dir, files, force); err != nil {
		return nil, nil, err
	}
	// They are loaded from where they belong: a rule may name a list beside it.
	diffs = im.Verify(how.Load(written))
	for _, name := range im.Refuse(diffs) {
		path := filepath.Join(dir, name)
		if old, ok := replaced[path]; ok {
			err = replace(path, old.text, old.mode)
		} else {
			err = os.Remove(path)
		}
		if err != nil {
			return nil, nil, err
		}
		written = slices.DeleteFunc(written, func(w string) bool { return w == path })
	}
	return written, diffs, nil
}

// oldFile is a file that is about to be replaced.
type oldFile struct {
	text []byte
	mode fs.FileMode
}

// keep remembers the file at path, if there is one.
func keep(files map[string]oldFile, path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := source.NewFiles([]string{path}, "").Read(filepath.ToSlash(path), source.LimitsOf(path).Bytes)
	files[path] = oldFile{text, info.Mode().Perm()}
	return err
}

func reportImport(w io.Writer, im *author.Import, written []string, format string, verbose bool) error {
	if format == "json" {
		return writeJSON(w, importReport{Rules: append([]author.Imported{}, im.Rules...), Written: append([]string{}, written...)})
	}
	if err := im.WriteText(w, verbose); err != nil {
		return err
	}
	if len(written) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(w, "%s written\n", rules.Counted(len(written), "file"))
	return err
}

func worstOutcome(im *author.Import) author.Outcome {
	worst := author.Exact
	for _, r := range im.Rules {
		switch {
		case r.Outcome == author.Failed:
			return author.Failed
		case r.Outcome != author.Exact:
			worst = author.Changed
		}
	}
	return worst
}
