package processor

import (
	"errors"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
)

// permanentError is one that a new session would meet again: the process stops and says why.
type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

func permanent(err error) error { return &permanentError{err} }

func isPermanent(err error) bool {
	_, ok := errors.AsType[*permanentError](err)
	is := func(e error) bool { return errors.Is(err, e) }
	return ok || slices.ContainsFunc(misconfigured, is) || slices.ContainsFunc(denials, is)
}

// misconfigured are answers of a broker that no new session will change: what the configuration asks for is outside of
// what the broker allows, or unlike what the group's other members ask for.
//
// FencedInstanceID is among them: another process has joined with this group.instance.id. Who joins again throws that one
// out, which would do the same, for ever.
var misconfigured = []error{kerr.InvalidSessionTimeout, kerr.InvalidTransactionTimeout, kerr.InconsistentGroupProtocol, kerr.UnsupportedSaslMechanism,
	kerr.FencedInstanceID}
