# The ways in. `make help` lists them.
.DEFAULT_GOAL := help
XTASK := cargo run -q -p tests --bin xtask --

# Scenarios need the guest. By name: slow_* only in test-all, bench_* only in bench.
SCENARIOS := $(basename $(notdir $(wildcard tests/scenarios/*.rs)))
SLOW      := $(filter slow_%,$(SCENARIOS))
BENCH     := $(filter bench_%,$(SCENARIOS))
QUICK     := $(filter-out $(SLOW) $(BENCH),$(SCENARIOS))
NEXTEST   := $(shell command -v cargo-nextest 2>/dev/null)

run: setup ## Build, boot a host in an emulated machine, configure it, show its status
	@$(XTASK) run

ssh: ## Enter the host that `make run` left running
	@$(XTASK) ssh

stop: ## End that host
	@$(XTASK) stop

test: build-tests ## Everything quick: format, lints, unit tests, scenarios in the guest (at most 25 minutes)
	@# The snapshot waits for mirrors and for a machine to boot; the others need the processors meanwhile.
	$(MAKE) --no-print-directory -j2 --output-sync=target snapshot lints $(if $(NEXTEST),,units)
ifdef NEXTEST
	cargo nextest run --workspace --test-threads 2 --no-fail-fast $(if $(SLOW)$(BENCH),-E 'not binary(/^(slow|bench)_/)')
else
	@# Two machines at a time, whichever scenarios they are of.
	$(MAKE) --no-print-directory -j2 --output-sync=target --keep-going $(addprefix scenario/,$(QUICK))
endif

scenario/%:
	cargo test --workspace --test $* -- --test-threads=1

test-all: test slow ## Everything

slow: build-tests ## The slow scenarios, or some: make slow SLOW="slow_a slow_b"
	@$(MAKE) --no-print-directory snapshot
	$(if $(SLOW),cargo test --workspace --no-fail-fast $(addprefix --test ,$(SLOW)) -- --test-threads=2,@echo there are no slow scenarios)

bench: setup ## Figures, as ratios taken side by side in one run, of the program as it is released
	cargo build --release --workspace --bins
	$(if $(BENCH),PROFILE=release cargo test --workspace $(addprefix --test ,$(BENCH)) -- --test-threads=1 --nocapture,@echo there are no benches)

image: build ## The appliance's disk image
	@$(XTASK) image

setup: ## Install what building and the guest need (nothing to do: under a second)
	@bash image/host/setup.sh

fmt: ## Format the sources
	cargo fmt --all

build: setup
	cargo build --workspace --bins

# All at once: tests give dependencies more features, so the program would be built anew for them, and the image with it.
build-tests: setup
	cargo build --workspace --all-targets

lints:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

units:
	cargo test --workspace --exclude tests --no-fail-fast
	cargo test -p tests --lib

# The image and a saved first boot: what scenarios start from. Of what was built before; `cargo run` would wait for another cargo.
snapshot:
	@target/debug/xtask snapshot

help: ## This list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 10

.PHONY: run ssh stop test test-all slow bench image setup fmt build build-tests lints units snapshot help
