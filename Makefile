# `make run` and `make test` do all of their own set-up on a fresh Debian or Ubuntu machine.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Without a display there is no window to build: the same panel, served on loopback, needs no WebKit.
HAS_DISPLAY := $(or $(DISPLAY),$(WAYLAND_DISPLAY))
FEATURES := $(if $(HAS_DISPLAY),,--no-default-features)

.PHONY: help run test test-rust test-ui test-journeys lint bench bindings ui clean

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

run: ## Install what is missing, build, and start Beckon: a window, or a link where there is no display
	@scripts/need tools build $(if $(HAS_DISPLAY),window)
	@scripts/build-ui
	@scripts/say "Building Beckon (the first time takes some minutes; the next ones seconds)"
	@cargo build --package beckon $(FEATURES)
	@scripts/say "Starting Beckon"
	@exec target/debug/beckon

test: ## Install what is missing and run every test
	@scripts/need tools build window test
	@$(MAKE) --no-print-directory lint test-ui test-rust test-journeys

lint: ui ## Formatting and lints of both languages, licences and sources of every dependency
	@scripts/say "Lints"
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --quiet -- -D warnings
	cargo clippy --package beckon --no-default-features --quiet -- -D warnings
	cargo deny --log-level error check bans licenses sources
	cd ui && npm run --silent lint

test-ui: ui ## Unit tests of the UI
	@scripts/say "UI units"
	cd ui && npm test --silent

test-rust: ui ## Rust tests, against a real keychain in a D-Bus session of their own
	@scripts/say "Rust tests"
	@scripts/with-keychain cargo nextest run --workspace --no-fail-fast

test-journeys: ui ## The built program end to end: command line, real clients, faults, browser, desktop window
	@scripts/say "Journeys"
	@cargo build --package beckon --quiet
	@scripts/journeys

bench: ui ## Measure, beside the machine's floor and its peers in the same run; ROWS=warm,cold chooses, QUICK=1 hurries
	@scripts/need tools build window test bench
	@ROWS='$(ROWS)' QUICK='$(QUICK)' scripts/bench

bindings: ## Write the TypeScript client from the panel's commands
	cargo run --quiet --package beckon-panel --example bindings

ui: ## Build the page that the binary embeds
	@scripts/build-ui

clean: ## Remove what was built
	rm -rf target ui/dist ui/node_modules tests/node_modules tests/venv tests/artifacts
