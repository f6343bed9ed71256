package printable

import (
	"errors"
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                           "",
		"Zoë Quinn ✓":                "Zoë Quinn ✓",
		"a\nb":                       "a\ufffdb",
		"a\r\tb\x00":                 "a\ufffd\ufffdb\ufffd",
		"\x1b[31mred":                "\ufffd[31mred",
		"\u009b31mred":               "\ufffd31mred",
		"user\u202egpj.exe":          "user\ufffdgpj.exe",
		"a\u2028b\u2029c\u200bd\xff": "a\ufffdb\ufffdc\ufffdd\ufffd",
	} {
		if got := Line(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestParagraph(t *testing.T) {
	got := strings.Join(Paragraph("a\n\tb\x1bc\r\n ::error::x\n##[y]\n\nz:: #"), "|")
	if want := "a|  b\ufffdc|> ::error::x|> ##[y]||z:: #"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

type level string

func (l level) String() string { return string(l) }

func TestSprintf(t *testing.T) {
	got := Sprintf("%s|%v|%s|%d|%s\n", "a\nb", errors.New("c\nd"), level("e\nf"), 7, Safe("\x1b[1m"))
	if want := "a\ufffdb|c\ufffdd|e\ufffdf|7|\x1b[1m\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
