package envelope

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// frame is a header that a schema registry's client has put before a value. JSON follows some at once; before Protobuf and in
// Avro no bracket can be told from data, so anything else is refused by the registry's name.
type frame struct {
	kind   string
	body   []byte // the JSON
	code   string // why there is none
	reason string
}

// hasFrame reports whether values of this kind begin with a frame.
func hasFrame(kind string) bool { return kind == Confluent || kind == Apicurio || kind == Glue }

// frameOf recognises a frame by its first byte, with which no text begins.
func frameOf(value []byte) (frame, bool) {
	first := value[0]
	switch {
	case first == 0 && utf16or32(value):
		return frame{}, false
	case first == 0 && jsonAt(value, 5):
		return frame{kind: Confluent, body: value[5:]}, true
	case first == 0 && jsonAt(value, 9):
		return frame{kind: Apicurio, body: value[9:]}, true
	case first == 0 && len(value) >= 9 && binary.BigEndian.Uint32(value[1:]) == 0: // Confluent's numbers begin at 1
		return refuse(ApicurioBinary, "Apicurio", fmt.Sprint(binary.BigEndian.Uint64(value[1:]))), true
	case first == 0 && len(value) >= 5:
		return refuse(Binary, "Confluent", fmt.Sprint(binary.BigEndian.Uint32(value[1:]))), true
	case first == 0:
		return refuse(Binary, "Confluent", "that is cut"), true
	case first == 1 && jsonAt(value, 17):
		return frame{kind: Confluent, body: value[17:]}, true
	case first == 1 && len(value) >= 17:
		return refuse(Binary, "Confluent", fmt.Sprintf("%x", value[1:17])), true
	case first == 3 && len(value) > 18 && (value[1] == 0 && jsonAt(value, 18) || value[1] == 5):
		return frame{kind: Glue, body: value[18:]}, true // 5 is zlib, which is recognised like everywhere
	case first == 3 && len(value) >= 18 && value[1] == 0:
		return refuse(GlueBinary, "AWS Glue", fmt.Sprintf("%x", value[2:18])), true
	case first == 0xc3 && len(value) >= 10 && value[1] == 1:
		return frame{code: AvroBinary, reason: fmt.Sprintf("an Avro object with schema fingerprint %x: Avro is not read", value[2:10])}, true
	}
	return frame{}, false
}

func refuse(code, registry, schema string) frame {
	return frame{code: code, reason: fmt.Sprintf("a frame of the %s schema registry (schema %s) that holds no JSON: Avro and Protobuf are not read", registry, schema)}
}

func jsonAt(value []byte, i int) bool {
	if len(value) <= i {
		return false
	}
	rest := bytes.TrimLeft(value[i:], " \t\r\n")
	return len(rest) > 0 && (rest[0] == '{' || rest[0] == '[')
}

// utf16or32 reports whether the zero byte is half of a bracket, or belongs to a byte order mark.
func utf16or32(value []byte) bool {
	if len(value) < 4 {
		return false
	}
	return (value[1] == '{' || value[1] == '[') && value[2] == 0 && value[3] >= ' ' && value[3] < 0x7f ||
		bytes.HasPrefix(value, []byte("\x00\x00\xfe\xff"))
}
