package state

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var sample = Checkpoint{
	Input: 1<<40 + 7, Sequence: 1 << 63, Partitions: 12, Format: 0x0102, Topic: [16]byte{0: 0xaa, 15: 0xbb}, RuleSet: "f00d", Group: "okta stream",
	Engine: []byte{0, 1, 0xff},
}

// The sample as version 1 wrote it, and in the present version.
const (
	sampleHead  = "\x01\x02" + "\x00\x00\x01\x00\x00\x00\x00\x07" + "\x80\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x0c"
	sampleTexts = "\x00\x00\x00\x04f00d" + "\x00\x00\x00\x0bokta stream" + "\x00\x00\x00\x03\x00\x01\xff"
	sampleV1    = "\x01" + sampleHead + sampleTexts
	sampleV2    = "\x02" + sampleHead + "\xaa\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xbb" + sampleTexts
)

func TestCheckpointLayout(t *testing.T) {
	if diff := cmp.Diff([]byte(sampleV2), sample.Encode()); diff != "" {
		t.Fatalf("logs written before could not be read (-want +got)\n%s", diff)
	}
	old := sample
	old.Topic = [16]byte{}
	if got, err := DecodeCheckpoint([]byte(sampleV1)); err != nil || !cmp.Equal(old, got) {
		t.Errorf("version 1 is read as %+v, %v", got, err)
	}
	for _, c := range []Checkpoint{sample, {}, {Input: -1, Partitions: -1}} {
		got, err := DecodeCheckpoint(c.Encode())
		if diff := cmp.Diff(c, got); diff != "" || err != nil {
			t.Errorf("%v\n%s", err, diff)
		}
	}
}

func TestCheckpointRefused(t *testing.T) {
	for _, b := range [][]byte{[]byte(sampleV1), sample.Encode()} {
		for n := range b {
			if c, err := DecodeCheckpoint(b[:n]); !errors.Is(err, ErrCheckpoint) || c.Input != 0 {
				t.Errorf("version %d cut to %d bytes: %v %v", b[0], n, c, err)
			}
		}
		if _, err := DecodeCheckpoint(append(bytes.Clone(b), 0)); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("version %d with a byte too many: %v", b[0], err)
		}
		for _, version := range []byte{0, checkpointVersion + 1} {
			b[0] = version
			if _, err := DecodeCheckpoint(b); !errors.Is(err, ErrVersion) {
				t.Errorf("of version %d: %v", version, err)
			}
		}
	}
	huge := append(make([]byte, 0), sample.Encode()[:checkpointFixed+16]...)
	if _, err := DecodeCheckpoint(append(huge, 0xff, 0xff, 0xff, 0xff)); !errors.Is(err, ErrCheckpoint) {
		t.Errorf("of absurd length: %v", err)
	}
}

// A key that is none must reach a store, which refuses it, and not pass for one of a level that is no more.
func TestLevelOf(t *testing.T) {
	id := testID(1)
	id.SetLevel(117)
	for _, tt := range []struct {
		key  []byte
		want int
	}{{appendKey(nil, id, []byte("a")), 117}, {appendKey(nil, id, nil), 117}, {[]byte("wu1"), 0}, {[]byte("w"), 0}, {nil, 0}, {CheckpointKey, 0}} {
		if got := LevelOf(tt.key); got != tt.want {
			t.Errorf("%q: level %d, want %d", tt.key, got, tt.want)
		}
	}
}

func TestApply(t *testing.T) {
	entry := func(item string) []byte { return appendKey(nil, testID(1), []byte(item)) }
	at := []byte{0, 0, 0, 0, 0, 0, 0, 9}
	cases := []struct {
		name       string
		key, value []byte
		want       error
	}{
		{"no key", nil, at, ErrKey},
		{"unknown kind", []byte("x123"), at, ErrKind},
		{"kind of a later version", append([]byte{'W'}, entry("a")[1:]...), at, ErrKind},
		{"short entry key", entry("")[:itemAt-1], at, ErrKey},
		{"long checkpoint key", []byte("cc"), sample.Encode(), ErrKey},
		{"bad checkpoint", CheckpointKey, []byte{}, ErrCheckpoint},
		{"entry the window refuses", entry("a"), []byte("short"), errTally},
		{"entry", entry("a"), at, nil},
		{"entry without item", entry(""), []byte{}, nil},
		{"tombstone of what is not there", entry("b"), nil, nil},
		{"checkpoint", CheckpointKey, sample.Encode(), nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := New(newTally)
			if err := s.Apply(c.key, c.value); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestApplyCheckpoint(t *testing.T) {
	s := New(newTally)
	if _, ok := s.Checkpoint(); ok {
		t.Fatal("a new store has a checkpoint")
	}
	earlier := sample
	earlier.Input--
	for _, c := range []Checkpoint{earlier, sample} {
		if err := s.Apply(CheckpointKey, c.Encode()); err != nil {
			t.Fatal(err)
		}
	}
	got, ok := s.Checkpoint()
	if diff := cmp.Diff(sample, got); !ok || diff != "" {
		t.Fatalf("%v\n%s", ok, diff)
	}
	if err := s.Apply(CheckpointKey, nil); err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Checkpoint(); ok {
		t.Fatal("the tombstone did not remove the checkpoint")
	}
}

func TestApplyMakesNoWindowForTombstones(t *testing.T) {
	s := New(func(id ID) *tally {
		t.Errorf("window %x was made", id)
		return newTally(id)
	})
	if err := s.Apply(appendKey(nil, testID(1), []byte("a")), nil); err != nil {
		t.Fatal(err)
	}
}

// Compaction can leave the entries of a window in any order, with removals of others between them.
func TestApplyInAnyOrder(t *testing.T) {
	s := New(newTally)
	want := commit(t, s, func(txn *Txn[*tally]) { put(txn, testID(1), "m", 9) })
	tombstone := Change{Key: appendKey(nil, testID(1), []byte("z"))}
	for _, log := range [][]Change{
		{want[0], tombstone, want[1]},
		{want[1], tombstone, want[0]},
		{tombstone, want[1], want[0], tombstone},
	} {
		restored := replay(t, log, 0)
		if diff := cmp.Diff(dump(s), dump(restored)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		checkInvariants(t, restored)
	}
}

func FuzzDecodeCheckpoint(f *testing.F) {
	f.Add(sample.Encode())
	f.Add(Checkpoint{}.Encode())
	f.Add([]byte(sampleV1))
	f.Add([]byte{checkpointVersion + 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeCheckpoint(b)
		if err != nil {
			if !errors.Is(err, ErrCheckpoint) && !errors.Is(err, ErrVersion) {
				t.Fatalf("unnamed error %v", err)
			}
			return
		}
		again := c.Encode()
		if b[0] < checkpointVersion {
			if later, err := DecodeCheckpoint(again); err != nil || !cmp.Equal(c, later) {
				t.Fatalf("%x was read as %+v, and then as %+v, %v", b, c, later, err)
			}
		} else if !bytes.Equal(again, b) {
			t.Fatalf("%x was read as %+v, which is %x", b, c, again)
		}
	})
}

// FuzzApply applies two records of any kind: no panic, every error has a name, and what was accepted gives a sound
// store whose own entries restore to the same.
func FuzzApply(f *testing.F) {
	at := []byte{0, 0, 0, 0, 0, 0, 0, 9}
	key := appendKey(nil, testID(1), []byte("a"))
	f.Add(key, at, key, at, true)
	f.Add(key, at, appendKey(nil, testID(1), nil), []byte{}, false)
	f.Add(CheckpointKey, sample.Encode(), []byte{}, []byte{}, false)
	f.Add([]byte("w123"), []byte{}, []byte("x"), at, false)
	f.Fuzz(func(t *testing.T, key1, value1, key2, value2 []byte, tombstone bool) {
		if tombstone {
			value2 = nil
		}
		s := New(newTally)
		for _, c := range []Change{{key1, value1}, {key2, value2}} {
			err := s.Apply(c.Key, c.Value)
			if err == nil {
				continue
			}
			for _, known := range []error{ErrKind, ErrKey, ErrVersion, ErrCheckpoint, errTally} {
				if errors.Is(err, known) {
					return
				}
			}
			t.Fatalf("unnamed error %v", err)
		}
		checkInvariants(t, s)
		var log []Change
		for key, value := range s.Entries() {
			log = append(log, Change{bytes.Clone(key), append([]byte{}, value...)})
		}
		if diff := cmp.Diff(dump(s), dump(replay(t, log, 0))); diff != "" {
			t.Fatalf("(-store +restored)\n%s", diff)
		}
	})
}
