package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/integration/bench/corpus"
	"oktastream/processor"
	"oktastream/rules"
	"oktastream/rules/event"
)

// fixedWork does one thing with a given number of events, so that its instructions can be counted, see TestInstructions.
func fixedWork(name string, n int) error {
	if read, ok := fixedReaders[name]; ok {
		return fixedReader(read, n)
	}
	events := corpus.New(fixedEvents, 3)
	var work contender
	switch name {
	case "decode":
		fields := event.NewFields()
		for _, p := range read {
			fields.Add(event.MustPath(p))
		}
		d := event.NewDecoder(fields)
		work = each(name, events, func(raw []byte) error { return readAll(d, fields, raw) })
	case "rules-10", "rules-100", "rules-10000":
		var size int
		if _, err := fmt.Sscanf(name, "rules-%d", &size); err != nil {
			return err
		}
		set, err := ruleSet(size, false)
		if err != nil {
			return err
		}
		work = whole(name, set, events)
	case "windows-1", "windows-2":
		var err error
		if work, err = windowsWork(name, int(name[len(name)-1]-'0')); err != nil {
			return err
		}
	default:
		return fmt.Errorf("no work is called %s", name)
	}
	for done := 0; done < n; done += len(events) {
		if _, err := work.run(0); err != nil {
			return err
		}
	}
	return nil
}

// fixedReaders read n events from a broker, with 100 rules: each does what the one before does, and more.
var fixedReaders = map[string]func(ctx context.Context, addr string, set *rules.Set, n int) error{
	"reader-counts": func(ctx context.Context, addr string, _ *rules.Set, n int) error {
		return consume(ctx, addr, n, func(*kgo.Record) error { return nil })
	},
	"reader-decodes": func(ctx context.Context, addr string, set *rules.Set, n int) error {
		return consume(ctx, addr, n, decoder(set))
	},
	"reader-at-least-once": func(ctx context.Context, addr string, set *rules.Set, n int) error {
		return atLeastOnce(ctx, addr, set, n, 0)
	},
	"reader-ingests": func(ctx context.Context, addr string, set *rules.Set, n int) error {
		_, err := process(ctx, addr, set, n, processor.Config{Group: "fixed", Stages: processor.Ingest, Workers: 1})
		return err
	},
}

// fixedReader gives read a broker in a process of its own.
func fixedReader(read func(ctx context.Context, addr string, set *rules.Set, n int) error, n int) error {
	set, err := ruleSet(100, true)
	if err != nil {
		return err
	}
	b, err := startBroker(8, n)
	if err != nil {
		return err
	}
	return errors.Join(read(context.Background(), b.addr, set, n), b.close())
}

// fixedEvents are decoded again and again.
const fixedEvents = 250

// readAll decodes an event and reads all its fields.
func readAll(d *event.Decoder, fields *event.Fields, raw []byte) error {
	ev, err := d.Decode(raw, event.Meta{})
	if err != nil {
		return err
	}
	for id := range fields.Len() {
		ev.Field(event.FieldID(id))
	}
	return nil
}
