package envelope

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// encoded are the beginnings that an object, an array, a text of one, and what packs one have in base64. They are looked at
// first, because any word could be base64.
var encoded = []string{"ey", "ew", "W3", "W1", "Ww", "In", "Il", "77u", "H4sI", "KLUv", "eJ", "eN", "eA"}

// decoded are the same as they are: { and [, the byte order mark, gzip, zstd and zlib.
var decoded = []string{"{", "[", `"{`, `"[`, "\xef\xbb\xbf", "\x1f\x8b", "\x28\xb5\x2f\xfd", "\x78\x01", "\x78\x9c", "\x78\xda"}

// fromBase64 decodes a text that holds JSON, plain or packed, in base64 of any alphabet, with or without padding.
func fromBase64(s string) ([]byte, bool) {
	const least = 16
	s = strings.Trim(s, " \t\r\n")
	if len(s) < least {
		return nil, false
	}
	for _, begin := range encoded {
		if strings.HasPrefix(s, begin) {
			return decodeBase64(s)
		}
	}
	return nil, false
}

func decodeBase64(s string) ([]byte, bool) {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/', c == '-', c == '_', c == '=', c == '\r', c == '\n':
		default:
			return nil, false
		}
	}
	text := strings.NewReplacer("-", "+", "_", "/", "\r", "", "\n", "").Replace(s)
	b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, false
	}
	for _, begin := range decoded {
		if bytes.HasPrefix(b, []byte(begin)) {
			return b, true
		}
	}
	return nil, false
}
