package main

import (
	"strings"
	"testing"
)

// No error of the configuration shows what may be a password, whatever is wrong around it; each gives its place.
func TestConfigurationErrorsKeepSecrets(t *testing.T) {
	const secret = "hunter2-hunter2"
	for name, c := range map[string]struct {
		file    string
		environ []string
		flags   []string
		place   string
	}{
		"quote not closed":           {file: "org: a\nsasl.password: \"" + secret + "\n", place: "config.yaml:2:"},
		"quote in the middle":        {file: "sasl.password: \"" + secret + "\" x\"\norg: a\n", place: "config.yaml:1:"},
		"tab":                        {file: "kafka:\n\tsasl.password: " + secret + "\n", place: "config.yaml:"},
		"no blank after the colon":   {file: "sasl.password:" + secret + "\norg: a\n", place: "config.yaml:"},
		"only such a line":           {file: "sasl.password:" + secret + "\n", place: "config.yaml:"},
		"flow not closed":            {file: "kafka: {sasl.password: " + secret + "\n", place: "config.yaml:"},
		"key twice":                  {file: "kafka: {" + secret + ": 1, " + secret + ": 2}\n", place: "config.yaml:1:"},
		"wrong indentation":          {file: "kafka:\n  group.id: g\n sasl.password: " + secret + "\n", place: "config.yaml:"},
		"wrong reference":            {file: "sasl.password: ${" + secret + "}\n", place: "config.yaml:1:"},
		"content where a path goes":  {file: "sasl.password: ${file:" + secret + "}\n", place: "config.yaml:1:"},
		"variable, content for path": {environ: []string{"OKTASTREAM_SASL_PASSWORD_FILE=" + secret}, place: "OKTASTREAM_SASL_PASSWORD_FILE"},
		"flag without =":             {flags: []string{"sasl.password:" + secret}, place: "-X number 1"},
		"flag with = in the secret":  {flags: []string{"sasl.password:" + secret + "="}, place: "-X sasl.password…"},
		"login module":               {flags: []string{"sasl.jaas.config=password=\"" + secret + "\";"}, place: "sasl.jaas.config"},
		"user in the server":         {flags: []string{"bootstrap.servers=ok:1,SASL_SSL://me:" + secret + "@kafka:9092"}, place: "bootstrap.servers: server 2"},
		"key in place of its file": {flags: []string{"security.protocol=SSL", "ssl.certificate.location=/dev/null",
			"ssl.key.location=-----BEGIN PRIVATE KEY-----\n" + secret}, place: "ssl.key.location"},
	} {
		t.Run(name, func(t *testing.T) {
			file := ""
			if c.file != "" {
				file = write(t, "config.yaml", c.file)
			}
			_, err := configure(file, c.environ, c.flags)
			if err == nil {
				t.Fatal("no error")
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "hunter") {
				t.Errorf("shows the secret: %v", err)
			}
			if !strings.Contains(err.Error(), c.place) {
				t.Errorf("does not say %q: %v", c.place, err)
			}
		})
	}
}
