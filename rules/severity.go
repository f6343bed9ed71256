package rules

import "oktastream/rules/alert"

// Severities lists the levels from the mildest, in Sigma's words.
var Severities = []alert.Severity{alert.Informational, alert.Low, alert.Medium, alert.High, alert.Critical}

// DefaultRisk is the risk score of a rule whose author gives none: the numbers that Elastic's detection engine uses.
func DefaultRisk(s alert.Severity) int {
	switch s {
	case alert.Critical:
		return 99
	case alert.High:
		return 73
	case alert.Medium:
		return 47
	}
	return 21
}
