# Tidelock's commands. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup plugins hostile build demo test torture fuzz mutate lint bench bench-decision clean
CARGO ?= cargo
ARGS ?=

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

setup: ## install what the build and the tests need and say what is missing
	@./deploy/setup.sh all

plugins: ## build the first-party plugins as components into target/plugins
	@./deploy/setup.sh wasm
	$(CARGO) run -q -p tidelock-components --bin componentize -- --all --out target/plugins

hostile: ## build the hostile components into target/hostile and contain each in the real runner
	$(CARGO) run -q -p tidelock-hostile --bin hostile -- target/hostile
	$(CARGO) nextest run -p tidelock-agent --test hostile

build: plugins ## build every binary
	$(CARGO) build --workspace --bins

demo: build ## watch two shops converge, switch and roll back; checks itself (ARGS=--interactive stays up)
	$(CARGO) run -q -p tidelock-cli --bin tidelock -- demo $(ARGS)

test: ## everything, as CI runs it
	@./deploy/setup.sh all
	@./deploy/test.sh $(ARGS)

fuzz: ## random bytes through each door for 60 s (FUZZ_SECS=5, ARGS="wire plan")
	@./deploy/fuzz.sh $(ARGS)

mutate: ## take each defence away in turn: a test must notice
	@./deploy/mutate.sh

torture: ## the power goes away 300 times under the journal and the spool (root and loop devices)
	TIDELOCK_POWER_LOSSES=300 $(CARGO) nextest run -P torture -p tidelock-tests --test power --no-capture

lint: ## formatting, clippy, the protocol's lint and the dependency policy
	@./deploy/lint.sh

bench: plugins ## measure, side by side with a peer or a physical limit
	@./deploy/bench.sh $(ARGS)

bench-decision: ## how often the proof is wrong and how long it takes, beside the peers' rules (ARGS=--quick)
	@$(CARGO) bench -q -p tidelock-agent -p tidelock-collector -p tidelock-cli -p tidelock-demo -p tidelock-tests \
		--bench decision_quality -- $(ARGS)

clean: ## remove what was built
	$(CARGO) clean
