.DEFAULT_GOAL := help
SHELL := /bin/bash

help: ## this list
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## build and run everything on this machine: PostgreSQL, server, worker, examples; Ctrl-C stops
	@scripts/start

demo: ## the same, ending with the example's own exit status
	@scripts/start --demo

test: ## install what the tests need and run all of them
	@scripts/test

build: ## build everything (debug)
	swift build --build-tests

release: ## build the beamline executable (release); leaves ./beamline
	swift build -c release --product beamline
	ln -sfn .build/release/beamline beamline

lint: ## check format, imports and generated code
	swift format lint --strict --parallel --recursive Sources Tests Benchmarks Package.swift
	scripts/check-imports
	scripts/generate-protos --check
	scripts/generate-permissions --check

format: ## lay out all Swift sources
	swift format --in-place --parallel --recursive Sources Tests Benchmarks Package.swift

generate: ## generate C from Protos/ and docs/permissions.md
	scripts/generate-protos
	scripts/generate-permissions

verify: lint build test ## lint, build and test

contract: ## openapi.yaml against a real server, by schemathesis (part of make test)
	@scripts/test-contract

identity: ## sign in at an OpenID provider in headless Chromium (part of make test)
	@scripts/test-identity

tls-check: ## sslyze and testssl (if installed) against a real server
	@scripts/tls-check

crash: ## kill servers, workers and PostgreSQL under load; nothing may be lost
	@scripts/test-crash

simulate: ## many seeds of the simulation: SIMULATE_SEEDS (10000), from SIMULATE_FROM (1) on
	@scripts/simulate

fuzz: ## fuzz everything that reads bytes from outside: FUZZ_MINUTES (2) for each target
	@scripts/fuzz

differential: ## CEL and JSON Schema against independent implementations: DIFFERENTIAL_SEED (1), DIFFERENTIAL_COUNT (20000)
	@scripts/differential

sanitize: ## the test suite under Thread and Address Sanitizer: SANITIZERS, SANITIZE_TARGETS
	@scripts/sanitize

chaos: ## nodes, workers and PostgreSQL under load while everything goes wrong: CHAOS_MINUTES (5)
	@scripts/chaos

soak: ## the slope of the server's memory at half of the maximum rate: SOAK_MINUTES (10)
	@scripts/soak

bench: ## measure; prints a table and writes .build/bench.json
	@Benchmarks/run

bench-peers: ## the same work by Beamline and its peers, in turns, 12 minutes: PEER_SECONDS (2), PEER_ROUNDS (5)
	@Benchmarks/peers/run --seconds $(or $(PEER_SECONDS),2) --rounds $(or $(PEER_ROUNDS),5) --docs --note '$(PEER_NOTE)'

bench-scale: ## 10,000 idle streams of each kind, a million ready steps, a held snapshot, a million stored runs
	@Benchmarks/scale

reset: ## delete the private PostgreSQL cluster and all its data
	@scripts/reset

.PHONY: help run demo test build release lint format generate verify contract identity tls-check crash simulate fuzz differential sanitize chaos soak bench bench-peers bench-scale reset
