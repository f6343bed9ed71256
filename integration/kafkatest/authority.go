package kafkatest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// Authority signs the certificates of one test run. Nothing of it outlives the run.
type Authority struct {
	PEM  []byte // its own certificate, for those who are to trust it
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// NewAuthority makes one that is valid for a day.
func NewAuthority() (*Authority, error) {
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &Authority{PEM: block("CERTIFICATE", der), cert: cert, key: key}, nil
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// Issue returns certificate and key, both PEM, of a party with this common name; as a server it is on loopback.
func (a *Authority) Issue(name string) (cert, key []byte, err error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: a.cert.NotBefore, NotAfter: a.cert.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, private.Public(), a.key)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return block("CERTIFICATE", der), block("PRIVATE KEY", pkcs8), nil
}

// Admin is the super user of a secured cluster.
const Admin = "admin"

// Secured makes options of a cluster that believes nobody: who comes to EXTERNAL shows a certificate, whose common name
// is the user, and who comes over a link a password (SCRAM-SHA-512) through TLS. Everyone but Admin may do what ACLs say.
// Brokers among themselves are trusted.
func (a *Authority) Secured(opts Options) (Options, error) {
	cert, key, err := a.Issue("broker")
	if err != nil {
		return opts, err
	}
	adminCert, adminKey, err := a.Issue(Admin)
	if err != nil {
		return opts, err
	}
	config, err := a.TLS(adminCert, adminKey)
	if err != nil {
		return opts, err
	}
	line := func(pem []byte) string { return strings.ReplaceAll(string(pem), "\n", `\n`) }
	properties := map[string]string{
		"listener.security.protocol.map": "EXTERNAL:SSL,LINKED:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
		"authorizer.class.name":          "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
		"super.users":                    "User:ANONYMOUS;User:" + Admin, // ANONYMOUS are the brokers

		"ssl.keystore.type":              "PEM",
		"ssl.keystore.certificate.chain": line(cert),
		"ssl.keystore.key":               line(key),
		"ssl.truststore.type":            "PEM",
		"ssl.truststore.certificates":    line(a.PEM),

		"listener.name.external.ssl.client.auth":             "required",
		"listener.name.external.ssl.principal.mapping.rules": "RULE:^CN=(.*?)$/$1/,DEFAULT",

		"sasl.enabled.mechanisms":                             "SCRAM-SHA-512",
		"listener.name.linked.sasl.enabled.mechanisms":        "SCRAM-SHA-512",
		"listener.name.linked.scram-sha-512.sasl.jaas.config": "org.apache.kafka.common.security.scram.ScramLoginModule required;",
		"listener.name.linked.ssl.client.auth":                "none",
	}
	for k, v := range opts.Properties {
		properties[k] = v
	}
	opts.Properties = properties
	opts.Client = append(opts.Client, kgo.DialTLSConfig(config))
	return opts, nil
}

// TLS is the configuration of a client that trusts the authority, and that has this certificate if there is one.
func (a *Authority) TLS(cert, key []byte) (*tls.Config, error) {
	config := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	config.RootCAs.AddCert(a.cert)
	if cert != nil {
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// Login is how a user with a password reaches a secured cluster over its links.
func (a *Authority) Login(links []*Link, user, password string) ([]kgo.Opt, error) {
	config, err := a.TLS(nil, nil)
	if err != nil {
		return nil, err
	}
	var addrs []string
	for _, k := range links {
		addrs = append(addrs, k.Addr())
	}
	return []kgo.Opt{kgo.SeedBrokers(addrs...), kgo.DialTLSConfig(config),
		kgo.SASL(scram.Auth{User: user, Pass: password}.AsSha512Mechanism())}, nil
}
