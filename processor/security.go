package processor

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

var (
	jaasModule = regexp.MustCompile(`^\s*([\w.]+)\s+required\b`)
	jaasOption = regexp.MustCompile(`\b(username|password)\s*=\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s;]+)`)
)

// parseJAAS reads the login modules of PLAIN and SCRAM as they stand in Java properties.
func (k *kafkaConfig) parseJAAS(text string) error {
	m := jaasModule.FindStringSubmatch(text)
	if m == nil {
		return errors.New("is not a login module followed by required")
	}
	if !strings.HasSuffix(m[1], ".PlainLoginModule") && !strings.HasSuffix(m[1], ".ScramLoginModule") {
		return fmt.Errorf("login module %s is not supported: there are PlainLoginModule and ScramLoginModule", m[1])
	}
	for _, o := range jaasOption.FindAllStringSubmatch(text, -1) {
		value := o[2]
		if value[0] == '"' || value[0] == '\'' {
			value = unescape(value[1 : len(value)-1])
		}
		if o[1] == "username" {
			k.user = value
		} else {
			k.password = value
		}
	}
	return nil
}

var unescape = strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\'`, `'`).Replace

// security turns what was said about TLS and SASL into options.
func (k *kafkaConfig) security() error {
	var errs []error
	useTLS := k.protocol == "SSL" || k.protocol == "SASL_SSL"
	useSASL := strings.HasPrefix(k.protocol, "SASL")
	if k.tlsUsed && !useTLS {
		errs = append(errs, fmt.Errorf("security.protocol: ssl properties need SSL or SASL_SSL, not %s", orPlain(k.protocol)))
	}
	if k.saslUsed && !useSASL {
		errs = append(errs, fmt.Errorf("security.protocol: sasl properties need SASL_SSL or SASL_PLAINTEXT, not %s", orPlain(k.protocol)))
	}
	if useTLS {
		config, err := k.tlsConfig()
		if err != nil {
			errs = append(errs, err)
		} else {
			k.opts = append(k.opts, kgo.DialTLSConfig(config))
		}
	}
	if useSASL {
		m, err := k.saslMechanism()
		if err != nil {
			errs = append(errs, err)
		} else {
			k.opts = append(k.opts, kgo.SASL(m))
		}
	}
	return errors.Join(errs...)
}

// pemFile reads what the property names. Who gives the content in place of a name must not find it in the log.
func pemFile(property, name string) ([]byte, error) {
	if strings.Contains(name, "-----BEGIN") {
		return nil, fmt.Errorf("%s: holds PEM text; write it to a file and name that", property)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", property, err)
	}
	return b, nil
}

func orPlain(protocol string) string {
	if protocol == "" {
		return "PLAINTEXT, the default"
	}
	return protocol
}

func (k *kafkaConfig) saslMechanism() (sasl.Mechanism, error) {
	if k.user == "" || k.password == "" {
		return nil, errors.New("sasl.username and sasl.password, or sasl.jaas.config, must name a user and a password")
	}
	switch k.mechanism {
	case "PLAIN":
		return plain.Auth{User: k.user, Pass: k.password}.AsMechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: k.user, Pass: k.password}.AsSha256Mechanism(), nil
	case "SCRAM-SHA-512":
		return scram.Auth{User: k.user, Pass: k.password}.AsSha512Mechanism(), nil
	case "":
		return nil, errors.New("sasl.mechanism: is not set; there are PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512")
	}
	return nil, fmt.Errorf("sasl.mechanism: %s is not supported; there are PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512", k.mechanism)
}

func (k *kafkaConfig) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if k.ca != "" {
		pemBytes, err := pemFile("ssl.ca.location", k.ca)
		if err != nil {
			return nil, err
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pemBytes) {
			return nil, fmt.Errorf("ssl.ca.location: %s holds no PEM certificate", k.ca)
		}
	}
	if (k.cert == "") != (k.key == "") {
		return nil, errors.New("ssl.certificate.location and ssl.key.location must be set together")
	}
	if k.cert == "" {
		return config, nil
	}
	cert, err := pemFile("ssl.certificate.location", k.cert)
	if err != nil {
		return nil, err
	}
	key, err := pemFile("ssl.key.location", k.key)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(key); k.keyPassword != "" || block != nil && strings.Contains(block.Type, "ENCRYPTED") {
		return nil, errors.New("ssl.key.password: encrypted keys are not supported; decrypt the key (openssl pkey) and protect its file instead")
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("ssl.certificate.location and ssl.key.location: %w", err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}
