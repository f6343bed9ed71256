package suite

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"oktastream/integration/kafkatest"
)

// The users of a secured cluster. None may do more than its part needs.
const (
	productUser = "oktastream"
	feederUser  = "feeder"
	readerUser  = "reader"
)

// Secured runs the product on a cluster that wants to know who asks and lets nobody do more than ACLs say. The product has
// the rights that the page of guarantees lists, and no others; who feeds and who reads have their own users. The cluster
// is one that authority.Secured describes.
func Secured(t *testing.T, env Env, authority *kafkatest.Authority) {
	page, err := kafkatest.Root()
	if err != nil {
		t.Fatal(err)
	}
	rights, err := Rights(filepath.Join(page, "integration", "GUARANTEES.md"))
	if err != nil {
		t.Fatal(err)
	}
	s := &secured{env: env, authority: authority, rights: rights, dir: t.TempDir(), passwords: map[string]string{}}
	s.users(t)
	if t.Failed() {
		return
	}
	t.Run("Kills", func(t *testing.T) { kills(t, s.env) })
	t.Run("BrokerOutage", func(t *testing.T) { brokerOutage(t, s.env) })
	t.Run("MutualTLS", func(t *testing.T) { restartInsideWindow(t, s.withCertificate(t)) })
	t.Run("EveryRightIsNeeded", s.everyRightIsNeeded)
	t.Run("RightsTakenAway", s.rightsTakenAway)
	t.Run("CreateTopics", s.createTopics)
	t.Run("Refused", s.refused)
}

type secured struct {
	env       Env
	authority *kafkatest.Authority
	rights    []Right
	dir       string
	passwords map[string]string
}

// users makes the three, and tells env how they come in.
func (s *secured) users(t *testing.T) {
	adm := kadm.NewClient(newClient(t, s.env.Cluster))
	var upsert []kadm.UpsertSCRAM
	for _, user := range []string{productUser, feederUser, readerUser} {
		s.passwords[user] = rand.Text()
		upsert = append(upsert, kadm.UpsertSCRAM{User: user, Mechanism: kadm.ScramSha512, Iterations: 4096, Password: s.passwords[user]})
	}
	altered, err := adm.AlterUserSCRAMs(t.Context(), nil, upsert)
	if err == nil {
		err = altered.Error()
	}
	if err != nil {
		t.Fatalf("create users: %v", err)
	}
	a := Access{
		Product: []string{"security.protocol=SASL_SSL", "sasl.mechanism=SCRAM-SHA-512", "sasl.username=" + productUser,
			"sasl.password=" + s.passwords[productUser], "ssl.ca.location=" + s.file(t, "ca.pem", s.authority.PEM)},
		grant: s.grant,
	}
	links := s.env.Cluster.Links()
	if a.Feeder, err = s.authority.Login(links, feederUser, s.passwords[feederUser]); err != nil {
		t.Fatal(err)
	}
	if a.Reader, err = s.authority.Login(links, readerUser, s.passwords[readerUser]); err != nil {
		t.Fatal(err)
	}
	s.env.Access = a
}

// withCertificate is the environment in which the product shows a certificate instead of a password.
func (s *secured) withCertificate(t *testing.T) Env {
	cert, key, err := s.authority.Issue(productUser)
	if err != nil {
		t.Fatal(err)
	}
	env := s.env
	env.Access.Product = []string{"bootstrap.servers=" + strings.Join(env.Cluster.Brokers(), ","), "security.protocol=SSL",
		"ssl.ca.location=" + s.file(t, "ca.pem", s.authority.PEM), "ssl.certificate.location=" + s.file(t, "cert.pem", cert),
		"ssl.key.location=" + s.file(t, "key.pem", key)}
	return env
}

func (s *secured) file(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// grant gives the three users their rights on a deployment's topics and groups.
func (s *secured) grant(t *testing.T, d *deployment) {
	t.Helper()
	var all []acl
	for _, r := range s.rights {
		all = append(all, acl{productUser, r.on(d)})
	}
	all = append(all,
		acl{feederUser, Right{"topic", d.input, "WRITE"}},
		acl{readerUser, Right{"topic", d.alerts, "READ"}})
	adm := kadm.NewClient(newClient(t, s.env.Cluster))
	for _, a := range all {
		if err := a.create(t.Context(), adm); err != nil {
			t.Fatal(err)
		}
	}
}

// everyRightIsNeeded takes one right after the other away: the product must end and say which. With all of them it runs.
func (s *secured) everyRightIsNeeded(t *testing.T) {
	d := newDeployment(t, s.env, 2)
	adm := kadm.NewClient(newClient(t, s.env.Cluster))
	for _, r := range s.rights {
		r = r.on(d)
		a := acl{productUser, r}
		if err := a.delete(t.Context(), adm); err != nil {
			t.Fatal(err)
		}
		d.refuses(t, r.Operation+" on "+strings.TrimSuffix(r.Kind+" "+r.Name, "*"))
		if err := a.create(t.Context(), adm); err != nil {
			t.Fatal(err)
		}
	}
	d.start(t, 0)
	d.working(t)
	d.processes[0].stop(t)
}

// rightsTakenAway takes rights from the running product, which must end and say which; given back, it goes on where it
// was.
func (s *secured) rightsTakenAway(t *testing.T) {
	d := newDeployment(t, s.env, 2)
	adm := kadm.NewClient(newClient(t, s.env.Cluster))
	events, want := short(t, s.env)
	taken := []Right{
		{"topic", d.alerts, "WRITE"}, {"topic", d.group + "-changelog", "WRITE"}, {"topic", d.input, "READ"},
		{"group", d.group + "-detect", "READ"}, {"transactional id", d.group + "-*", "WRITE"},
	}
	for i, r := range taken {
		d.start(t, 0)
		d.working(t)
		if err := d.feed(t, events[len(events)*(2*i)/(2*len(taken)):len(events)*(2*i+1)/(2*len(taken))], 0); err != nil {
			t.Fatal(err)
		}
		a := acl{productUser, r}
		if err := a.delete(t.Context(), adm); err != nil {
			t.Fatal(err)
		}
		if err := d.feed(t, events[len(events)*(2*i+1)/(2*len(taken)):len(events)*(2*i+2)/(2*len(taken))], 0); err != nil {
			t.Fatal(err)
		}
		d.ends(t, d.processes[0], r.Operation+" on "+strings.TrimSuffix(r.Kind+" "+r.Name, "*"))
		if err := a.create(t.Context(), adm); err != nil {
			t.Fatal(err)
		}
	}
	d.start(t, 0)
	d.close(t, small(s.env))
	d.settle(t, events, want)
}

// createTopics lets the product make its topics: that takes one more right, on the cluster or on topics by prefix.
func (s *secured) createTopics(t *testing.T) {
	d := newDeployment(t, s.env, 2)
	d.create = true
	adm := kadm.NewClient(newClient(t, s.env.Cluster))
	d.deleteTopic(t, d.group+"-dlq")
	d.refuses(t, "CREATE on topic "+d.group+"-dlq")
	a := acl{productUser, Right{"topic", d.group + "-*", "CREATE"}}
	if err := a.create(t.Context(), adm); err != nil {
		t.Fatal(err)
	}
	d.start(t, 0)
	d.working(t)
	d.processes[0].stop(t)
}

// refused wants a product that cannot come in to end and say why.
func (s *secured) refused(t *testing.T) {
	d := newDeployment(t, s.env, 2)
	other, err := kafkatest.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, setting, says string }{
		{"wrong password", "sasl.password=" + rand.Text(), "SASL_AUTHENTICATION_FAILED"},
		{"unknown authority", "ssl.ca.location=" + s.file(t, "other.pem", other.PEM), "certificate signed by unknown authority"},
		{"wrong mechanism", "sasl.mechanism=PLAIN", "UNSUPPORTED_SASL_MECHANISM"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			settings := d.settings
			defer func() { d.settings = settings }()
			d.settings = append(settings[:len(settings):len(settings)], tt.setting)
			d.refuses(t, tt.says)
		})
	}
}

// refuses wants a process of the deployment to end with an error that says so.
func (d *deployment) refuses(t *testing.T, says string) {
	t.Helper()
	d.ends(t, start(t, d.env.Binary, filepath.Join(d.env.Logs, d.group+"-refused.log"), d.args(t, 0)...), says)
}

// ends wants a process to end by itself with an error that says so.
func (d *deployment) ends(t *testing.T, p *process, says string) {
	t.Helper()
	began := time.Now()
	select {
	case <-p.gone:
	case <-time.After(150 * time.Second):
		p.kill(t)
		t.Errorf("runs on, and should say %q:\n%s", says, p.tail())
		return
	}
	out := p.tail()
	last := out[max(0, strings.LastIndex(out, "oktastream: ")):] // what the command line says in the end, perhaps in several lines
	if code := p.cmd.ProcessState.ExitCode(); code == 0 || !strings.Contains(last, says) {
		t.Errorf("ends with code %d and should say %q:\n%s", code, says, out)
		return
	}
	t.Logf("after %v: %s", time.Since(began).Round(100*time.Millisecond), last)
}
