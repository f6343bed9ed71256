package integration

import (
	"os"
	"testing"
	"time"

	"oktastream/integration/suite"
)

// soakVariable says how long TestSoak runs, as in 30m; without it the test is left out.
const soakVariable = "OKTASTREAM_SOAK"

func TestSoak(t *testing.T) {
	text := os.Getenv(soakVariable)
	if text == "" {
		t.Skipf("%s does not say for how long, as in 30m", soakVariable)
	}
	length, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("%s: %v", soakVariable, err)
	}
	binary, err := suite.Build(t.Context(), t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	suite.Soak(t, suite.Env{Cluster: newFake(t), Binary: binary, Logs: t.ArtifactDir(), Seed: suite.Seed(t)}, length)
}
