package processor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"
)

// guarded is a cluster on which the user may do what rights say, and a client of that user.
func guarded(t *testing.T, rights []kfake.ACL) *kgo.Client {
	t.Helper()
	c := newCluster(t, kfake.EnableSASL(), kfake.EnableACLs(), kfake.Superuser("PLAIN", "admin", "admin"), kfake.User("PLAIN", "user", "pw", rights...))
	for topic, policy := range map[string]string{"in": "delete", "alerts": "delete", "re": "delete", "log": "compact", "dlq": "delete"} {
		if err := c.CreateTopic(topic, 1, map[string]string{"cleanup.policy": policy}); err != nil {
			t.Fatal(err)
		}
	}
	return newClient(t, c, kgo.SASL(plain.Auth{User: "user", Pass: "pw"}.AsMechanism()))
}

func topicRight(name string, operation kmsg.ACLOperation) kfake.ACL {
	return kfake.ACL{Resource: kmsg.ACLResourceTypeTopic, Name: name, Pattern: kmsg.ACLResourcePatternTypeLiteral, Operation: operation, Allow: true}
}

// Each stage asks for what it uses, each right is missed by its name, and all that are missing are named at once.
func TestRightsOnTopics(t *testing.T) {
	t.Parallel()
	names := map[string]kfake.ACL{
		"READ on topic in":      topicRight("in", kmsg.ACLOperationRead),
		"WRITE on topic alerts": topicRight("alerts", kmsg.ACLOperationWrite),
		"READ on topic re":      topicRight("re", kmsg.ACLOperationRead),
		"WRITE on topic re":     topicRight("re", kmsg.ACLOperationWrite),
		"READ on topic log":     topicRight("log", kmsg.ACLOperationRead),
		"WRITE on topic log":    topicRight("log", kmsg.ACLOperationWrite),
		"WRITE on topic dlq":    topicRight("dlq", kmsg.ACLOperationWrite),
	}
	every := slices.Sorted(maps.Keys(names))
	type test struct {
		stages  Stage
		without []string // rights the user has not
		missing []string // of which these are missed
	}
	tests := []test{
		{Both, nil, nil},
		{Both, every, every},
		{Ingest, []string{"READ on topic re", "READ on topic log", "WRITE on topic log"}, nil},
		{Detect, []string{"READ on topic in"}, nil},
		{Detect, []string{"READ on topic in", "READ on topic re"}, []string{"READ on topic re"}},
	}
	for _, n := range every {
		tests = append(tests, test{Both, []string{n}, []string{n}})
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%v without %v", tt.stages, tt.without), func(t *testing.T) {
			t.Parallel()
			var have []kfake.ACL
			for n, r := range names {
				if !slices.Contains(tt.without, n) {
					have = append(have, r)
				}
			}
			cl := guarded(t, have)
			c := Config{Stages: tt.stages, Input: []string{"in"}, Alerts: "alerts", Repartition: "re", Changelog: "log", DeadLetters: "dlq"}.withDefaults()
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err := prepareTopics(ctx, cl, c)
			if len(tt.missing) == 0 {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if want := "this user lacks rights: " + strings.Join(tt.missing, ", "); !isPermanent(err) || err.Error() != want {
				t.Errorf("error %q, want a permanent %q", err, want)
			}
		})
	}
}

// A right that is taken away later ends the process by name, whatever it was needed for.
func TestLacks(t *testing.T) {
	t.Parallel()
	for _, d := range denials {
		err := lacks(fmt.Errorf("produce to alerts/0: %w", d), "WRITE", "topic alerts")
		if !isPermanent(err) || !errors.Is(err, d) || !strings.HasSuffix(err.Error(), "; this user lacks the right WRITE on topic alerts") {
			t.Errorf("%v becomes %v", d, err)
		}
	}
	if err := lacks(kerr.NotLeaderForPartition, "WRITE", "topic alerts"); err != kerr.NotLeaderForPartition {
		t.Errorf("an error that is no denial becomes %v", err)
	}
	if lacks(nil, "READ", "topic in") != nil {
		t.Error("no error becomes one")
	}
}
