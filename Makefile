# Everything a person or a build server says to this house. Each line of work is a script in
# scripts/, so that it can be read, and run by hand.

SHELL := /bin/bash
# How many seeds `make sim` tries, or which one alone, and how many crashes `make crash` provokes.
SEEDS ?= 10000
SEED ?=
RUNS ?= 300

.DEFAULT_GOAL := help
.PHONY: help demo test check bench sim crash fmt

help: ## This list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: ## A simulated Gorgias and a roster brought into agreement, step by step
	@scripts/setup build
	@. scripts/lib.sh; cargo build --locked -p muster && cargo run --quiet --locked -p muster -- demo

test: ## Every test there is; installs what it needs
	@scripts/setup test
	@scripts/test all

check: ## Format, lints and the fast tests: under a minute when warm
	@scripts/setup build
	@scripts/test fast

bench: ## Measurements beside physical limits and budgets
	@scripts/setup build
	@. scripts/lib.sh; \
		cargo build --release --locked -p muster-domain --example scale && \
		cargo build --release --locked -p muster && \
		cargo run --release --locked -p muster-bench

sim: ## Simulations by seed: make sim SEEDS=10000, or one: SEED=42
	@scripts/setup build
	@scripts/test sim $(SEEDS) $(SEED)

crash: ## Kill the program at random moments of an apply, on both databases: make crash RUNS=300
	@scripts/setup test
	@scripts/test crash $(RUNS)

fmt: ## Format the code
	@. scripts/lib.sh; cargo fmt --all
