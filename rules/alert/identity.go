package alert

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// StatelessID is the identity of an alert about one event: the same event gives the same id whenever and by whichever
// envelope it arrives, so that a consumer's upsert is idempotent.
func StatelessID(org, ruleID, eventID string) string {
	return digest("single", org, ruleID, eventID)
}

// EpisodeID is the identity of an alert about a group: group values in the rule's order, and the id of the event that
// first completed the condition.
func EpisodeID(org, ruleID string, group []string, eventID string) string {
	parts := append([]string{"episode", org, ruleID, eventID}, group...)
	return digest(parts...)
}

// digest hashes length-prefixed parts, so that no two lists of parts collide by concatenation.
func digest(parts ...string) string {
	h := sha256.New()
	var n [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
