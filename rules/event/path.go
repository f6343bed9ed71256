package event

// Path is a compiled field path. The zero Path leads nowhere. Paths are comparable by their String.
type Path struct {
	text string
}

// String is the path as the author wrote it.
func (p Path) String() string { return p.text }
