# `make` prints what can be made.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help run build test dev bench bench-console lighthouse fmt clean install install-test

# Tools of the wanted version stand in .tools and node_modules; they go before whatever else is installed.
export PATH := $(CURDIR)/.tools/bin:$(CURDIR)/node_modules/.bin:$(HOME)/.cargo/bin:$(PATH)

# With the variables of .env, if there is one; those that are given go before them.
WITH_ENV := scripts/with-env.sh

# Where cargo builds.
TARGET := $(or $(CARGO_TARGET_DIR),target)

help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Install what is missing, build, and start the hub (http://127.0.0.1:23000)
	@exec $(WITH_ENV) $(TARGET)/release/switchyard

build: install ## Build target/release/switchyard and the console's files in target/site
	@cargo leptos build --release --split --precompress
	@node scripts/site.mjs target/site $(TARGET)/release/hash.txt

test: install-test ## Check format and lints, run every test: Rust, Postgres, Redis, SDKs, Claude Code, browser
	@scripts/test.sh

dev: install ## Start the hub for development; it is rebuilt whenever a file changes
	@exec $(WITH_ENV) cargo leptos watch --split

bench: build ## Measure a choice among providers, and the hub against a bare pass-through; writes target/bench.md (QUICK=1 for a short look)
	@scripts/install.sh bench
	@cargo bench --package hub --features server --bench selection
	@cargo bench --package app --features ssr --bench load

bench-console: build ## Measure every page over 10 million calls; writes target/bench-console.md (CALLS=200000 for a short look, DATA=folder to keep what it fills for the next run)
	@scripts/install.sh bench
	@CALLS=$${CALLS:-10000000} DATA="$(abspath $(DATA))" cargo bench --package app --features ssr --bench load -- console

lighthouse: build ## Have Lighthouse judge the pages that stay open; writes target/lighthouse.md (loads 180 MB of tools once)
	@scripts/install.sh lighthouse
	@[ -d .tools/lighthouse/node_modules ] || npm install --prefix .tools/lighthouse --no-audit --no-fund --ignore-scripts lighthouse@13.5.0
	@node end2end/lighthouse.mjs

fmt: ## Format the code
	@cargo fmt --all

clean: ## Remove what was built (not data/, not what was installed)
	@cargo clean

# Installing is all that may ask a registry. Each step sees for itself whether there is something to do.
install: ## Install what building and running need; `make run` does it too
	@$(WITH_ENV) scripts/install.sh run

install-test: ## Install what the tests need as well; `make test` does it too
	@scripts/install.sh test
