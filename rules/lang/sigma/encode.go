package sigma

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// encode applies the encodings and windash to a text, in order. The outcomes are alternatives.
func encode(ps []piece, steps []string) ([][]piece, error) {
	all := [][]piece{ps}
	for _, step := range steps {
		var next [][]piece
		for _, ps := range all {
			out, err := encodeStep(ps, step)
			if err != nil {
				return nil, err
			}
			next = append(next, out...)
		}
		all = next
	}
	for _, ps := range all {
		for _, p := range ps {
			if !utf8.ValidString(p.text) {
				return nil, errors.New("the encoded text is not Unicode, which JSON cannot hold; encode it further, with base64 or base64offset")
			}
		}
	}
	return all, nil
}

func encodeStep(ps []piece, step string) ([][]piece, error) {
	switch step {
	case "windash":
		return dashes(ps)
	case "wide", "utf16le", "utf16be":
		return [][]piece{wide(ps, step == "utf16be")}, nil
	case "utf16":
		return [][]piece{append([]piece{{text: "\xff\xfe"}}, wide(ps, false)...)}, nil
	}
	var plain strings.Builder
	for _, p := range ps {
		if p.wild != 0 {
			return nil, fmt.Errorf("a text with wildcards cannot be encoded with %s", step)
		}
		plain.WriteString(p.text)
	}
	if plain.Len() == 0 {
		return nil, fmt.Errorf("there is nothing to encode with %s", step)
	}
	if step == "base64" {
		return [][]piece{{{text: base64.StdEncoding.EncodeToString([]byte(plain.String()))}}}, nil
	}
	all := offsets(plain.String())
	for _, ps := range all {
		if ps[0].text == "" {
			return nil, errors.New("the text is too short to be found at every place of a longer one with base64offset")
		}
	}
	return all, nil
}

// offsets are the three encodings of a text by its place in a longer one: behind 0, 1 or 2 bytes of a group of three,
// without the characters that its neighbours decide as well.
func offsets(text string) [][]piece {
	var out [][]piece
	first := [3]int{0, 2, 3}
	last := [3]int{0, 3, 2} // characters dropped at the end
	for shift := range 3 {
		encoded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + text))
		out = append(out, []piece{{text: encoded[first[shift] : len(encoded)-last[(len(text)+shift)%3]]}})
	}
	return out
}

// wide is the text in UTF-16, its bytes taken for characters.
func wide(ps []piece, bigEndian bool) []piece {
	out := make([]piece, len(ps))
	for i, p := range ps {
		if p.wild == 0 {
			var b strings.Builder
			for _, unit := range utf16.Encode([]rune(p.text)) {
				low, high := byte(unit), byte(unit>>8)
				if bigEndian {
					low, high = high, low
				}
				b.WriteByte(low)
				b.WriteByte(high)
			}
			p.text = b.String()
		}
		out[i] = p
	}
	return out
}

// flagMarks introduce a parameter on a Windows command line.
var flagMarks = []string{"-", "/", "–", "—", "―"}

// maxFlags bounds the permutations: each mark multiplies them by five.
const maxFlags = 3

// dashes writes every mark that begins a word in all five ways.
func dashes(ps []piece) ([][]piece, error) {
	all := [][]piece{nil}
	flags := 0
	for _, p := range ps {
		rest := p.text
		if p.wild != 0 {
			for i := range all {
				all[i] = append(all[i], p)
			}
		}
		for rest != "" {
			before, mark, after := cutFlag(rest)
			for i := range all {
				all[i] = appendText(all[i], before)
			}
			if rest = after; mark == "" {
				continue
			}
			if flags++; flags > maxFlags {
				return nil, fmt.Errorf("windash writes at most %d marks of a text in all ways; split the text", maxFlags)
			}
			var next [][]piece
			for _, ps := range all {
				for _, m := range flagMarks {
					next = append(next, appendText(ps[:len(ps):len(ps)], m))
				}
			}
			all = next
		}
	}
	return all, nil
}

// cutFlag cuts text around its first mark that stands before a word and not behind one.
func cutFlag(text string) (before, mark, after string) {
	inWord := false
	for i, r := range text {
		size := utf8.RuneLen(r)
		if r == utf8.RuneError {
			size = 1
		}
		if !inWord && strings.ContainsRune("-/–—―", r) {
			if next, _ := utf8.DecodeRuneInString(text[i+size:]); isWord(next) && i+size < len(text) {
				return text[:i], text[i : i+size], text[i+size:]
			}
		}
		inWord = isWord(r)
	}
	return text, "", ""
}

func isWord(r rune) bool {
	return r != utf8.RuneError && (r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r))
}

// appendText joins text to the last piece. It copies what it changes: permutations share their beginnings.
func appendText(ps []piece, text string) []piece {
	if text == "" {
		return ps
	}
	if n := len(ps); n > 0 && ps[n-1].wild == 0 {
		return append(ps[:n-1:n-1], piece{text: ps[n-1].text + text})
	}
	return append(ps, piece{text: text})
}
