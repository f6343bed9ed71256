package suite

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"oktastream/integration/oracle"
	"oktastream/integration/workload"
)

// Processes lets three processes at a time meet what operators and machines do to processes, each kind in a deployment of
// its own and all at once. scale stretches the feed, and with it how often the trouble comes.
func Processes(t *testing.T, env Env, scale int) {
	load := workload.Config{Seed: env.Seed, Events: 4000}
	events := workload.Generate(load)
	want := eval(t, env.Binary, events)
	everyOperator(t, want)
	for _, kind := range []struct {
		name    string
		trouble func(*testing.T, *trouble)
	}{
		{"Zombies", zombies}, {"Rolling", rolling}, {"Scaling", scaling}, {"Static", staticMembers}, {"Memory", memory},
	} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			d := newDeployment(t, env, 6)
			x := &trouble{deployment: d, fed: make(chan error, 1)}
			x.begin = func() {
				go func() { x.fed <- d.feed(t, events, time.Duration(scale)*10*time.Second) }()
			}
			kind.trouble(t, x)
			if x.times == 0 {
				t.Error("nothing happened while events came")
			}
			t.Logf("%d times", x.times)
			d.close(t, load)
			d.settle(t, events, append([]oracle.Alert{}, want...))
		})
	}
}

// trouble is a deployment that is being fed.
type trouble struct {
	*deployment
	begin func()
	fed   chan error
	times int
}

// three starts three processes and the feed.
func (x *trouble) three(t *testing.T) {
	t.Helper()
	for slot := range 3 {
		x.start(t, slot)
	}
	x.begin()
}

// repeat does something again and again until the events have come, at least once.
func (x *trouble) repeat(t *testing.T, do func(round int)) {
	t.Helper()
	for round := 0; ; round++ {
		x.wait(t, time.Second)
		do(round)
		x.times++
		select {
		case err := <-x.fed:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
	}
}

// wait lets time pass. Processes that end by themselves meanwhile fail the test.
func (x *trouble) wait(t *testing.T, d time.Duration) {
	t.Helper()
	time.Sleep(d)
	for _, p := range x.processes {
		p.check(t)
	}
}

// sessionOver is longer than the session time-out: whoever has been silent for so long has been thrown out.
const sessionOver = 6500 * time.Millisecond

// zombies freezes a process until the others have taken over, in the middle of a transaction as likely as not, and lets it
// go on with what it believes.
func zombies(t *testing.T, x *trouble) {
	x.three(t)
	x.repeat(t, func(round int) {
		p := x.processes[round%3]
		p.freeze(t)
		time.Sleep(sessionOver)
		p.thaw(t)
		x.wait(t, time.Second)
	})
	noticed := 0
	for _, p := range x.processes {
		noticed += strings.Count(p.all(), "left the group") + strings.Count(p.all(), "the session failed")
	}
	t.Logf("sessions that found themselves thrown out: %d", noticed)
}

// rolling restarts one process after the other, as a rollout does.
func rolling(t *testing.T, x *trouble) {
	x.three(t)
	x.repeat(t, func(round int) {
		x.processes[round%3].stop(t)
		x.start(t, round%3)
	})
}

// scaling goes from one process to four and back.
func scaling(t *testing.T, x *trouble) {
	x.start(t, 0)
	x.begin()
	x.repeat(t, func(round int) {
		for slot := 1; slot < 4; slot++ {
			x.start(t, slot)
			x.wait(t, 700*time.Millisecond)
		}
		for slot := 1; slot < 4; slot++ {
			x.processes[slot].stop(t)
			delete(x.processes, slot)
		}
	})
}

// staticMembers have a group.instance.id: killed and started again within the session time-out they come back to what they
// had. In the end one is frozen and replaced by another of its name; it must end by itself when it wakes.
func staticMembers(t *testing.T, x *trouble) {
	x.own = func(slot int) []string {
		return []string{fmt.Sprintf("instance=pod-%d", slot), fmt.Sprintf("group.instance.id=pod-%d", slot)}
	}
	x.three(t)
	x.repeat(t, func(round int) {
		slot := round % 3
		if round%2 == 0 {
			x.kill(t, slot)
		} else {
			x.processes[slot].stop(t)
		}
		x.start(t, slot)
	})
	// A member for some time: who joins last is the one that stays.
	x.wait(t, sessionOver)
	zombie := x.processes[0]
	zombie.freeze(t)
	x.start(t, 0)
	x.processes[0].says(t, "task restored") // it has joined both groups
	zombie.thaw(t)
	select {
	case <-zombie.gone:
		if out := zombie.all(); !strings.Contains(out, "group.instance.id") && !strings.Contains(out, "taken over") {
			t.Errorf("the replaced process does not say why it ended:\n%s", zombie.tail())
		}
	case <-time.After(20 * time.Second):
		t.Errorf("the replaced process goes on beside its successor:\n%s", zombie.tail())
	}
}

// memory gives one process a soft limit that it lives above, and another a hard one that kills it again and again: it
// collects no garbage, so it gets there in the middle of its work.
func memory(t *testing.T, x *trouble) {
	// The race detector's own memory would drown the process's.
	binary, err := Build(t.Context(), t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	x.environment = map[int][]string{0: {"GOMEMLIMIT=16MiB"}}
	x.start(t, 0)
	x.start(t, 1)
	x.begin()
	died := 0
	limited := func() *process {
		// RLIMIT_DATA counts what is really mapped, unlike the address space, of which Go reserves plenty.
		args := append([]string{"-c", `ulimit -d 126976; GOGC=off exec "$0" run "$@"`, binary}, x.args(t, 2)...)
		return launch(t, exec.Command("sh", args...), x.log(2))
	}
	x.repeat(t, func(int) {
		p := limited()
		select {
		case <-p.gone:
			if out := p.all(); !strings.Contains(out, "out of memory") && !strings.Contains(out, "cannot allocate memory") && !strings.Contains(out, "pthread_create failed") {
				t.Errorf("the process with little memory ended otherwise:\n%s", p.tail())
			}
			died++
		case <-time.After(8 * time.Second):
			p.kill(t)
		}
	})
	if died == 0 {
		t.Error("no process has run out of memory")
	}
}
