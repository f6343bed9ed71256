package rules

import "fmt"

// Counted is a number of things as messages write it: 1 file, 2 files.
func Counted[N int | int64 | uint64](n N, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
