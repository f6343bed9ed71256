package main

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"oktastream/processor"
	"oktastream/processor/embedded"
	"oktastream/processor/enrich"
	"oktastream/rules/event"
	"oktastream/rules/schema"
)

// settings is everything that `run` can be told. Kafka client properties are told under their own names beside these.
type settings struct {
	processor.Config
	Rules []string

	RulesOnError, RulesFilesRoot string
	RulesRunDisabled             bool

	EmbeddedPort int
	LogLevel     string
	LogFormat    string
	Enrich       enrich.Options
	Naming       string
	kafka        map[string]string
}

func defaults() settings {
	return settings{
		Config:       processor.Config{HTTP: processor.DefaultHTTP, StateBudget: processor.AutoBudget},
		RulesOnError: failOnError,
		EmbeddedPort: embedded.DefaultPort, LogLevel: "info", LogFormat: "text", Enrich: enrich.Options{Cache: enrich.DefaultCache}, kafka: map[string]string{},
	}
}

// setting is one key of the configuration: by this name in a file and behind -X, as OKTASTREAM_NAME in the environment.
type setting struct {
	name string
	doc  string
	form
}

// form is how a value is written, for editors, and what takes it in.
type form struct {
	kind   schema.Kind
	values []string // of a schema.Choice
	set    func(s *settings, value string) error
}

// settingTable is the reference: flags, file, environment, errors and the README follow it.
var settingTable = []setting{
	{"rules", "rule files and directories, comma-separated (default: the shipped pack)", list(func(s *settings) *[]string { return &s.Rules })},
	{"rules.on.error", "what a rule with errors does to the others: fail (nothing runs) or skip (default fail)", oneOf(func(s *settings) *string { return &s.RulesOnError }, failOnError, skipOnError)},
	{"rules.files.root", "a further directory below which files may lie that rules name, such as lists (default: the directories of the rules)", text(func(s *settings) *string { return &s.RulesFilesRoot })},
	{"rules.run.disabled", "run rules that are disabled in Kibana as well (default false)", boolean(func(s *settings) *bool { return &s.RulesRunDisabled })},
	{"instance", "name of this process in its group, stable over restarts (default: host name and a free slot number)", text(func(s *settings) *string { return &s.Instance })},
	{"stage", "ingest, detect or both (default both)", form{schema.Choice, []string{"ingest", "detect", "both"},
		func(s *settings, v string) (err error) { s.Stages, err = processor.ParseStage(v); return err }}},
	{"workers", "sessions per stage (default: one for every two CPUs, at most one for each partition)", number(func(s *settings) *int { return &s.Workers })},
	{"input", "input topics, comma-separated (default okta.system-log)", list(func(s *settings) *[]string { return &s.Input })},
	{"alerts", "alerts topic (default okta.alerts)", text(func(s *settings) *string { return &s.Alerts })},
	{"repartition", "repartition topic (default <group>-repartition)", text(func(s *settings) *string { return &s.Repartition })},
	{"changelog", "changelog topic (default <group>-changelog)", text(func(s *settings) *string { return &s.Changelog })},
	{"dead.letters", "dead-letter topic (default <group>-dlq)", text(func(s *settings) *string { return &s.DeadLetters })},
	{"create.topics", "create missing topics (default false)", boolean(func(s *settings) *bool { return &s.CreateTopics })},
	{"partitions", "partitions of created topics (default 4)", form{kind: schema.Integer, set: func(s *settings, v string) error {
		n, err := strconv.ParseInt(v, 10, 32)
		s.Partitions = int32(n)
		return err
	}}},
	{"replication", "replicas of created topics; -1 is the broker's default (default -1)", form{kind: schema.Integer, set: func(s *settings, v string) error {
		n, err := strconv.ParseInt(v, 10, 16)
		s.Replication = int16(n)
		return err
	}}},
	{"commit.interval", "longest time from a transaction's first record to its end (default 100ms)", duration(func(s *settings) *time.Duration { return &s.CommitInterval })},
	{"max.records", "records per transaction (default 5000)", number(func(s *settings) *int { return &s.MaxRecords })},
	{"max.bytes", "bytes per transaction (default 8MiB)", size(func(s *settings) *int { return &s.MaxBytes })},
	{"max.record.bytes", "largest record of the input that is read; a larger one becomes a dead letter, and so does a batch that unpacks to more than four times as much or 32MiB (default 16MiB)", size(func(s *settings) *int { return &s.MaxRecordBytes })},
	{"idle.timeout", "silence after which a source that is read to its end no longer holds the clock (default 30s)", duration(func(s *settings) *time.Duration { return &s.IdleTimeout })},
	{"skew", "how far an event may lie in the future of its reading (default 5m)", duration(func(s *settings) *time.Duration { return &s.Skew })},
	{"envelope", "pin the envelope of the input instead of detecting it", text(func(s *settings) *string { return &s.Envelope })},
	{"envelope.path", "where in a record the event is, such as payload.data, instead of looking for it", text(func(s *settings) *string { return &s.EnvelopePath })},
	{"org", "organisation name, for alerts and their ids", text(func(s *settings) *string { return &s.Org })},
	{"format", "of alerts: native or ecs (default native)", text(func(s *settings) *string { return &s.Format })},
	{"state.budget", "bytes of windows a task may hold, such as 512MiB; 0 is without limit (default: a third of the memory limit, divided by the partitions of the repartition topic)", size(func(s *settings) *int { return &s.StateBudget })},
	{"leave.on.shutdown", "a static member leaves the group when it stops, for scaling in (default false)", boolean(func(s *settings) *bool { return &s.LeaveOnShutdown })},
	{"http", "address of /metrics, /healthz and /readyz; none for no server (default " + processor.DefaultHTTP + ")", form{kind: schema.Text, set: func(s *settings, v string) error {
		if s.HTTP = v; v == "none" {
			s.HTTP = ""
		}
		return nil
	}}},
	{"embedded.port", "loopback port of the in-process broker, used when bootstrap.servers is not set (default 19092)", number(func(s *settings) *int { return &s.EmbeddedPort })},
	{"geoip.city", "database of places in MaxMind's format, for source.geo.* (default: what the event says)", text(func(s *settings) *string { return &s.Enrich.City })},
	{"geoip.asn", "database of autonomous systems in MaxMind's format, for source.as.* (default: what the event says)", text(func(s *settings) *string { return &s.Enrich.ASN })},
	{"enrichment.cache", "bytes of each cache, of parsed user agents and of looked-up addresses; 0 for none (default 16MiB)", size(func(s *settings) *int { return &s.Enrich.Cache })},
	{"ecs.user.name", "what user.name is: address, as Elastic's Okta integration has it since April 2025, or account, the part before @, as it was (default address)",
		oneOf(func(s *settings) *string { return &s.Naming }, event.Namings()...)},
	{"log.level", "debug, info, warn or error (default info)", oneOf(func(s *settings) *string { return &s.LogLevel }, "debug", "info", "warn", "error")},
	{"log.format", "text or json (default text)", oneOf(func(s *settings) *string { return &s.LogFormat }, "text", "json")},
}

func text(field func(*settings) *string) form {
	return form{kind: schema.Text, set: func(s *settings, v string) error { *field(s) = v; return nil }}
}

func list(field func(*settings) *[]string) form {
	return form{kind: schema.List, set: func(s *settings, v string) error {
		var items []string
		for _, item := range strings.Split(v, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
		*field(s) = items
		return nil
	}}
}

func number(field func(*settings) *int) form {
	return form{kind: schema.Integer, set: func(s *settings, v string) (err error) { *field(s), err = strconv.Atoi(v); return err }}
}

func boolean(field func(*settings) *bool) form {
	return form{kind: schema.Boolean, set: func(s *settings, v string) (err error) { *field(s), err = strconv.ParseBool(v); return err }}
}

func duration(field func(*settings) *time.Duration) form {
	return form{kind: schema.Duration, set: func(s *settings, v string) (err error) { *field(s), err = time.ParseDuration(v); return err }}
}

func oneOf(field func(*settings) *string, values ...string) form {
	return form{schema.Choice, values, func(s *settings, v string) error {
		for _, ok := range values {
			if v == ok {
				*field(s) = v
				return nil
			}
		}
		return fmt.Errorf("is not one of %s", strings.Join(values, ", "))
	}}
}

// size reads a number of bytes with a unit of KiB, MiB or GiB, or none.
func size(field func(*settings) *int) form {
	return form{kind: schema.Size, set: func(s *settings, v string) error {
		unit := 1
		for _, u := range []struct {
			suffix string
			bytes  int
		}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}} {
			if rest, ok := strings.CutSuffix(v, u.suffix); ok {
				v, unit = strings.TrimSpace(rest), u.bytes
			}
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n > math.MaxInt/unit {
			return errors.New("is not a number of bytes, such as 512MiB")
		}
		*field(s) = n * unit
		return nil
	}}
}
