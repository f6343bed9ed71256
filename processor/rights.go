package processor

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// denials are answers of a broker whose authorizer knows no right for what was asked. A new session would meet them
// again, so the process stops: whoever runs it starts it again when the right is there.
var denials = []error{kerr.TopicAuthorizationFailed, kerr.GroupAuthorizationFailed, kerr.TransactionalIDAuthorizationFailed, kerr.ClusterAuthorizationFailed}

// lacks says which right is missing when err is a denial, and returns any other err as it is.
func lacks(err error, right, resource string) error {
	if slices.ContainsFunc(denials, func(d error) bool { return errors.Is(err, d) }) {
		return permanent(fmt.Errorf("%w; this user lacks the right %s on %s", err, right, resource))
	}
	return err
}

// operation is a right on topics.
type operation struct {
	code kmsg.ACLOperation
	name string
}

var (
	readTopic  = operation{kmsg.ACLOperationRead, "READ"}
	writeTopic = operation{kmsg.ACLOperationWrite, "WRITE"}
)

// rightsOn are those that the stages of c make use of.
func (c *Config) rightsOn(topic string) []operation {
	switch {
	case topic == c.Repartition && c.Stages&Detect == 0:
		return []operation{writeTopic}
	case topic == c.Repartition, topic == c.Changelog:
		return []operation{readTopic, writeTopic}
	case topic == c.Alerts, topic == c.DeadLetters:
		return []operation{writeTopic}
	}
	return []operation{readTopic}
}

// missingRights is what checkRights finds once a worker has been denied something on a topic; nil if nothing can be found.
func (p *Processor) missingRights() error {
	ctx, cancel := context.WithTimeout(context.Background(), adminTimeout)
	defer cancel()
	cl, err := kgo.NewClient(p.client("admin")...)
	if err != nil {
		return nil
	}
	defer cl.Close()
	if err := checkRights(ctx, cl, p.config); isPermanent(err) {
		return err
	}
	return nil
}

// checkRights asks what this user may do with the topics (KIP-430), and names everything that is missing at once. The
// brokers tell of topics that exist; of others only whether they may be seen. Brokers before 2.3 do not tell: there the
// first use of a right that is missing ends the process.
func checkRights(ctx context.Context, cl *kgo.Client, c Config) error {
	req := kmsg.NewPtrMetadataRequest()
	req.IncludeTopicAuthorizedOperations = true
	for _, name := range c.needs() {
		t := kmsg.NewMetadataRequestTopic()
		t.Topic = kmsg.StringPtr(name)
		req.Topics = append(req.Topics, t)
	}
	resp, err := req.RequestWith(ctx, cl)
	if err != nil {
		return fmt.Errorf("ask for rights on topics: %w", err)
	}
	var missing []string
	for _, t := range resp.Topics {
		if t.Topic == nil {
			continue
		}
		unseen := t.ErrorCode == kerr.TopicAuthorizationFailed.Code
		if !unseen && (t.ErrorCode != 0 || t.AuthorizedOperations == math.MinInt32) {
			continue
		}
		for _, o := range c.rightsOn(*t.Topic) {
			if unseen || t.AuthorizedOperations&(1<<o.code) == 0 {
				missing = append(missing, o.name+" on topic "+*t.Topic)
			}
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return permanent(fmt.Errorf("this user lacks rights: %s", strings.Join(missing, ", ")))
	}
	return nil
}
