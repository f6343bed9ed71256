package main

import (
	"context"
	"encoding/json"
	"hash/fnv"
	"io"
	"log"
	"os"
	"slices"
	"time"

	"github.com/IBM/sarama"
	gojson "github.com/goccy/go-json"
	"github.com/lovoo/goka"
	text "github.com/lovoo/goka/codec"
	"github.com/lovoo/goka/storage"
	"github.com/twmb/franz-go/pkg/kgo"
)

// logEvent has what the rules here read and nothing else, so that decoding has as little to do as can be.
type logEvent struct {
	UUID      string    `json:"uuid"`
	Published time.Time `json:"published"`
	EventType string    `json:"eventType"`
	Context   struct {
		Session string `json:"externalSessionId"`
	} `json:"authenticationContext"`
	Security struct {
		IsProxy bool `json:"isProxy"`
	} `json:"securityContext"`
	Debug struct {
		Data struct {
			Device string `json:"dtHash"`
		} `json:"debugData"`
	} `json:"debugContext"`
}

// codec is how a value of T is written and read. goka brings codecs for texts and numbers only.
type codec[T any] struct {
	encode func(any) ([]byte, error)
	decode func([]byte, any) error
}

func (c codec[T]) Encode(v any) ([]byte, error) { return c.encode(v) }

func (c codec[T]) Decode(raw []byte) (any, error) {
	v := new(T)
	return v, c.decode(raw, v)
}

// standard is the codec that goka's documentation shows.
func standard[T any]() goka.Codec { return codec[T]{json.Marshal, json.Unmarshal} }

// fast is the fastest that was found. Strings are not copied: nobody writes to sarama's records again.
func fast[T any]() goka.Codec {
	return codec[T]{gojson.Marshal, func(raw []byte, v any) error { return gojson.UnmarshalWithOption(raw, v, gojson.DecodeNoCopyString()) }}
}

func gokaStateless(events goka.Codec) func(context.Context) error {
	return consume(
		goka.Input(input, events, func(c goka.Context, m any) {
			if e := m.(*logEvent); e.EventType == "user.session.start" && e.Security.IsProxy {
				c.Emit(output(), e.UUID, e.UUID)
			}
		}),
		goka.Output(output(), new(text.String)),
	)
}

func output() goka.Stream { return goka.Stream(*group + "-alerts") }

// sighting is what of an event the session's table needs.
type sighting struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"`
	Device string    `json:"device"`
}

// window holds what a session has shown last, per device.
type window struct {
	Seen    []sighting `json:"seen"`
	Alerted bool       `json:"alerted"`
}

// observe counts the devices of the last nine minutes and alerts once for a session. It trusts that events are in order.
func observe(c goka.Context, s sighting) {
	w, _ := c.Value().(*window)
	if w == nil {
		w = &window{}
	}
	w.Seen = slices.DeleteFunc(w.Seen, func(old sighting) bool {
		return old.Device == s.Device || s.At.Sub(old.At) > 9*time.Minute
	})
	if w.Seen = append(w.Seen, s); len(w.Seen) >= 3 && !w.Alerted {
		w.Alerted = true
		c.Emit(output(), c.Key(), s.ID)
	}
	c.SetValue(w)
}

// counts says whether an event shows a device of a session.
func (e *logEvent) counts() bool {
	session, device := e.Context.Session, e.Debug.Data.Device
	return session != "" && session != "unknown" && device != "" && device != "-"
}

func (e *logEvent) sighting() sighting {
	return sighting{ID: e.UUID, At: e.Published, Device: e.Debug.Data.Device}
}

func gokaStateful(events, sightings, windows goka.Codec) func(context.Context) error {
	return consume(
		goka.Input(input, events, func(c goka.Context, m any) {
			if e := m.(*logEvent); e.counts() {
				c.Loopback(e.Context.Session, e.sighting())
			}
		}),
		goka.Loop(sightings, func(c goka.Context, m any) { observe(c, *m.(*sighting)) }),
		goka.Output(output(), new(text.String)),
		goka.Persist(windows),
	)
}

func gokaBySession(events, windows goka.Codec) func(context.Context) error {
	return consume(
		goka.Input(bySession, events, func(c goka.Context, m any) {
			if e := m.(*logEvent); e.counts() {
				observe(c, e.sighting())
			}
		}),
		goka.Output(output(), new(text.String)),
		goka.Persist(windows),
	)
}

// consume runs goka with its defaults but for where it begins, and for replicas, of which one broker has one.
func consume(edges ...goka.Edge) func(context.Context) error {
	return func(ctx context.Context) error {
		dir, err := os.MkdirTemp("", "goka")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		config := goka.DefaultConfig()
		config.Version = sarama.V2_3_0_0 // with later ones it does not understand the broker's answers
		config.Consumer.Offsets.Initial = sarama.OffsetOldest
		goka.ReplaceGlobalConfig(config)
		topics := goka.NewTopicManagerConfig()
		topics.Table.Replication, topics.Stream.Replication = 1, 1
		p, err := goka.NewProcessor([]string{*addr}, goka.DefineGroup(goka.Group(*group), edges...),
			goka.WithLogger(log.New(io.Discard, "", 0)),
			goka.WithTopicManagerBuilder(goka.TopicManagerBuilderWithTopicManagerConfig(topics)),
			goka.WithStorageBuilder(storage.DefaultBuilder(dir)))
		if err != nil {
			return err
		}
		return p.Run(ctx)
	}
}

// gokaHasher places keys as goka does, which looks for a key's table in the partition that its events come from.
func gokaHasher() kgo.PartitionerHasher {
	return kgo.SaramaCompatHasher(func(key []byte) uint32 {
		h := fnv.New32a()
		h.Write(key)
		return h.Sum32()
	})
}
