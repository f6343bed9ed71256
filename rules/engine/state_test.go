package engine

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"oktastream/rules"
	"oktastream/rules/alert"
	"oktastream/rules/event"
	"oktastream/rules/match"
	"oktastream/state"
)

// feed runs raw events through l and returns the alerts, without closing.
func feed(t *testing.T, l *Local, events ...string) []alert.Alert {
	t.Helper()
	d := l.NewDecoder()
	var out Output
	for i, e := range events {
		ev, err := d.Decode([]byte(e), event.Meta{Origin: event.Origin{Topic: "t", Offset: int64(i)}})
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Process(ev, &out); err != nil {
			t.Fatal(err)
		}
	}
	return out.Alerts
}

func failed(id int, ip string, at time.Duration) string {
	return fmt.Sprintf(`{"uuid":"f%d","published":"%s","eventType":"fail","client":{"ipAddress":"%s"}}`, id, start.Add(at).Format(time.RFC3339), ip)
}

// carry moves the changelog of one engine under another rule set, as a restart after an edit does.
func carry(t *testing.T, from *Local, set *rules.Set) *Local {
	t.Helper()
	if err := from.commit(); err != nil {
		t.Fatal(err)
	}
	to := NewLocal(set, from.opts)
	to.log, to.max = from.log, from.max
	if err := to.Restart(); err != nil {
		t.Fatal(err)
	}
	return to
}

func edited(t *testing.T, edit func(*rules.Rule)) *rules.Set {
	t.Helper()
	rs := testRules()
	i := slices.IndexFunc(rs, func(r rules.Rule) bool { return r.Name == "count" })
	edit(&rs[i])
	set, diags := rules.NewSet(rs)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	return set
}

func TestEditedRule(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*rules.Rule)
		kept bool
	}{
		"title":    {func(r *rules.Rule) { r.Title = "Other" }, true},
		"severity": {func(r *rules.Rule) { r.Meta.Severity = alert.Low }, true},
		"lateness": {func(r *rules.Rule) { r.Stateful.Window.Lateness = time.Minute }, true},
		"filter":   {func(r *rules.Rule) { r.Stateful.Inputs[0].Where = is("eventType", "fail", "other") }, false},
		"grouping": {func(r *rules.Rule) { r.Stateful.Inputs[0].Group[0] = event.MustPath("request.ipChain.ip") }, false},
		"window":   {func(r *rules.Rule) { r.Stateful.Window.Length, r.Stateful.Window.Quiet = 5*time.Minute, 5*time.Minute }, false},
		"operator": {func(r *rules.Rule) { r.Stateful.Window.Threshold = 2 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			before := NewLocal(testSet(t), Options{})
			feed(t, before, failed(1, "192.0.2.1", 0), failed(2, "192.0.2.1", time.Minute))
			set := edited(t, c.edit)
			if same := set.Fingerprint() == testSet(t).Fingerprint(); same {
				t.Error("the fingerprint has not changed")
			}
			after := carry(t, before, set)
			got := feed(t, after, failed(3, "192.0.2.1", 2*time.Minute))
			if fired := len(got) == 1; fired != c.kept {
				t.Errorf("fired %v, want windows kept: %v", fired, c.kept)
			}
			var out Output
			if err := after.Close(&out); err != nil {
				t.Fatal(err)
			}
			if n := after.task.Windows(); n != 0 || len(after.log) != 1 {
				t.Errorf("windows of the rule as it was are left: %d, log %d", n, len(after.log))
			}
		})
	}
}

// TestBudget: a flood of new group keys gives up the oldest windows, says so, once an hour, and harms no other rule.
func TestBudget(t *testing.T) {
	set, diags := rules.NewSet(testRules()[:6]) // of the rules with windows here, only count sees the flood
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	l := NewLocal(set, Options{StateBudget: 20_000})
	var alerts []alert.Alert
	alerts = append(alerts, feed(t, l, failed(0, "192.0.2.200", 0), failed(1, "192.0.2.200", time.Second))...)
	for i := range 300 {
		alerts = append(alerts, feed(t, l, failed(10+i, fmt.Sprintf("198.51.100.%d", i%250)+strings.Repeat("0", i/250), 2*time.Second+time.Duration(i)*time.Millisecond))...)
	}
	if n := l.task.stores[0].Bytes(); n > 20_000 {
		t.Errorf("%d bytes are kept", n)
	}
	var operator []alert.Alert
	for _, a := range alerts {
		if a.Kind == "operator" {
			operator = append(operator, a)
		}
	}
	if len(operator) != 1 || operator[0].Rule.Name != "count" || operator[0].ID == "" {
		t.Fatalf("operator alerts: %+v", operator)
	}
	stats := l.Stats()
	if i := slices.IndexFunc(l.set.Rules(), func(r rules.Rule) bool { return r.Name == "count" }); stats[i].Evicted == 0 {
		t.Errorf("no eviction was counted: %+v", stats)
	}
	// The victim was the oldest window, so its third event does not fire; a fresh group does.
	if got := feed(t, l, failed(2, "192.0.2.200", 20*time.Second)); len(got) != 0 {
		t.Errorf("an evicted window fired")
	}
	if got := feed(t, l, failed(3, "192.0.2.77", 21*time.Second), failed(4, "192.0.2.77", 22*time.Second), failed(5, "192.0.2.77", 23*time.Second)); len(got) != 1 {
		t.Errorf("a fresh group gave %d alerts", len(got))
	}
	if err := l.Restart(); err != nil {
		t.Fatal(err)
	}
	if n := l.task.stores[0].Bytes(); n > 20_000 {
		t.Errorf("evicted windows came back: %d bytes", n)
	}
}

func TestIndicators(t *testing.T) {
	ip := event.MustPath("client.ipAddress")
	net := netip.MustParsePrefix("203.0.113.0/24")
	set, diags := rules.NewSet([]rules.Rule{{ID: "i", Name: "ind", Title: "Indicator", Meta: rules.Meta{Severity: alert.High, Risk: 73},
		Where: &match.Pred{Path: ip, Op: match.InCIDR, Nets: []netip.Prefix{net}},
		Indicators: &rules.Indicators{Fields: []event.Path{ip}, List: []rules.Indicator{{Net: net, Source: "s",
			FirstSeen: start.Add(-48 * time.Hour).Truncate(24 * time.Hour), LastSeen: start.Truncate(24 * time.Hour)}}}}})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	at := func(d time.Duration) string {
		return fmt.Sprintf(`{"uuid":"u%d","published":"%s","eventType":"x","client":{"ipAddress":"203.0.113.9"}}`, d, start.Add(d).Format(time.RFC3339))
	}
	got := feed(t, NewLocal(set, Options{}), at(0), at(14*time.Hour), at(16*time.Hour), at(-72*time.Hour))
	var severities []alert.Severity
	for _, a := range got {
		severities = append(severities, a.Severity)
		if stale := strings.Contains(a.Reason, "stale"); stale != (a.Severity == alert.Informational) {
			t.Errorf("reason %q with severity %s", a.Reason, a.Severity)
		}
		if a.Details["indicators"] == nil {
			t.Error("the alert does not name the indicator")
		}
	}
	// The last day counts to its end: 9:00 plus 14 hours lies on it, plus 16 hours does not.
	if want := []alert.Severity{alert.High, alert.High, alert.Informational, alert.Informational}; !slices.Equal(severities, want) {
		t.Errorf("severities %v, want %v", severities, want)
	}
}

func TestAlertOfEpisode(t *testing.T) {
	e := func(id int, hash, ip string) string {
		return fmt.Sprintf(`{"uuid":"d%d","published":"%s","eventType":"login","actor":{"alternateId":"ada@x.example"},"client":{"ipAddress":"%s"},
			"authenticationContext":{"externalSessionId":"s1"},"debugContext":{"debugData":{"dtHash":"%s"}},"outcome":{"result":"SUCCESS"}}`,
			id, start.Add(time.Duration(id)*time.Minute).Format(time.RFC3339), ip, hash)
	}
	got := feed(t, NewLocal(testSet(t), Options{Org: "acme"}), e(1, "h1", "192.0.2.1"), e(2, "-", "192.0.2.2"), e(3, "h2", "192.0.2.1"), e(4, "h1", "192.0.2.9"))
	got = slices.DeleteFunc(got, func(a alert.Alert) bool { return a.Rule.Name != "distinct" })
	if len(got) != 1 {
		t.Fatalf("%d alerts", len(got))
	}
	a := got[0]
	if a.ID != alert.EpisodeID("acme", "3", []string{"ada@x.example", "s1"}, "d4") {
		t.Errorf("id %s", a.ID)
	}
	if want := "2 different dtHash (at least 2): h1, h2; 2 different ip (at least 2): 192.0.2.1, 192.0.2.9 within 10m"; a.Reason != want {
		t.Errorf("reason %q, want %q", a.Reason, want)
	}
	if a.Count != 3 || a.Evidence.Total != 3 || len(a.Evidence.Events) != 3 {
		t.Errorf("count %d, evidence %d: the row with a placeholder hash must not be there", a.Count, a.Evidence.Total)
	}
	if last := a.Evidence.Events[2]; last.ID != "d4" || last.Topic != "t" || last.Offset != 3 || len(last.Raw) == 0 || last.IP != "192.0.2.9" || last.Result != "SUCCESS" {
		t.Errorf("last piece of evidence: %+v", last)
	}
}

func TestHandleErrors(t *testing.T) {
	task := NewTask(testSet(t), Options{})
	var out Output
	if err := task.Handle(Message{}, &out); err == nil {
		t.Error("Handle outside a transaction is accepted")
	}
	task.Begin()
	if err := task.Handle(Message{Observation: &Observation{Class: "x", Event: []byte("{")}}, &out); err == nil {
		t.Error("an unreadable projection is accepted")
	}
	if err := task.Handle(Message{}, &out); err == nil {
		t.Error("an empty message is accepted")
	}
	if err := task.Handle(Message{Observation: &Observation{Class: "no such class", Event: []byte("{}")}}, &out); err != nil {
		t.Errorf("a class of other rules: %v", err)
	}
	if n := len(task.Changes(state.Checkpoint{})); n != 1 {
		t.Errorf("%d changes, want the checkpoint alone", n)
	}
}

// TestChain: a rule over the alerts of a rule fires on an alert and an event, in either order of arrival, and shows the
// alert as its evidence.
func TestChain(t *testing.T) {
	login := fmt.Sprintf(`{"uuid":"login","published":"%s","eventType":"login","client":{"ipAddress":"192.0.2.1"},"actor":{"alternateId":"ada@x.example"}}`,
		start.Add(4*time.Minute).Format(time.RFC3339))
	// An episode is observed when its start is final: the clock must be its rule's lateness ahead.
	later := fmt.Sprintf(`{"uuid":"later","published":"%s","eventType":"noise"}`, start.Add(40*time.Minute).Format(time.RFC3339))
	brute := []string{failed(1, "192.0.2.1", 0), failed(2, "192.0.2.1", time.Minute), failed(3, "192.0.2.1", 2*time.Minute)}
	set := func() *rules.Set {
		set, diags := rules.NewSet(testRules()[:6])
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		return set
	}
	names := func(as []alert.Alert) (names []string) {
		for _, a := range as {
			names = append(names, a.Rule.Name)
		}
		return names
	}
	inOrder := feed(t, NewLocal(set(), Options{}), append(slices.Clone(brute), login, later)...)
	if got := names(inOrder); !slices.Equal(got, []string{"count", "chain", "chained"}) {
		t.Fatalf("alerts %v", got)
	}
	if chain := inOrder[1]; chain.Progress[0].EventID != inOrder[0].ID || chain.Progress[1].EventID != "login" || chain.Group[0].Value != "192.0.2.1" {
		t.Errorf("chain: progress %+v, group %v", chain.Progress, chain.Group)
	}
	if late := names(feed(t, NewLocal(set(), Options{}), append(append([]string{login}, brute...), later)...)); !slices.Equal(late, []string{"count", "chain", "chained"}) {
		t.Errorf("login first: alerts %v", late)
	}
	if other := names(feed(t, NewLocal(set(), Options{}), append(slices.Clone(brute), strings.Replace(login, "192.0.2.1", "192.0.2.2", 1), later)...)); !slices.Equal(other, []string{"count"}) {
		t.Errorf("login from elsewhere: alerts %v", other)
	}
}

func TestBrokenChains(t *testing.T) {
	for name, c := range map[string]struct {
		edit func([]rules.Rule)
		code string
		left int
	}{
		"missing": {func(rs []rules.Rule) { rs[4].Stateful.Inputs[0].From = "nobody" }, "OKS0603", 4},
		"itself":  {func(rs []rules.Rule) { rs[5].Stateful.Inputs[0].From = "chained" }, "OKS0604", 5},
		"circle":  {func(rs []rules.Rule) { rs[4].Stateful.Inputs[0].From = "chained" }, "OKS0604", 4},
	} {
		rs := testRules()[:6]
		c.edit(rs)
		set, diags := rules.NewSet(rs)
		if len(diags) == 0 || diags[0].Code != c.code || len(set.Rules()) != c.left {
			t.Errorf("%s: %v, %d rules left", name, diags, len(set.Rules()))
		}
	}
}
