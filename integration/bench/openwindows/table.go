package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// table prints everything that STATE.md has, each part by a process of its own.
func table(args []string) error {
	flags := flag.NewFlagSet("table", flag.ExitOnError)
	most := flags.Int("most", 10_000_000, "windows in the largest process, which takes about 300 bytes for each")
	if err := flags.Parse(args); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	load, _ := os.ReadFile("/proc/loadavg")
	fmt.Printf("%s, %s, %d processors, load %s\n", time.Now().UTC().Format(time.DateTime), runtime.Version(), runtime.NumCPU(), strings.TrimSpace(string(load)))
	began := time.Now()
	for _, part := range [][]string{
		{"state", "-windows", "300000", "-restore=false"},
		{"state", "-windows", "300000", "-naive=false", "-further=false"},
		{"live-state", "-windows", "1000000"},
		{"state", "-windows", fmt.Sprint(*most), "-restore=false", "-naive=false", "-further=false"},
	} {
		fmt.Printf("\n%s\n", strings.Join(part, " "))
		c := exec.Command(self, part...)
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		if err := c.Run(); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
	}
	fmt.Printf("\n%.0f s\n", time.Since(began).Seconds())
	return nil
}
