package processor

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestSetKafkaFields(t *testing.T) {
	var c Config
	err := c.SetKafka(map[string]string{
		"bootstrap.servers": " localhost:1 , localhost:2", "group.id": "soc", "group.instance.id": "pod-3", "client.id": "me", "client.rack": "r1",
		"session.timeout.ms": "20000", "heartbeat.interval.ms": "1000", "transaction.timeout.ms": "30000", "max.poll.interval.ms": "60000",
		"max.poll.records": "17", "max.request.size": "900000", "auto.offset.reset": "latest", "linger.ms": "0", "compression.type": "lz4",
		"fetch.min.bytes": "1", "fetch.max.bytes": "1000000", "max.partition.fetch.bytes": "500000", "fetch.max.wait.ms": "50",
		"isolation.level": "read_committed", "acks": "all", "enable.idempotence": "true", "enable.auto.commit": "false",
		"metadata.max.age.ms": "10000", "connections.max.idle.ms": "10000", "request.timeout.ms": "5000", "security.protocol": "PLAINTEXT",
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Group != "soc" || c.StaticID != "pod-3" || c.Instance != "pod-3" || c.Reset != "latest" || c.MaxRecords != 17 || c.MaxRequestSize != 900000 ||
		c.SessionTimeout != 20*time.Second || c.HeartbeatInterval != time.Second || c.TransactionTimeout != 30*time.Second || c.RebalanceTimeout != time.Minute {
		t.Errorf("config %+v", c)
	}
	cl, err := kgo.NewClient(c.Client...)
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if seeds := cl.OptValue(kgo.SeedBrokers).([]string); !slices.Equal(seeds, []string{"localhost:1", "localhost:2"}) {
		t.Errorf("seeds %q", seeds)
	}
	if id := cl.OptValue(kgo.ClientID); id != "me" {
		t.Errorf("client id %v", id)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestSetKafkaErrors(t *testing.T) {
	for name, test := range map[string]struct {
		props map[string]string
		want  []string
	}{
		"a slip":             {map[string]string{"bootstrap.server": "x:1"}, []string{"bootstrap.server is not", "did you mean bootstrap.servers?"}},
		"nothing near":       {map[string]string{"wibble": "1"}, []string{"wibble is not a Kafka client property"}},
		"known, no effect":   {map[string]string{"group.protocol": "consumer"}, []string{"group.protocol is not supported", "KIP-848"}},
		"key store":          {map[string]string{"ssl.truststore.location": "x.jks"}, []string{"ssl.ca.location"}},
		"numbers":            {map[string]string{"session.timeout.ms": "10s", "fetch.min.bytes": "-1", "linger.ms": "x"}, []string{"session.timeout.ms", "fetch.min.bytes", "linger.ms"}},
		"unsafe":             {map[string]string{"isolation.level": "read_uncommitted", "acks": "1", "enable.auto.commit": "true"}, []string{"isolation.level", "acks", "enable.auto.commit"}},
		"compression":        {map[string]string{"compression.type": "brotli"}, []string{"brotli"}},
		"protocol":           {map[string]string{"security.protocol": "TLS"}, []string{`"TLS"`, "SASL_SSL"}},
		"tls without":        {map[string]string{"ssl.ca.location": "ca.pem"}, []string{"security.protocol", "PLAINTEXT, the default"}},
		"sasl without":       {map[string]string{"sasl.username": "u", "security.protocol": "SSL"}, []string{"sasl properties need"}},
		"no mechanism":       {map[string]string{"security.protocol": "SASL_PLAINTEXT", "sasl.username": "u", "sasl.password": "p"}, []string{"sasl.mechanism"}},
		"mechanism":          {map[string]string{"security.protocol": "SASL_PLAINTEXT", "sasl.username": "u", "sasl.password": "p", "sasl.mechanism": "GSSAPI"}, []string{"GSSAPI"}},
		"no user":            {map[string]string{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN"}, []string{"sasl.username"}},
		"jaas module":        {map[string]string{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.jaas.config": "com.sun.Krb5LoginModule required;"}, []string{"Krb5LoginModule"}},
		"jaas nonsense":      {map[string]string{"security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": "PLAIN", "sasl.jaas.config": "hello"}, []string{"sasl.jaas.config"}},
		"no file":            {map[string]string{"security.protocol": "SSL", "ssl.ca.location": "/does/not/exist"}, []string{"ssl.ca.location"}},
		"key without a cert": {map[string]string{"security.protocol": "SSL", "ssl.key.location": "k.pem"}, []string{"ssl.certificate.location"}},
		"no servers":         {map[string]string{"bootstrap.servers": " , "}, []string{"bootstrap.servers"}},
	} {
		t.Run(name, func(t *testing.T) {
			var c Config
			err := c.SetKafka(test.props)
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range test.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q lacks %q", err, w)
				}
			}
			if len(c.Client) > 0 {
				t.Error("options in spite of an error")
			}
		})
	}
}

func TestPropertiesHaveAnEffectOrAReason(t *testing.T) {
	for name, p := range properties {
		if (p.apply == nil) == (p.reason == "") {
			t.Errorf("%s must have either", name)
		}
	}
	if names := PropertyNames(); !slices.IsSorted(names) || !slices.Contains(names, "bootstrap.servers") || slices.Contains(names, "group.protocol") {
		t.Errorf("names %q", names)
	}
}

func TestJAAS(t *testing.T) {
	for text, want := range map[string][2]string{
		`org.apache.kafka.common.security.scram.ScramLoginModule required username="alice" password="a\"b\\c";`: {"alice", `a"b\c`},
		`org.apache.kafka.common.security.plain.PlainLoginModule required password='p w' username=bob ;`:        {"bob", "p w"},
		"org.apache.kafka.common.security.plain.PlainLoginModule required\n username=\"u\"\n password=\"p\";":   {"u", "p"},
	} {
		var k kafkaConfig
		if err := k.parseJAAS(text); err != nil || k.user != want[0] || k.password != want[1] {
			t.Errorf("%s: %q %q %v", text, k.user, k.password, err)
		}
	}
}

// authority makes certificates for one test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	dir  string
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	a.cert, a.key = a.sign(template, template, nil)
	a.write("ca.pem", "CERTIFICATE", a.cert.Raw)
	return a
}

func (a *authority) sign(template, parent *x509.Certificate, signer *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	if signer == nil {
		signer = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

func (a *authority) write(name, kind string, der []byte) string {
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

// leaf writes name.pem and name.key.
func (a *authority) leaf(name string, serial int64) tls.Certificate {
	cert, key := a.sign(&x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}, a.cert, a.key)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(name+".pem", "CERTIFICATE", cert.Raw)
	a.write(name+".key", "PRIVATE KEY", der)
	a.write(name+".enc", "ENCRYPTED PRIVATE KEY", der)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

// The properties reach a broker that wants TLS, a client certificate and SASL.
func TestSetKafkaSecurity(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	server := ca.leaf("server", 2)
	ca.leaf("client", 3)
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	c := newCluster(t, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{server}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}),
		kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "app", "secret"), kfake.Superuser("PLAIN", "app", "plain secret"))
	file := func(name string) string { return filepath.Join(ca.dir, name) }
	base := func(more ...string) map[string]string {
		m := map[string]string{"bootstrap.servers": strings.Join(c.ListenAddrs(), ","), "security.protocol": "SASL_SSL", "ssl.ca.location": file("ca.pem"),
			"ssl.certificate.location": file("client.pem"), "ssl.key.location": file("client.key"), "sasl.mechanism": "SCRAM-SHA-512",
			"sasl.username": "app", "sasl.password": "secret"}
		for i := 0; i < len(more); i += 2 {
			if m[more[i]] = more[i+1]; more[i+1] == "" {
				delete(m, more[i])
			}
		}
		return m
	}
	ping := func(props map[string]string) error {
		var cfg Config
		if err := cfg.SetKafka(props); err != nil {
			return err
		}
		cl, err := kgo.NewClient(append(cfg.Client, kgo.RetryTimeout(time.Second), kgo.RequestRetries(1))...)
		if err != nil {
			return err
		}
		defer cl.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		return cl.Ping(ctx)
	}
	for name, props := range map[string]map[string]string{
		"SCRAM": base(),
		"PLAIN": base("sasl.mechanism", "PLAIN", "sasl.password", "plain secret"),
		"JAAS": base("sasl.username", "", "sasl.password", "",
			"sasl.jaas.config", `org.apache.kafka.common.security.scram.ScramLoginModule required username="app" password="secret";`),
	} {
		if err := ping(props); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, props := range map[string]map[string]string{
		"wrong password":        base("sasl.password", "wrong"),
		"no client certificate": base("ssl.certificate.location", "", "ssl.key.location", ""),
		"another CA":            base("ssl.ca.location", file("client.pem")),
		"no TLS":                base("security.protocol", "SASL_PLAINTEXT", "ssl.ca.location", "", "ssl.certificate.location", "", "ssl.key.location", ""),
		"encrypted key":         base("ssl.key.location", file("client.enc")),
		"key password":          base("ssl.key.password", "x"),
		"key is no key":         base("ssl.key.location", file("ca.pem")),
		"CA is no certificate":  base("ssl.ca.location", file("client.key")),
	} {
		if err := ping(props); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
