package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// writeJSON prints v as people read it.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// oneOfFormats refuses a format that is not among the known ones.
func oneOfFormats(format string, known ...string) error {
	if slices.Contains(known, format) {
		return nil
	}
	return fail(exitUsage, fmt.Errorf("unknown format %q; there is: %s", format, strings.Join(known, ", ")))
}

// usage turns the error of writing into one with an exit code.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return fail(exitUsage, err)
}
