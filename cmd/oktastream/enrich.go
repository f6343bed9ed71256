package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"oktastream/processor/enrich"
	"oktastream/rules"
)

// enrichFlags lets an offline command use the databases that the live one uses.
func enrichFlags(cmd *cobra.Command, o *enrich.Options) {
	o.Cache = enrich.DefaultCache
	cmd.Flags().StringVar(&o.City, "geoip-city", "", "database of places in MaxMind's format, for source.geo.*")
	cmd.Flags().StringVar(&o.ASN, "geoip-asn", "", "database of autonomous systems in MaxMind's format, for source.as.*")
}

// enriched opens what o names and lets the sets ask it. The closer is for when they are done.
func enriched(o enrich.Options, sets ...**rules.Set) (io.Closer, error) {
	e, err := enrich.Open(o)
	if err != nil {
		return nil, fail(exitUsage, fmt.Errorf("enrichment: %w", err))
	}
	for _, s := range sets {
		if *s != nil {
			*s = (*s).Enriched(e)
		}
	}
	return e, nil
}
