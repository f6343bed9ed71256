package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// verdict is what the tests made of a mutant.
type verdict int

const (
	killed verdict = iota
	survived
	invalid // does not compile, so nobody could have written it
)

// patience is how long tests without a change may take.
const patience = 10 * time.Minute

func main() {
	n := flag.Int("n", 0, "mutants of each package, picked by the seed; 0 for all")
	seed := flag.Uint64("seed", 1, "seed of the choice")
	least := flag.Float64("least", 0, "exit with code 1 if a smaller share, in percent, is killed in a package")
	excused := flag.String("excused", "integration/mutation/excused.txt", "file of mutants that change nothing observable, with the reason")
	again := flag.String("again", "", "file of an earlier run's output: only what survived there is tried")
	timeout := flag.Duration("timeout", 0, "a test run that takes longer hangs, which kills the mutant; 0 for ten times what the unchanged tests take")
	flag.Parse()
	reasons, err := readExcused(*excused)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutation:", err)
		os.Exit(3)
	}
	var earlier []byte
	if *again != "" {
		if earlier, err = os.ReadFile(*again); err != nil {
			fmt.Fprintln(os.Stderr, "mutation:", err)
			os.Exit(3)
		}
	}
	low := false
	for _, pkg := range flag.Args() {
		share, err := run(pkg, *n, *seed, *timeout, reasons, string(earlier))
		if err != nil {
			fmt.Fprintln(os.Stderr, "mutation:", err)
			os.Exit(3)
		}
		low = low || share < *least
	}
	if low {
		os.Exit(1)
	}
}

// run tests mutants of one package and returns how many percent were killed.
func run(pkg string, n int, seed uint64, timeout time.Duration, reasons map[string]string, earlier string) (float64, error) {
	all, err := mutants(pkg)
	if err != nil {
		return 0, err
	}
	r := rand.New(rand.NewPCG(seed, 0))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	picked := all
	if n > 0 && n < len(all) && earlier == "" {
		picked = all[:n]
	}
	dir, err := os.MkdirTemp("", "mutation")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	flags := []string{"-test.failfast"}
	began := time.Now()
	if v, text := judge(pkg, dir, nil, flags, patience); v != survived {
		return 0, fmt.Errorf("%s: the tests fail without a change:\n%s", pkg, text)
	}
	if timeout == 0 {
		timeout = max(20*time.Second, 10*time.Since(began))
	}
	// A property that fails is a verdict; making its counterexample small only takes time.
	if v, _ := judge(pkg, dir, nil, append(flags, "-rapid.shrinktime=0s", "-rapid.nofailfile"), timeout); v == survived {
		flags = append(flags, "-rapid.shrinktime=0s", "-rapid.nofailfile")
	}
	var counts [3]int
	excuses, told := 0, time.Now()
	for i := range picked {
		if time.Since(told) > time.Minute {
			told = time.Now()
			fmt.Printf("%s: %d of %d done, %d survived\n", pkg, i, len(picked), counts[survived])
		}
		m := &picked[i]
		key, err := m.key()
		if err != nil {
			return 0, err
		}
		if earlier != "" && !strings.Contains(earlier, "\t"+key+"\n") {
			continue
		}
		if reasons[key] != "" {
			excuses++
			continue
		}
		v, _ := judge(pkg, dir, m, flags, timeout)
		counts[v]++
		if v == survived {
			fmt.Printf("survived %s:%d:%d %s became %s\t%s\n", m.file, m.line, m.col, m.was, m.with, key)
		}
	}
	tried := counts[killed] + counts[survived]
	share := 100.0
	if tried > 0 {
		share = 100 * float64(counts[killed]) / float64(tried)
	}
	fmt.Printf("%s: %d of %d mutants tried, %d killed, %d survived (%.1f %% killed), %d do not compile, %d excused\n",
		pkg, tried, len(all), counts[killed], counts[survived], share, counts[invalid], excuses)
	return share, nil
}

// judge builds the package's tests with the mutant in an overlay, and runs them. Without a mutant it runs them as they are.
func judge(pkg, dir string, m *mutant, flags []string, timeout time.Duration) (verdict, string) {
	binary, overlay := filepath.Join(dir, "tests"), filepath.Join(dir, "overlay.json")
	replace := map[string]string{}
	if m != nil {
		text, err := m.apply()
		if err != nil {
			return invalid, err.Error()
		}
		changed := filepath.Join(dir, "changed.go")
		full, err := filepath.Abs(m.file)
		if err != nil {
			return invalid, err.Error()
		}
		if err := os.WriteFile(changed, text, 0o644); err != nil {
			return invalid, err.Error()
		}
		replace[full] = changed
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return invalid, err.Error()
	}
	if err := os.WriteFile(overlay, data, 0o644); err != nil {
		return invalid, err.Error()
	}
	if out, err := exec.Command("go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", binary, "./"+filepath.ToSlash(pkg)).CombinedOutput(); err != nil {
		return invalid, string(out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, flags...)
	cmd.Dir = pkg
	cmd.Env = append(os.Environ(), "GOMEMLIMIT=2GiB")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return killed, string(out)
	}
	return survived, string(out)
}

// key names a mutant by its line's text, so that an excuse outlives changes elsewhere in the file.
func (m *mutant) key() (string, error) {
	text, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	from := bytes.LastIndexByte(text[:m.start], '\n') + 1
	line := text[from:]
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	lead := len(line) - len(bytes.TrimLeft(line, "\t"))
	name := fmt.Sprintf("%s %d %s→%s %s", filepath.ToSlash(m.file), m.start-from-lead, m.was, m.with, bytes.TrimSpace(line))
	if n := strings.Count(string(text[:from]), string(bytes.TrimSpace(line))+"\n"); n > 0 {
		name += fmt.Sprintf(" #%d", n+1) // one excuse is for one of several such lines
	}
	return name, nil
}

// readExcused reads lines of a mutant's key, a tab, and the reason why no test can notice it.
func readExcused(name string) (map[string]string, error) {
	reasons := map[string]string{}
	f, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return reasons, nil
	} else if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for i := 1; lines.Scan(); i++ {
		if line := lines.Text(); line != "" && !strings.HasPrefix(line, "#") {
			key, reason, ok := strings.Cut(line, "\t")
			if !ok || reason == "" {
				return nil, fmt.Errorf("%s:%d: a mutant is excused without a reason", name, i)
			}
			reasons[key] = reason
		}
	}
	return reasons, lines.Err()
}
