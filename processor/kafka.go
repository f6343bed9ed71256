package processor

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"oktastream/rules/nearest"
)

// property is a Kafka client property: it either does something here, or there is a reason why it cannot.
type property struct {
	apply  func(c *kafkaConfig, value string) error
	reason string
}

// kafkaConfig collects properties that only work together.
type kafkaConfig struct {
	config                     *Config
	opts                       []kgo.Opt
	protocol                   string
	mechanism, user, password  string
	ca, cert, key, keyPassword string
	tlsUsed, saslUsed          bool
}

// properties are those that Kafka users have in their files, under Kafka's own names.
var properties = map[string]property{
	"bootstrap.servers": {apply: func(c *kafkaConfig, v string) error {
		var seeds []string
		for _, s := range strings.Split(v, ",") {
			if s = strings.TrimSpace(s); s != "" {
				if strings.ContainsAny(s, "@/") { // not shown: it may hold a password
					return fmt.Errorf("server %d is not host:port; a user and a password go to sasl.username and sasl.password", len(seeds)+1)
				}
				seeds = append(seeds, s)
			}
		}
		if len(seeds) == 0 {
			return errors.New("names no server")
		}
		return c.add(kgo.SeedBrokers(seeds...))
	}},
	"client.id":   {apply: func(c *kafkaConfig, v string) error { return c.add(kgo.ClientID(v)) }},
	"client.rack": {apply: func(c *kafkaConfig, v string) error { return c.add(kgo.Rack(v)) }},
	"group.id":    {apply: func(c *kafkaConfig, v string) error { c.config.Group = v; return nil }},
	"group.instance.id": {apply: func(c *kafkaConfig, v string) error {
		c.config.StaticID = v
		set(&c.config.Instance, v)
		return nil
	}},
	"auto.offset.reset":      {apply: func(c *kafkaConfig, v string) error { c.config.Reset = v; return nil }},
	"session.timeout.ms":     millis(func(c *kafkaConfig, d time.Duration) { c.config.SessionTimeout = d }),
	"heartbeat.interval.ms":  millis(func(c *kafkaConfig, d time.Duration) { c.config.HeartbeatInterval = d }),
	"transaction.timeout.ms": millis(func(c *kafkaConfig, d time.Duration) { c.config.TransactionTimeout = d }),
	"max.poll.interval.ms":   millis(func(c *kafkaConfig, d time.Duration) { c.config.RebalanceTimeout = d }),
	"max.poll.records":       integer(func(c *kafkaConfig, n int) { c.config.MaxRecords = n }),
	"max.request.size":       integer(func(c *kafkaConfig, n int) { c.config.MaxRequestSize = n }),
	"linger.ms": {apply: func(c *kafkaConfig, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return fmt.Errorf("%q is not a number of milliseconds", v)
		}
		return c.add(kgo.ProducerLinger(time.Duration(n) * time.Millisecond))
	}},
	"compression.type":          {apply: compression},
	"fetch.min.bytes":           integer(func(c *kafkaConfig, n int) { c.opts = append(c.opts, kgo.FetchMinBytes(int32(n))) }),
	"fetch.max.bytes":           integer(func(c *kafkaConfig, n int) { c.opts = append(c.opts, kgo.FetchMaxBytes(int32(n))) }),
	"max.partition.fetch.bytes": integer(func(c *kafkaConfig, n int) { c.opts = append(c.opts, kgo.FetchMaxPartitionBytes(int32(n))) }),
	"fetch.max.wait.ms":         millis(func(c *kafkaConfig, d time.Duration) { c.opts = append(c.opts, kgo.FetchMaxWait(d)) }),
	"metadata.max.age.ms":       millis(func(c *kafkaConfig, d time.Duration) { c.opts = append(c.opts, kgo.MetadataMaxAge(d)) }),
	"connections.max.idle.ms":   millis(func(c *kafkaConfig, d time.Duration) { c.opts = append(c.opts, kgo.ConnIdleTimeout(d)) }),
	"request.timeout.ms":        millis(func(c *kafkaConfig, d time.Duration) { c.opts = append(c.opts, kgo.RequestTimeoutOverhead(d)) }),
	"security.protocol": {apply: func(c *kafkaConfig, v string) error {
		if !slices.Contains([]string{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}, strings.ToUpper(v)) {
			return fmt.Errorf("%q is not PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL", v)
		}
		c.protocol = strings.ToUpper(v)
		return nil
	}},
	"sasl.mechanism": {apply: func(c *kafkaConfig, v string) error { c.saslUsed = true; c.mechanism = v; return nil }},
	"sasl.username":  {apply: func(c *kafkaConfig, v string) error { c.saslUsed = true; c.user = v; return nil }},
	"sasl.password":  {apply: func(c *kafkaConfig, v string) error { c.saslUsed = true; c.password = v; return nil }},
	"sasl.jaas.config": {apply: func(c *kafkaConfig, v string) error {
		c.saslUsed = true
		return c.parseJAAS(v)
	}},
	"ssl.ca.location":          {apply: func(c *kafkaConfig, v string) error { c.tlsUsed = true; c.ca = v; return nil }},
	"ssl.certificate.location": {apply: func(c *kafkaConfig, v string) error { c.tlsUsed = true; c.cert = v; return nil }},
	"ssl.key.location":         {apply: func(c *kafkaConfig, v string) error { c.tlsUsed = true; c.key = v; return nil }},
	"ssl.key.password":         {apply: func(c *kafkaConfig, v string) error { c.tlsUsed = true; c.keyPassword = v; return nil }},
	"isolation.level": {apply: func(_ *kafkaConfig, v string) error {
		if v != "read_committed" {
			return errors.New("must be read_committed: aborted records would be counted otherwise")
		}
		return nil
	}},
	"enable.auto.commit": {apply: func(_ *kafkaConfig, v string) error {
		if v != "false" {
			return errors.New("must be false: offsets are committed in transactions")
		}
		return nil
	}},
	"enable.idempotence": {apply: func(_ *kafkaConfig, v string) error {
		if v != "true" {
			return errors.New("must be true: transactions need it")
		}
		return nil
	}},
	"acks": {apply: func(_ *kafkaConfig, v string) error {
		if v != "all" && v != "-1" {
			return errors.New("must be all: transactions need it")
		}
		return nil
	}},

	"group.protocol":                        {reason: "only classic is supported: with the consumer protocol (KIP-848) a transaction can hang over a rebalance"},
	"partition.assignment.strategy":         {reason: "it is cooperative-sticky, and state depends on it"},
	"transactional.id":                      {reason: "it is made of group.id and instance; set instance to make it stable"},
	"sasl.oauthbearer.token.endpoint.url":   {reason: "OAUTHBEARER is not supported yet"},
	"sasl.kerberos.service.name":            {reason: "GSSAPI is not supported"},
	"ssl.truststore.location":               {reason: "Java key stores are not read; put the CA certificates into a PEM file and name it in ssl.ca.location"},
	"ssl.truststore.password":               {reason: "Java key stores are not read"},
	"ssl.truststore.type":                   {reason: "Java key stores are not read"},
	"ssl.keystore.location":                 {reason: "Java key stores are not read; put certificate and key into PEM files and name them in ssl.certificate.location and ssl.key.location"},
	"ssl.keystore.password":                 {reason: "Java key stores are not read"},
	"ssl.keystore.type":                     {reason: "Java key stores are not read"},
	"ssl.endpoint.identification.algorithm": {reason: "host names are always verified"},
	"enable.ssl.certificate.verification":   {reason: "certificates are always verified"},
	"key.serializer":                        {reason: "there is nothing to choose"},
	"value.serializer":                      {reason: "there is nothing to choose"},
	"key.deserializer":                      {reason: "there is nothing to choose"},
	"value.deserializer":                    {reason: "there is nothing to choose"},
	"sasl.client.callback.handler.class":    {reason: "Java classes cannot be loaded"},
	"interceptor.classes":                   {reason: "Java classes cannot be loaded"},
	"retries":                               {reason: "transactions are retried until they time out"},
	"delivery.timeout.ms":                   {reason: "it is transaction.timeout.ms"},
	"max.in.flight.requests.per.connection": {reason: "the client keeps the order by itself"},
	"allow.auto.create.topics":              {reason: "topics are created with create.topics only"},
	"auto.commit.interval.ms":               {reason: "it is commit.interval"},
	"exclude.internal.topics":               {reason: "topics are named one by one"},
	"receive.buffer.bytes":                  {reason: "the operating system chooses"},
	"send.buffer.bytes":                     {reason: "the operating system chooses"},
	"batch.size":                            {reason: "it follows from max.request.size"},
	"buffer.memory":                         {reason: "it follows from max.bytes"},
	"max.block.ms":                          {reason: "it is transaction.timeout.ms"},
	"reconnect.backoff.ms":                  {reason: "the client chooses"},
	"reconnect.backoff.max.ms":              {reason: "the client chooses"},
	"retry.backoff.ms":                      {reason: "the client chooses"},
	"client.dns.lookup":                     {reason: "every address of a name is tried"},
	"check.crcs":                            {reason: "checksums are always verified"},
	"default.api.timeout.ms":                {reason: "it is transaction.timeout.ms"},
	"sasl.login.callback.handler.class":     {reason: "Java classes cannot be loaded"},
	"ssl.protocol":                          {reason: "TLS 1.2 or newer is negotiated"},
	"ssl.enabled.protocols":                 {reason: "TLS 1.2 or newer is negotiated"},
	"ssl.cipher.suites":                     {reason: "secure ones are negotiated"},
	"partitioner.class":                     {reason: "keys are hashed as Kafka's own producer does"},
	"group.remote.assignor":                 {reason: "only the classic group protocol is supported"},
	"sasl.oauthbearer.client.id":            {reason: "OAUTHBEARER is not supported yet"},
	"sasl.oauthbearer.client.secret":        {reason: "OAUTHBEARER is not supported yet"},
	"sasl.oauthbearer.scope":                {reason: "OAUTHBEARER is not supported yet"},
}

func (c *kafkaConfig) add(o ...kgo.Opt) error {
	c.opts = append(c.opts, o...)
	return nil
}

func millis(apply func(*kafkaConfig, time.Duration)) property {
	return integer(func(c *kafkaConfig, n int) { apply(c, time.Duration(n)*time.Millisecond) })
}

func integer(apply func(*kafkaConfig, int)) property {
	return property{apply: func(c *kafkaConfig, v string) error {
		n, err := strconv.ParseInt(v, 10, 32)
		if err != nil || n <= 0 {
			return fmt.Errorf("%q is not a positive number", v)
		}
		apply(c, int(n))
		return nil
	}}
}

func compression(c *kafkaConfig, v string) error {
	codecs := map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}
	codec, ok := codecs[v]
	if !ok {
		return fmt.Errorf("%q is not none, gzip, snappy, lz4 or zstd", v)
	}
	return c.add(kgo.ProducerBatchCompression(codec))
}

// PropertyNames lists the Kafka properties that SetKafka takes, in order.
func PropertyNames() []string {
	var names []string
	for name, p := range properties {
		if p.apply != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// SetKafka applies Kafka client properties under their own names. It returns every problem, each naming its property:
// one that does not exist, with the nearest that does; one that has no effect here, with the reason; a value that cannot
// be. c is usable only without an error. File names are read now.
func (c *Config) SetKafka(props map[string]string) error {
	k := &kafkaConfig{config: c}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(props)) {
		p, ok := properties[name]
		switch {
		case !ok:
			errs = append(errs, unknownProperty(name))
		case p.apply == nil:
			errs = append(errs, fmt.Errorf("%s is not supported: %s", name, p.reason))
		default:
			if err := p.apply(k, props[name]); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", name, err))
			}
		}
	}
	errs = append(errs, k.security())
	if err := errors.Join(errs...); err != nil {
		return err
	}
	c.Client = append(c.Client, k.opts...)
	return nil
}

func unknownProperty(name string) error {
	if best := nearest.Of(name, PropertyNames()); best != "" {
		return fmt.Errorf("%s is not a Kafka client property; did you mean %s?", name, best)
	}
	return fmt.Errorf("%s is not a Kafka client property", name)
}

// CheckProperty tells whether SetKafka takes a property of this name; the error is the one that SetKafka would return.
func CheckProperty(name string) error {
	p, ok := properties[name]
	switch {
	case !ok:
		return unknownProperty(name)
	case p.apply == nil:
		return fmt.Errorf("%s is not supported: %s", name, p.reason)
	}
	return nil
}
