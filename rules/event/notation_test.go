package event

import (
	"encoding/json"
	"testing"
)

func TestNotation(t *testing.T) {
	for text, want := range map[string]string{
		`{level=LOW}`:                    `{"level":"LOW"}`,
		`Risk{level=LOW}`:                `{"level":"LOW"}`,
		`{}`:                             `{}`,
		`[]`:                             `[]`,
		`{reasons=A B, C D, level=HIGH}`: `{"reasons":"A B, C D","level":"HIGH"}`,
		`{level=HIGH, reasons=A, B}`:     `{"level":"HIGH","reasons":"A, B"}`,
		`{A: B=POSITIVE, x-y=NEGATIVE}`:  `{"A: B":"POSITIVE","x-y":"NEGATIVE"}`,
		`{X=POSITIVE, Name, with comma=NEGATIVE}`:    `{"X":"POSITIVE","Name, with comma":"NEGATIVE"}`,
		`{First, with comma=UNKNOWN, X=BAD_REQUEST}`: `{"First, with comma":"UNKNOWN","X":"BAD_REQUEST"}`,
		`{a=b=c}`:                         `{"a":"b=c"}`,
		`{a={b=c, d=e}, f=[1, {g=h}]}`:    `{"a":{"b":"c","d":"e"},"f":["1",{"g":"h"}]}`,
		`[USER_PRESENCE, HARDWARE]`:       `["USER_PRESENCE","HARDWARE"]`,
		`{odd}name=POSITIVE, b=NEGATIVE}`: `{"odd}name":"POSITIVE","b":"NEGATIVE"}`,
		`{"q"=a\b}`:                       `{"\"q\"":"a\\b"}`,
		`{x}`:                             `{}`,
		`plain`:                           ``,
		`some words {a=b}`:                ``,
		`{a=b`:                            ``,
		`{`:                               ``,
		`]`:                               ``,
		`x[a]`:                            ``,
		``:                                ``,
		`{a={a={a={a={a={a={a={a={a={a=b}}}}}}}}}}`: `{"a":{"a":{"a":{"a":{"a":{"a":{"a":{"a":"{a={a=b}}"}}}}}}}}`,
	} {
		got, ok := appendNotation(nil, text, 0)
		if ok != (want != "") || ok && string(got) != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func FuzzNotation(f *testing.F) {
	f.Add(`{a={b=c, d=e}, f=[1, {g=h}]}`)
	f.Add(`Risk{reasons=A, B, level=LOW}`)
	f.Fuzz(func(t *testing.T, text string) {
		if b, ok := appendNotation(nil, text, 0); ok && !json.Valid(b) {
			t.Errorf("%q became %s", text, b)
		}
	})
}
