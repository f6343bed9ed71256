package main

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"oktastream/processor/enrich"
	"oktastream/rules"
	"oktastream/rules/event"
)

// reading is how events are asked for what they do not say in so many words.
type reading struct {
	enrich.Options
	naming string // of event.Namings, or empty
}

// readingFlags lets an offline command read events as the live one does.
func readingFlags(cmd *cobra.Command, r *reading) {
	r.Cache = enrich.DefaultCache
	cmd.Flags().StringVar(&r.City, "geoip-city", "", "database of places in MaxMind's format, for source.geo.*")
	cmd.Flags().StringVar(&r.ASN, "geoip-asn", "", "database of autonomous systems in MaxMind's format, for source.as.*")
	namingFlag(cmd, &r.naming)
}

// namingVariable is the setting ecs.user.name in the environment, which holds for the offline commands too.
const namingVariable = "OKTASTREAM_ECS_USER_NAME"

func namingFlag(cmd *cobra.Command, naming *string) {
	cmd.Flags().StringVar(naming, "ecs-user-name", os.Getenv(namingVariable),
		"what user.name is, "+strings.Join(event.Namings(), " or ")+" (default address; also "+namingVariable+")")
}

// namingOf reads what namingFlag has taken.
func namingOf(text string) (event.Naming, error) {
	n, err := event.ParseNaming(cmp.Or(text, event.Namings()[0]))
	if err != nil {
		return n, fail(exitUsage, err)
	}
	return n, nil
}

// asked lets the sets read events as r says. The closer is for when they are done.
func asked(r reading, sets ...**rules.Set) (io.Closer, error) {
	n, err := namingOf(r.naming)
	if err != nil {
		return nil, err
	}
	e, err := enrich.Open(r.Options)
	if err != nil {
		return nil, fail(exitUsage, fmt.Errorf("enrichment: %w", err))
	}
	for _, s := range sets {
		if *s != nil {
			*s = (*s).Named(n).Enriched(e)
		}
	}
	return e, nil
}
