package main

import (
	"context"
	"io"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/processor"
)

// proxySignIn is one of the public rules.
const proxySignIn = `title: A session begins through an anonymising proxy
id: 00000000-0000-4000-8000-000000000000
logsource:
    product: okta
    service: okta
detection:
    selection:
        eventType: user.session.start
        securityContext.isProxy: 'true'
    condition: selection
level: high
`

// threeDevices counts as gokaStateful does.
const threeDevices = `title: Three device token hashes in a session
id: 00000000-0000-4000-8000-000000000001
correlation:
    type: value_count
    rules:
        - session_event
    group-by:
        - authenticationContext.externalSessionId
    timespan: 9m
    condition:
        field: debugContext.debugData.dtHash
        gte: 3
level: medium
---
title: An event with a device
id: 00000000-0000-4000-8000-000000000002
name: session_event
logsource:
    product: okta
    service: okta
detection:
    selection:
        authenticationContext.externalSessionId|exists: true
        debugContext.debugData.dtHash|exists: true
    filter:
        - debugContext.debugData.dtHash: '-'
        - authenticationContext.externalSessionId: unknown
    condition: selection and not filter
level: informational
`

func oursStateless() func(context.Context) error { return pipeline(proxySignIn, processor.Ingest) }

func oursStateful() func(context.Context) error { return pipeline(threeDevices, processor.Both) }

// pipeline runs stages of the product as it is by default, transactions included.
func pipeline(rules string, stages processor.Stage) func(context.Context) error {
	set, err := load([]string{rules})
	return func(ctx context.Context) error {
		if err != nil {
			return err
		}
		return processor.Run(ctx, processor.Config{
			Client: []kgo.Opt{kgo.SeedBrokers(*addr)}, Group: *group, Input: []string{input}, Alerts: *group + "-alerts", Stages: stages,
			CreateTopics: true, Partitions: partitions, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
		}, set)
	}
}
