package jsontree

// Name is the name of a member, prepared for Find. Names are comparable.
type Name struct {
	text string
	hash uint16
}

// NewName prepares a name.
func NewName(text string) Name { return Name{text: text, hash: hashOf(text)} }

// String is the name.
func (n Name) String() string { return n.text }

// hashOf tells names apart before they are compared: names that are equal but for case have the same hash. Names with
// bytes outside ASCII have none, 0, because some letters fold across that border.
func hashOf(s string) uint16 {
	var all byte
	for i := range len(s) {
		all |= s[i]
	}
	if all >= 0x80 {
		return 0
	}
	return hashASCII(s)
}

// hashASCII is hashOf a name known to be ASCII: its length and three of its bytes. It is never 0.
func hashASCII(s string) uint16 {
	const fold = 'a' - 'A' // sets letters of both cases to one; what else it mixes up the comparison sorts out
	n := len(s)
	if n == 0 {
		return 1
	}
	return uint16(n|0x80)<<8 | uint16((s[0]|fold)*7^(s[n/2]|fold)*3^(s[n-1]|fold))
}
