# Every target works from a fresh clone with Go alone, but for `integration`, see integration/doc.go.

GO          ?= go
GOTESTFLAGS ?=
BIN         := bin/oktastream
VERSION     := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
STATICCHECK := .cache/bin/staticcheck
SOAK        ?= 30m
SEEDS       ?= 5000
MUTANTS     ?= 150

# Where goroutines meet: these packages are tested under the race detector, the others without it, for time's sake. The
# fault matrix of processor runs in virtual time, which needs a build tag of the Kafka client.
RACE   := ./processor ./processor/embedded ./processor/enrich ./integration ./integration/suite/... ./integration/kafkatest/...
ALONE  := ./integration/bench
NORACE  = $(filter-out $(shell $(GO) list $(RACE) $(ALONE)),$(shell $(GO) list ./...))

.PHONY: help run build test integration soak mutation nightly bench lint clean

help: ## print this
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## alerts from a synthetic day at an organisation, with nothing installed
	@$(BIN) demo

build: ## bin/oktastream
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o $(BIN) ./cmd/oktastream

test: ## unit, property and process tests on the in-process broker
	$(GO) test $(GOTESTFLAGS) $(NORACE)
	$(GO) test $(GOTESTFLAGS) $(ALONE)
	$(GO) test -race $(GOTESTFLAGS) $(RACE)
	$(GO) test -tags synctests -run '^TestFault' $(GOTESTFLAGS) ./processor
	$(GO) test -tags noembedded $(GOTESTFLAGS) ./processor/embedded

# Without the host override testcontainers-go may take this machine for a container and dial its gateway; its reaper
# image is one more thing to pull. The tests refuse to run without both settings. OKTASTREAM_KAFKA_VERSION names another Kafka,
# OKTASTREAM_KAFKA_ENGINE=processes runs it without containers, OKTASTREAM_KAFKA_NODES=1 leaves out what
# is done to three brokers, OKTASTREAM_FEED_FACTOR=10 feeds ten times as long while it is done, OKTASTREAM_SEED repeats a run.
integration: ## the same promises on a real Apache Kafka, in containers or else as child processes
	TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1 TESTCONTAINERS_RYUK_DISABLED=true \
	$(GO) -C integration/containers test -count=1 -timeout 25m -v $(GOTESTFLAGS) ./...

soak: ## half an hour of three processes, two of which are killed, frozen and restarted; SOAK=2h for longer
	OKTASTREAM_SOAK=$(SOAK) $(GO) test -count=1 -timeout 24h -v -run TestSoak ./integration

# Another seed each day, so that in time every mutant is tried.
mutation: ## changes one operator at a time (MUTANTS=150 of each package) and asks whether a test notices
	$(GO) run ./integration/mutation -n $(MUTANTS) -seed $$(date +%Y%m%d) -least 95 state rules/match rules/event
	$(GO) run ./integration/mutation -n $(MUTANTS) -seed $$(date +%Y%m%d) rules/event/jsontree rules/window rules/engine

nightly: soak ## the soak, mutants, thousands of seeds (SEEDS=5000), and processes in trouble for ten times as long
	OKTASTREAM_SEEDS=$(SEEDS) $(GO) test -count=1 -timeout 6h -v ./integration/simulation
	OKTASTREAM_SCALE=10 $(GO) test -race -count=1 -timeout 2h -v -run TestProduct ./integration
	$(MAKE) mutation # last, because a sample below its aim is no reason to leave the others out

bench: ## every row of integration/BENCHMARKS.md, peers included, then the benchmarks of the parts
	@mkdir -p bin
	$(GO) run ./integration/bench -version "$(VERSION)" -json bin/bench.json
	$(GO) -C integration/bench/peers run . -json ../../../bin/peers.json
	$(GO) test -run '^$$' -bench . -benchmem ./...

lint: $(STATICCHECK) ## gofmt, go vet and staticcheck over both modules
	@out=$$(gofmt -l cmd processor state rules integration); test -z "$$out" || { echo "gofmt would change:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags synctests ./processor
	GOARCH=386 $(GO) vet ./...
	$(GO) vet -tags noembedded ./cmd/... ./processor/embedded
	GOOS=windows GOARCH=amd64 $(GO) build -o /dev/null ./cmd/oktastream
	$(STATICCHECK) ./...
	$(STATICCHECK) -tags synctests ./processor
	$(GO) -C integration/containers vet ./...
	cd integration/containers && ../../$(STATICCHECK) ./...

$(STATICCHECK): go.mod
	@$(GO) build -o $@ honnef.co/go/tools/cmd/staticcheck

clean: ## remove what the targets made
	rm -rf bin .cache
