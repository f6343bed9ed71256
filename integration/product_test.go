package integration

import (
	"testing"

	"oktastream/integration/suite"
)

// Real processes on the in-process broker, built with the race detector.
func TestProduct(t *testing.T) {
	dir := t.TempDir()
	binary, err := suite.Build(t.Context(), dir, true)
	if err != nil {
		t.Fatal(err)
	}
	suite.Product(t, suite.Env{Cluster: newFake(t), Binary: binary, Logs: t.ArtifactDir(), Seed: suite.Seed(t)})
}
