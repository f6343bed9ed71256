package notation

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNumber(t *testing.T) {
	for query, want := range map[string]string{
		"5": "5", "0.5|": "0.5", ".5 ": ".5", "5.": "5.", "5e3)": "5e3", "5E-3": "5E-3", "5e": "5", "5e+": "5", "5else": "5", "1.2.3": "1.2",
	} {
		if got := query[:Number(query, 0)]; got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		number := strconv.FormatFloat(rapid.Float64Min(0).Draw(t, "number"), rapid.SampledFrom([]byte("efgE")).Draw(t, "format"), -1, 64)
		if end := Number("x = "+number+" ]", 4); end != 4+len(number) {
			t.Fatalf("%s ends at %d", number, end-4)
		}
	})
}

// characters are those that mean something to one of the readers, and some that do not.
var characters = rapid.StringOf(rapid.SampledFrom([]rune("ab\"`\\ü \n")))

func TestName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := characters.Draw(t, "name")
		written := "`" + strings.ReplaceAll(name, "`", "``") + "`"
		if got, end, ok := Name("."+written+" x`", 1); !ok || got != name || end != 1+len(written) {
			t.Fatalf("%s is read as %q until %d, %v", written, got, end, ok)
		}
	})
	if _, _, ok := Name("`a``", 0); ok {
		t.Error("a name that does not end")
	}
}

func TestText(t *testing.T) {
	// A backslash stands for the byte behind it.
	var query string
	escape := func(b *strings.Builder, backslash int) int {
		b.WriteByte(query[backslash+1])
		return backslash + 2
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.ReplaceAll(characters.Draw(t, "text"), "\n", "")
		written := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
		query = "(" + written + `")`
		if got, end, ok := Text(query, 1, escape); !ok || got != text || end != 1+len(written) {
			t.Fatalf("%s is read as %q until %d, %v", written, got, end, ok)
		}
	})
	for text, end := range map[string]int{"\"ab": 3, "\"a\nb\"": 2, "\"a\rb\"": 2} {
		if _, got, ok := Text(text, 0, escape); ok || got != end {
			t.Errorf("%q: %d, %v", text, got, ok)
		}
	}
}

func TestRaw(t *testing.T) {
	for query, want := range map[string]string{
		`"""a\b"c"""`: `a\b"c`, `"""a""""`: `a"`, `"""a"""""`: `a""`, `""""""`: ``, `"""a""""""`: `a""`,
	} {
		if got, _, ok := Raw(query, 0); !ok || got != want {
			t.Errorf("%s: %s, %v", query, got, ok)
		}
	}
	if _, _, ok := Raw(`"""a""`, 0); ok {
		t.Error("a text that does not end")
	}
}

func TestNetwork(t *testing.T) {
	for text, want := range map[string]string{"192.0.2.7": "192.0.2.7/32", "192.0.2.0/24": "192.0.2.0/24", "::1": "::1/128", "fe80::1%eth0": "fe80::1/128"} {
		if got, err := Network(text); err != nil || got.String() != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	if _, err := Network("192.0.2"); err == nil {
		t.Error("192.0.2 is no network")
	}
}
