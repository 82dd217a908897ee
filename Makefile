# Two commands do everything on a fresh Debian or Ubuntu machine with Rust: make demo, make test.
.DEFAULT_GOAL := help
DEMO ?=
SETUP ?= run
PEERS ?=
CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
PURE := vedette-geo vedette-atlas vedette-planner vedette-checker vedette-formats vedette-klv vedette-sight \
        vedette-model vedette-protocol vedette-core vedette-evidence vedette-score vedette-sim-vehicle
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)

.PHONY: help setup build demo test peers check bench soak fuzz fuzz-files fmt clippy onnx

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install missing system packages (.ci/packages.txt)
	@[ "$(SETUP)" = skip ] || sh .ci/setup

build: setup ## build everything once, for demo and tests alike
	$(CARGO) build --workspace --bins

# Drivers of software graphics complain where a service account has no runtime folder.
demo: export XDG_RUNTIME_DIR ?= $(abspath $(TARGET))/run
demo: build ## the main job end to end: make demo DEMO="--headless --seed 7"
	@mkdir -p -m 700 "$$XDG_RUNTIME_DIR"
	$(TARGET)/debug/vedette demo $(DEMO)

test: setup fmt clippy ## everything that must hold: format, lints, all tests, end-to-end demo, doctests, peers
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run --workspace --no-fail-fast
else
	$(CARGO) test --workspace --no-fail-fast
endif
	$(CARGO) test --workspace --doc
	PEERS_OPTIONAL=1 SPEED=6 JOBS=2 sh tests/peers/run.sh

peers: build ## pymavlink, MAVProxy and MAVSDK fly our aircraft (installs them from PyPI): make peers PEERS="mavsdk px4"
	sh tests/peers/run.sh $(PEERS)

fmt:
	$(CARGO) fmt --all --check

clippy:
	$(CARGO) clippy --workspace --all-targets --features vedette-ingest/onnx,vedette-video-bench/onnx -- -D warnings

onnx: export VEDETTE_ONNXRUNTIME ?= $(shell find $(abspath $(TARGET))/onnx-venv -name 'libonnxruntime.so*' 2>/dev/null | head -1)
onnx: ## the slot for detector networks, with ONNX Runtime from PyPI (or VEDETTE_ONNXRUNTIME=LIBRARY)
	[ -n "$$VEDETTE_ONNXRUNTIME" ] || { python3 -m venv $(TARGET)/onnx-venv && $(TARGET)/onnx-venv/bin/pip install -q onnxruntime; }
	VEDETTE_ONNXRUNTIME=$${VEDETTE_ONNXRUNTIME:-$$(find $(abspath $(TARGET))/onnx-venv -name 'libonnxruntime.so*' | head -1)} \
	  $(CARGO) test -p vedette-ingest --features onnx --test it onnx

check: ## the pure crates only, under a minute
	$(CARGO) check $(addprefix -p ,$(PURE))

bench: ## benches, in release, without the console; pymavlink beside ours where `make peers` ran once
	$(CARGO) bench --no-fail-fast $(addprefix -p ,$(PURE)) -p vedette-journal -p vedette-links

soak: ## the reliability table's link rows at full size and whole exercises repeated byte for byte, in release (minutes)
	VEDETTE_SOAK=1 $(CARGO) test --release -p vedette-protocol --test wire --test memory -- --nocapture
	VEDETTE_SOAK=1 $(CARGO) test --release -p vedette-sim -p vedette-score --test it again:: -- --nocapture

FUZZ ?= frames station router keyfile files signing cues
SECONDS ?= 60
# The compiler in use, told to take its unstable flags: no other toolchain is needed. What cargo-fuzz passes.
FUZZCARGO := RUSTC_BOOTSTRAP=1 $(CARGO)
FUZZFLAGS := -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
  -Zsanitizer=address -Cdebug-assertions=yes -Ccodegen-units=1 --cfg=fuzzing
fuzz: ## each fuzz target for a minute, on the stable compiler: make fuzz FUZZ=files SECONDS=600
	cd station/protocol/fuzz && for t in $(FUZZ); do \
	  mkdir -p corpus/$$t && RUSTFLAGS="$(FUZZFLAGS)" CARGO_TARGET_DIR=$(abspath $(TARGET))/fuzz \
	  $(FUZZCARGO) run -q --release --target $$(rustc -vV | sed -n 's/^host: //p') --bin $$t -- \
	  corpus/$$t $$([ -d seeds/$$t ] && echo seeds/$$t) -max_total_time=$(SECONDS) -rss_limit_mb=1024 \
	  -malloc_limit_mb=$$(case $$t in frames|router|signing|keyfile) echo 1;; *) echo 64;; esac) || exit 1; done

ifeq ($(origin FUZZ),file)
fuzz: fuzz-files
endif
fuzz-files: ## the fuzz targets of files, metadata and streams, a minute each: make fuzz-files FILES="mbtiles plan"
	for r in maps/atlas mission/formats video/klv; do cd $(CURDIR)/$$r/fuzz && for t in $$(ls fuzz_targets | sed 's/[.]rs$$//'); do \
	  [ -z "$(FILES)" ] || echo " $(FILES) " | grep -q " $$t " || continue; \
	  mkdir -p corpus/$$t && RUSTFLAGS="$(FUZZFLAGS)" CARGO_TARGET_DIR=$(abspath $(TARGET))/fuzz \
	  $(FUZZCARGO) run -q --release --target $$(rustc -vV | sed -n 's/^host: //p') --bin $$t -- \
	  corpus/$$t $$([ -d seeds/$$t ] && echo seeds/$$t) -max_total_time=$(SECONDS) -malloc_limit_mb=512 -rss_limit_mb=2048 || exit 1; done; done
