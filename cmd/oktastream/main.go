package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"oktastream/rules/printable"

	"github.com/spf13/cobra"
)

// Exit codes are a contract with scripts.
const (
	exitOK       = 0
	exitFindings = 1 // check found something, or a test failed
	exitLoad     = 2 // rules or tests do not load
	exitUsage    = 3 // wrong usage, configuration or environment
)

// exitError carries the exit code of a command that has failed. A nil err means that everything has been said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func fail(code int, err error) error { return &exitError{code, err} }

func main() {
	os.Exit(execute(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// execute runs one command line. The first SIGINT or SIGTERM ends the context, the second ends the process.
func execute(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop()
	}()
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var e *exitError
	if !errors.As(err, &e) {
		e = &exitError{exitUsage, err} // cobra's own: unknown command or flag
	}
	if e.err != nil {
		fmt.Fprintln(stderr, "oktastream:", strings.Join(printable.Paragraph(e.err.Error()), "\n"))
	}
	return e.code
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "oktastream",
		Short: "Detections over Okta System Log events, as they arrive",
		Long: "oktastream reads Okta System Log events from Kafka, evaluates Sigma rules and Okta filter expressions in\n" +
			"event time, and publishes alerts to Kafka, exactly once. Offline it runs the same engine over files.\n\n" +
			"Exit codes: 0 ok, 1 findings or failing tests, 2 rules do not load, 3 usage or environment.",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newDemo(), newRun(), newEval(), newBacktest(), newExplain(), newRules(), newSchema(), newVersion())
	return root
}
