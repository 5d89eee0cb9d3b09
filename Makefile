# The front door. CMake does the work: see CMakePresets.json.
.DEFAULT_GOAL := help
SHELL := /bin/bash
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 20
SEEDS ?= 10000
ROUNDS ?= 100
FROM ?= 1
SHAPE ?= all-in-one
CLANG = $(firstword $(foreach v,16 18 19,$(if $(wildcard /usr/bin/clang++-$(v)),clang++-$(v))) clang++-16)
CLANG_VERSION = $(subst clang++-,,$(CLANG))

.PHONY: help demo split up down test test-dev test-simulation test-tsan chaos fuzz build web test-web screenshots run simulate mutants fuzz-api bench locks loadtest lint format clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

demo: build ## ten thousand buyers fight for 700 units of a shop started for them; the verdict; the shop stays open
	@tools/demo.sh

build: web ## build/release/buyme and the pages that it serves
	@tools/setup.sh build
	@cmake --preset release -DBUYME_TESTS=OFF >build-release.log 2>&1 || { cat build-release.log; exit 1; }; rm -f build-release.log
	@cmake --build --preset release -j $(JOBS) --target buyme
	@ln -sfn ../../web/dist build/release/web

web: ## the pages for browsers: web/dist
	@tools/web.sh

screenshots: build ## the pictures of the README, docs/web/*.png, from a shop that is opened for them
	@tools/setup.sh web-test
	@tools/web.sh packages
	@cd web && npm run --silent screenshots

run: build ## a shop on 127.0.0.1:8080 with its data in ./data
	build/release/buyme serve --data-dir data

split: build ## the shop in several servers behind nginx, on this machine; SPLIT_DROP=1 sends a crowd through it
	@tools/setup.sh split
	@tools/split.py

up: ## the shop in containers (deploy/compose.yaml); PROFILE=observability adds Prometheus and Grafana
	@tools/up.sh up

down: ## ends them; the data stays
	@tools/up.sh down

simulate: build/release/simulate ## SEEDS simulated sales with faults from seed FROM, each judged; replays what failed
	@build/release/simulate --from $(FROM) --seeds $(SEEDS) --jobs $(JOBS) --table

.PHONY: build/release/simulate
build/release/simulate:
	@tools/setup.sh build simulation
	@cmake --preset release -DBUYME_TESTS=OFF >build-release.log 2>&1 || { cat build-release.log; exit 1; }; rm -f build-release.log
	@cmake --build --preset release -j $(JOBS) --target simulate

mutants: ## takes each rule out of a copy and lets the simulation find out; writes docs/simulation.md
	@tools/setup.sh build simulation
	@tools/mutants.py --write docs/simulation.md

test: test-dev test-simulation test-tsan fuzz ## everything: unit, contract, integration, chaos, style, sanitizers, fuzzing

test-dev: web ## all tests, with address and undefined-behaviour sanitizers
	@tools/setup.sh build test simulation loadtest web web-test
	cmake --preset dev >/dev/null
	cmake --build --preset dev -j $(JOBS)
	ctest --preset dev

test-web: build ## the pages alone: parts, then the whole in Chromium
	@tools/web_test.sh

chaos: ## ROUNDS sales over shared places, a fault in each; a table of what was oversold, lost, and when sales went on
	@tools/setup.sh build test
	cmake --preset dev >/dev/null
	cmake --build --preset dev -j $(JOBS) --target chaos_tests
	BUYME_CHAOS_ROUNDS=$(ROUNDS) build/dev/tests/chaos_tests --gtest_brief=1 --gtest_filter='Shared*:-*Metrics*:*InAMoment:*Revoked*:*KnowsAtOnce:*CountedTogether:*LimitTogether'

test-simulation: build/release/simulate ## a fresh set of sales, and the same sale in two builds
	build/release/simulate --today --seeds 10000 --jobs $(JOBS) --quiet
	cmake --preset dev >/dev/null
	cmake --build --preset dev -j $(JOBS) --target simulate
	tools/compare_builds.sh build/dev/simulate build/release/simulate

test-tsan: ## order writer, gate, pools, HTTP server and sessions with the thread sanitizer
	@tools/setup.sh build test
	cmake --preset tsan >/dev/null
	cmake --build --preset tsan -j $(JOBS) --target core_test order_test http_test payment_test user_test
	ctest --preset tsan -L '^(core|order|http|payment|user)_test$$'

fuzz: ## request decoding under libFuzzer, FUZZ_SECONDS each
	@tools/setup.sh build test
	CXX=$(CLANG) cmake --preset fuzz >/dev/null
	cmake --build --preset fuzz -j $(JOBS) --target fuzz
	tools/fuzz.sh $(FUZZ_SECONDS)

fuzz-api: build ## asks a running shop what /openapi.json allows and forbids, as a buyer and as an admin (schemathesis)
	@tools/setup.sh fuzz-api
	tools/fuzz_api.py

bench: build ## wrk against the shop beside a no-op nginx; writes bench/results.md
	@tools/setup.sh bench
	bench/bench.py --write bench/results.md

loadtest: build ## JMeter's 10,000 users against the shop beside a no-op nginx; SHAPE=split|both; LOADTEST="--help" lists more
	@tools/setup.sh loadtest $(if $(filter-out all-in-one,$(SHAPE)),split)
	@loadtest/loadtest.py --shape $(SHAPE) $(LOADTEST)

locks: build ## every placement strategy under the same load; writes docs/locks.md and its plots, build/locks.html
	@tools/setup.sh locks
	@/usr/bin/python3 bench/locks.py --write $(LOCKS)

lint: ## clang-tidy, warnings are errors
	@tools/setup.sh build test lint
	cmake --preset dev >/dev/null
	tools/lint.sh $(CLANG_VERSION)

format: ## clang-format over the tree
	@tools/setup.sh lint
	git ls-files '*.cpp' '*.hpp' | xargs clang-format-$(CLANG_VERSION) -i

clean: ## removes build/ and the built pages
	rm -rf build web/dist
