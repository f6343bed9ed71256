package source

import (
	"fmt"
	"time"
)

// MaxDuration is the longest span that a rule may name.
const MaxDuration = 366 * 24 * time.Hour

// Duration reads a span such as 90s, 9m, 24h, 7d or 1h30m: whole numbers with the units s, m, h and d.
// It must be longer than zero and at most MaxDuration.
func Duration(text string) (time.Duration, error) {
	var total time.Duration
	for i := 0; i < len(text); {
		n, start := int64(0), i
		for ; i < len(text) && text[i] >= '0' && text[i] <= '9'; i++ {
			if n = n*10 + int64(text[i]-'0'); n > int64(MaxDuration/time.Second) {
				return 0, fmt.Errorf("%q is longer than %d days", text, MaxDuration/(24*time.Hour))
			}
		}
		if i == start || i == len(text) {
			return 0, fmt.Errorf("%q is not a time span", text)
		}
		unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[text[i]]
		if unit == 0 {
			return 0, fmt.Errorf("%q is not a time span", text)
		}
		i++
		// Both factors are bounded by a year's worth of seconds, so neither the quotient nor the sum can overflow.
		if n > int64(MaxDuration/unit) {
			return 0, fmt.Errorf("%q is longer than %d days", text, MaxDuration/(24*time.Hour))
		}
		if total += time.Duration(n) * unit; total > MaxDuration {
			return 0, fmt.Errorf("%q is longer than %d days", text, MaxDuration/(24*time.Hour))
		}
	}
	if total == 0 {
		return 0, fmt.Errorf("%q is not a time span longer than zero", text)
	}
	return total, nil
}
