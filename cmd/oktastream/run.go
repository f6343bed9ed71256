package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor"
	"oktastream/processor/embedded"
)

func newRun() *cobra.Command {
	var file string
	var flags []string
	var src ruleSource
	var create bool
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Read events from Kafka, publish alerts to Kafka",
		Long: "run processes the input topic until it is told to stop: SIGTERM and SIGINT finish and commit the current batch\n" +
			"and leave the group, a second signal exits at once. Without bootstrap.servers it starts an in-process broker on\n" +
			"a fixed loopback port.\n\n" +
			"Settings come from flags, then OKTASTREAM_… variables, then the file. Kafka client properties have their own names.\n\n" +
			"Settings:\n" + settingHelp(),
		Example: "  oktastream run -X bootstrap.servers=kafka:9092 -X group.id=okta-detections -r rules/\n  oktastream run -c config.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := configure(file, os.Environ(), flags)
			if err != nil {
				return fail(exitUsage, fmt.Errorf("configuration:\n%w", err))
			}
			s.CreateTopics = s.CreateTopics || create
			src.configured(cmd, &s)
			stderr := cmd.ErrOrStderr()
			s.Logger = logger(s, stderr)
			set, err := src.loadSet(stderr)
			if err != nil {
				return err
			}
			closer, err := asked(reading{s.Enrich, s.Naming}, &set)
			if err != nil {
				return err
			}
			defer closer.Close()
			if name := set.Fields().Enrichment().String(); name != "" {
				s.Logger.Info("addresses are looked up", "databases", name)
			}
			s.Version = buildVersion()
			if s.kafka["bootstrap.servers"] == "" {
				broker, err := embedded.Start(embedded.Options{Port: s.EmbeddedPort})
				if err != nil {
					return fail(exitUsage, err)
				}
				defer broker.Close()
				fmt.Fprint(stderr, broker.Banner())
				s.Client = append(s.Client, kgo.SeedBrokers(broker.Addr()))
				s.CreateTopics = true
			}
			if s.Instance == "" {
				slot, err := claimSlot(s.Group)
				if err != nil {
					return fail(exitUsage, err)
				}
				defer slot.release()
				s.Instance = slot.name
			}
			if err := s.Validate(); err != nil {
				return fail(exitUsage, fmt.Errorf("configuration:\n%w", err))
			}
			s.Logger.Info("starting", "version", s.Version, "rules", len(set.Rules()), "ruleset", set.Fingerprint(), "instance", s.Instance)
			go processor.PaceCollector(cmd.Context())
			if err := processor.Run(cmd.Context(), s.Config, set); err != nil {
				return fail(exitUsage, err)
			}
			s.Logger.Info("stopped")
			return nil
		},
	}
	cmd.Flags().StringVarP(&file, "config", "c", "", "configuration file (YAML)")
	cmd.Flags().StringArrayVarP(&flags, "property", "X", nil, "property=value: a setting or a Kafka client property, may be repeated")
	cmd.Flags().BoolVar(&create, "create-topics", false, "create missing topics")
	rulesFlag(cmd, &src)
	return cmd
}

func settingHelp() string {
	var b []byte
	for _, t := range settingTable {
		b = fmt.Appendf(b, "  %-18s %s\n", t.name, t.doc)
	}
	return string(b)
}

func logger(s settings, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// errNoSlot means that many processes run on one host, or that somebody holds the locks.
var errNoSlot = errors.New("no free slot for this host: set instance")
