# The two commands to know: `make run` and `make test`. Both install what is missing first (Debian, as root or with sudo).
SHELL := /bin/bash
# A target may import only what Package.swift says: that keeps cores pure.
BUILD := swift build -c release --explicit-target-dependency-import-check error
PACKAGES := libzmq3-dev libsodium-dev libsqlite3-dev libxml2-dev curl
OUT ?= out/run
.PHONY: help install install-packages build run run-bridge run-banks test interop gateway-test bench sim sim-mutants model chaos e2e-hosts e2e-containers k8s-validate containers-venv units-check as-root fuzz fuzz-build fuzz-seeds proto page-test e2e-postgres e2e-restart bench-tap

help:
	@echo "make run    install, build, and show the main job: a network, payments, an audit ($(OUT)/report.json); ENGINES=bft,pow chooses engines"
	@echo "make run-bridge   two main chains, mined and voting, pegged onto a third: lock, trade, redeem, an audit (out/bridge/report.json)"
	@echo "make run-banks   two banks exchange currency: pain.001 files in, pain.002 reports out, an audit, books against chains (out/banks)"
	@echo "make test   install, build, and run every test"
	@echo "make interop   a Python tap, a Python client, Python attackers and the Python of the docs on networks of their own (part of make test)"
	@echo "make gateway-test   the gateway under made-up, slow and oversized requests (part of make test)"
	@echo "make page-test   the gateway's page in Chromium, by clicks and keys (part of make test)"
	@echo "make sim SEEDS=100 FROM=1   the same cores in the deterministic simulator, under faults"
	@echo "make sim-mutants   known bugs, each switched on in turn, must be caught"
	@echo "make model  rules R1 to R8 in a model that Spin explores in full, and what breaks without them (under 5 minutes)"
	@echo "make chaos MINUTES=2 SEED=1   real processes under payments, killed, stopped, cut off, damaged; then healed and judged (root)"
	@echo "make e2e-hosts MINUTES=2   every node and bus on a host of its own, cut off and joined again under payments (root)"
	@echo "make e2e-containers   the image, and 23 containers of it under payments: scaled, killed, audited (root; takes 15 minutes more the first time)"
	@echo "make k8s-validate   compose files and Kubernetes manifests against schemas, the program and each other (part of make test)"
	@echo "make units-check   the systemd units under systemd's own tools (part of make test)"
	@echo "make e2e-postgres   recorders that archive in a real PostgreSQL server, which is killed under payments (a build of its own)"
	@echo "make e2e-restart RATE=200   every process started anew, one after the other, under payments of which none may fail"
	@echo "make bench-tap RATE=400   what a tap, and one that does not read, cost a busy network; RATE=0: one that is as busy as it can be"
	@echo "make fuzz MINUTES=10   made-up inputs into everything that reads bytes from outside or from a disk"
	@echo "make bench  what the ledger and a notary cost, beside the signature checks of the same run"

install: install-packages
	@command -v swift >/dev/null || { echo "Swift 6.3 is needed: https://www.swift.org/install/linux"; exit 1; }

# Installs only what is not there yet, and says so.
install-packages:
	@missing=""; for package in $(PACKAGES); do dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q "ok installed" || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then echo "Installing$$missing with apt-get …"; \
	  if [ "$$(id -u)" = 0 ]; then root=""; else root=sudo; fi; \
	  $$root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$root apt-get install -y -qq --no-install-recommends $$missing >/dev/null; fi

build: install
	@[ -d .build ] || echo "First build: 5 to 10 minutes on 2 cores."
	@$(BUILD) --product concordat

run: build
	@.build/release/concordat demo --out $(OUT) $(if $(ENGINES),--engines $(ENGINES))

# Value of a mined and of a voting chain is traded on a third, and comes back (B1 to B7).
run-bridge: build
	@.build/release/concordat bridge demo --out $(if $(filter command line,$(origin OUT)),$(OUT),out/bridge)

# Two banks, each a chain of one node whose ledger is a system of its own (docs/banks.md).
run-banks: build
	@.build/release/concordat bank demo --out $(if $(filter command line,$(origin OUT)),$(OUT),out/banks)

# Runs some of the tests; what failed, or where it crashed, is said again at the end.
tests = echo "Tests: $(1)"; set -o pipefail; swift test -c release --skip-build $(2) 2>&1 | tee .build/test-$(1).log || { \
  echo "What failed (all output: .build/test-$(1).log):"; grep -E '✘|Fatal error|crashed: |signal code' .build/test-$(1).log; \
  sed -n '/ crashed:$$/,/^Registers/p' .build/test-$(1).log | grep ' in ' | head -20; exit 1; }

# A real Prometheus scrapes a running network. Its package starts a service where there is systemd: `systemctl disable --now prometheus` ends it.
test: PACKAGES += prometheus
test: install
	@[ -d .build ] || echo "First build: about 15 minutes on 2 cores; the tests take as long again."
	$(BUILD) --build-tests
	@# Real processes wait most of the time: the simulator's networks run beside them.
	@$(call tests,units,--skip ProcessTests --skip SimulationTests --skip TelemetryServerTests --skip DiskTests)
	@$(call tests,processes,--filter 'ProcessTests|SimulationTests')
	@# Some need a process to themselves. A server runs on Swift's own threads, and tests that wait for sockets hold all of them.
	@$(call tests,servers,--filter TelemetryServerTests)
	@# Stores on failing disks stay open for good, and with 1,365 open files Foundation's Process reads beyond its list of them (swift-corelibs-foundation, pull 5472).
	@$(call tests,disks,--filter DiskTests)
	@$(MAKE) --no-print-directory interop
	@$(MAKE) --no-print-directory gateway-test
	@$(MAKE) --no-print-directory page-test
	@$(MAKE) --no-print-directory k8s-validate
	@$(MAKE) --no-print-directory units-check

# Another language, with nothing of ours but the schema, watches a network, pays on it, attacks its buses, and verifies receipts.
interop: PACKAGES += python3 python3-venv
interop: install
	@[ -x .build/release/concordat ] || $(BUILD) --product concordat
	@[ -x .build/interop/bin/python ] || python3 -m venv .build/interop
	@.build/interop/bin/pip install -q --disable-pip-version-check -r Tests/Interop/requirements.txt
	@PYTHONDONTWRITEBYTECODE=1 .build/interop/bin/python Tests/Interop/interop_test.py .build/release/concordat
	@PYTHONDONTWRITEBYTECODE=1 .build/interop/bin/python Tests/Interop/attack_test.py .build/release/concordat
	@PYTHONDONTWRITEBYTECODE=1 .build/interop/bin/python Tests/Interop/receipt_test.py .build/release/concordat
	@PYTHONDONTWRITEBYTECODE=1 .build/interop/bin/python Tests/Interop/load_harness_test.py .build/release/concordat
	@PYTHONDONTWRITEBYTECODE=1 .build/interop/bin/python Tests/Interop/docs_examples_test.py .build/release/concordat

# Requests made up after the OpenAPI document, slow and oversized ones, and 10,000 idle connections.
gateway-test: PACKAGES += python3 python3-venv
gateway-test: install
	@[ -x .build/release/concordat ] || $(BUILD) --product concordat
	@[ -x .build/gateway/bin/python ] || python3 -m venv .build/gateway
	@.build/gateway/bin/pip install -q --disable-pip-version-check -r Tests/Interop/gateway-requirements.txt
	@PYTHONDONTWRITEBYTECODE=1 .build/gateway/bin/python Tests/Interop/gateway_test.py .build/release/concordat

# The gateway's page in Chromium, by clicks and keys; pictures in out/page.
page-test: PACKAGES += python3 python3-venv chromium
page-test: install
	@[ -x .build/release/concordat ] || $(BUILD) --product concordat
	@[ -x .build/gateway/bin/python ] || python3 -m venv .build/gateway
	@.build/gateway/bin/pip install -q --disable-pip-version-check -r Tests/Interop/gateway-requirements.txt
	@PYTHONDONTWRITEBYTECODE=1 .build/gateway/bin/python Tests/Interop/page_test.py .build/release/concordat out/page

bench: install
	$(BUILD) --product Benchmarks && .build/release/Benchmarks

# Prints each failing seed and the command that runs it again.
sim: install
	$(BUILD) --product Simulate && .build/release/Simulate --seeds $(or $(SEEDS),100) --from $(or $(FROM),1)

# Every known bug, switched on one at a time in a build of its own, must be caught by the simulator.
sim-mutants: install
	CONCORDAT_PLANTED_BUGS=1 $(BUILD) --scratch-path .build-planted --product Simulate
	@.build-planted/release/Simulate --catch-all --seeds $(or $(SEEDS),1000)

# Needs no Swift: only what it installs.
model: PACKAGES := spin gcc libc6-dev python3
model: install-packages
	@PYTHONDONTWRITEBYTECODE=1 python3 docs/model/run.py

# Hosts and disks of their own can only be made by root (docs/chaos.md). SEED=k draws the same faults again.
chaos: PACKAGES += iproute2 nftables util-linux mount
chaos: as-root install
	$(BUILD) --product concordat && $(BUILD) --product SkewedClock && $(BUILD) --product Chaos
	@.build/release/Chaos --minutes $(or $(MINUTES),2) $(if $(SEED),--seed $(SEED)) --out out/chaos

# Every organisation on hosts of its own, over TCP with CURVE: cut off from each other and joined again under payments.
e2e-hosts: PACKAGES += iproute2 nftables util-linux mount
e2e-hosts: as-root install
	$(BUILD) --product concordat && $(BUILD) --product SkewedClock && $(BUILD) --product Chaos
	@.build/release/Chaos --only-cables --minutes $(or $(MINUTES),2) $(if $(SEED),--seed $(SEED)) --out out/hosts

# Podman in a store of its own, on a Debian of the mirror: no registry is needed, and everything is removed again, but for that Debian in .build.
e2e-containers: PACKAGES += python3 python3-venv podman runc conmon netavark aardvark-dns iptables debootstrap binutils
e2e-containers: as-root install containers-venv
	$(BUILD) --static-swift-stdlib --scratch-path .build-static --product concordat
	@PYTHONDONTWRITEBYTECODE=1 .build/containers/venv/bin/python Tests/Interop/containers_test.py .build-static/release/concordat .build/containers/venv/bin/podman-compose .build/containers

k8s-validate: PACKAGES += python3 python3-venv prometheus
k8s-validate: install containers-venv
	@[ -x .build/release/concordat ] || $(BUILD) --product concordat
	@PYTHONDONTWRITEBYTECODE=1 .build/containers/venv/bin/python Tests/Interop/manifests_test.py .build/release/concordat

containers-venv:
	@[ -x .build/containers/venv/bin/python ] || python3 -m venv .build/containers/venv
	@.build/containers/venv/bin/pip install -q --disable-pip-version-check -r Tests/Interop/containers-requirements.txt

# Systemd need not run: its tools read the units.
units-check: PACKAGES += systemd python3
units-check: install
	@[ -x .build/release/concordat ] || $(BUILD) --product concordat
	@PYTHONDONTWRITEBYTECODE=1 python3 Tests/Interop/units_test.py .build/release/concordat

# A build with PostgreSQL, beside the usual one, and a server of its own in a temporary folder. Debian's package also starts one where there is systemd.
e2e-postgres: PACKAGES += postgresql libpq-dev python3
e2e-postgres: install
	@[ -d .build-postgres ] || echo "First build with PostgreSQL: 5 to 10 minutes on 2 cores."
	$(BUILD) --traits PostgreSQL --scratch-path .build-postgres --product concordat
	@PYTHONDONTWRITEBYTECODE=1 python3 Tests/Interop/postgres_test.py .build-postgres/release/concordat

# Starts every process of a network anew under RATE payments a second, of which none may fail; NODES a chain, NOTARIES.
e2e-restart: PACKAGES += python3
e2e-restart: install
	$(BUILD) --product concordat
	@PYTHONDONTWRITEBYTECODE=1 python3 Tests/Interop/restart_test.py .build/release/concordat $(or $(RATE),200) $(or $(NODES),4) $(or $(NOTARIES),4)

# What a tap, and one that does not read, cost a busy network; with RATE=0 one that is as busy as it can be.
bench-tap: PACKAGES += python3
bench-tap: install
	$(BUILD) --product concordat
	@PYTHONDONTWRITEBYTECODE=1 python3 Tests/Interop/tap_cost_test.py .build/release/concordat $(or $(ROUNDS),30) $(or $(RATE),400)

as-root:
	@[ "$$(id -u)" = 0 ] || { echo "This needs root: it makes network namespaces and mounts, and takes them away again. Run it as root, in a virtual machine if you like."; exit 1; }

# Inputs changed at random, led by what they reach, into every door; exit code 1 and a file for each finding.
FUZZER = $(shell swift -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')/clang/lib/linux/libclang_rt.fuzzer_no_main-$(shell uname -m).a
fuzz-build: install
	@[ -f "$(FUZZER)" ] || { echo "This Swift has no libFuzzer: $(FUZZER) is missing."; exit 1; }
	CONCORDAT_FUZZER=$(FUZZER) $(BUILD) --scratch-path .build-fuzz --product Fuzz

fuzz: fuzz-build
	@.build-fuzz/release/Fuzz --minutes $(or $(MINUTES),10)

# Makes the kept inputs anew, after the form of messages has changed.
fuzz-seeds: fuzz-build
	@.build-fuzz/release/Fuzz --seeds

# Regenerates Shared/Wire/Generated from the schema; needs protobuf-compiler.
proto:
	$(BUILD) --product protoc-gen-swift
	protoc --plugin=.build/release/protoc-gen-swift --swift_opt=Visibility=Package --swift_opt=UseAccessLevelOnImports=true \
		--swift_out=Shared/Wire/Generated -IShared/Wire/proto Shared/Wire/proto/*.proto
