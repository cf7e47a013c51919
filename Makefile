# edge-atm: `make demo` shows the whole product once, `make test` proves it. `make help` lists all.
PYTHON ?= python3
PY := .venv/bin/python
# On a Raspberry Pi the camera stack comes from apt; elsewhere the environment is closed.
VENV_FLAGS := $(shell $(PYTHON) -c 'import libcamera' 2>/dev/null && echo --system-site-packages)
READY := .venv/.ready
INTEROP := .venv-interop/.ready
PEERS := .venv-peers/.ready
UNIT_TESTS := tests/unit
# One process for each core; the tests of one file stay together, with what they share.
WORKERS := -n auto --dist loadfile

DATA ?= ../shared/data
# Which unit the journal is of, such as UNIT="--config build/desk.toml --development".
UNIT ?=

.PHONY: help setup demo test check soak interop lock clips pictures export mean calibrate trials \
  trials-templates trials-liveness trials-challenge trials-touch \
  journal-show journal-verify journal-export

# A line that begins with two signs is a heading of this list.
help:  ## list the targets
	@grep -hE '^([a-z-]+:.*)?## ' $(MAKEFILE_LIST) | sed -E 's/^## /\n/; s/:.*## /\t/' | expand -t 18

setup: $(READY)  ## create .venv from the lock
$(READY): requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv --clear $(VENV_FLAGS) .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)  ## enrol, recognise, pay, refuse: the whole product once, without hardware
	@$(PY) -m tests.rig.demo

check: $(READY)  ## lint, types, rooms, style, unit tests: under a minute
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) -m pytest $(WORKERS) $(UNIT_TESTS)

test: $(READY) $(INTEROP) clips  ## every test: under ten minutes on two cores
	@$(PY) -m pytest $(WORKERS)

SECONDS ?= 60
# A kill and the start after it take about this part of the time.
KILLS ?= $(shell expr $(SECONDS) / 20)
soak: $(READY)  ## pay for SECONDS in a simulated world where everything fails, then KILLS of a process
	@$(PY) -m tests.rig.soak --seconds $(SECONDS) --kills $(KILLS) $(if $(SEED),--seed $(SEED))

interop: $(READY) $(INTEROP)  ## somebody else's host against the rig's dispenser
	@$(PY) -m pytest tests/interop

# An environment of its own, because that host pins an old typer.
$(INTEROP): requirements-interop.lock
	$(PYTHON) -m venv --clear .venv-interop
	.venv-interop/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  -r requirements-interop.lock
	@touch $@

## Pictures, models and figures
clips: $(READY)  ## render the rig's clips from pictures that packages ship
	@$(PY) -m tests.rig.clips

export: $(READY)  ## rebuild the ONNX files from the published weights; fails if a digest differs
	@$(PY) -m export

mean: $(READY)  ## remake the mean embedding from DATA/lfw (then put its digest into the manifest)
	@.venv/bin/edge-atm trials mean --images $(DATA)/lfw --out models_onnx/mean_embedding.npy

calibrate: $(READY)  ## fit the matcher's constants on DATA's fit people, check them on the others
	@.venv/bin/edge-atm trials calibrate --images $(DATA)/lfw --images $(DATA)/lfw-ident

# The float model is 94 MB and not released: it is compared where `make export` has built it.
trials: $(READY)  ## measure LFW folds 1-5 and lfw-ident of DATA through the product's own pipeline
	@.venv/bin/edge-atm trials faces --images $(DATA)/lfw --pairs $(DATA)/lfw/dev-folds.txt \
	  --model int8 $(if $(wildcard build/facenet_fp32.onnx),--model fp32)
	@.venv/bin/edge-atm trials identify --images $(DATA)/lfw-ident --impostors $(DATA)/lfw \
	  --plot build/det.svg

trials-templates: $(READY)  ## measure what protecting templates costs and hides, on lfw-ident of DATA
	@.venv/bin/edge-atm trials templates --images $(DATA)/lfw-ident --impostors $(DATA)/lfw

trials-liveness: $(READY)  ## ask the deny cues about the live people and the attacks of DATA/pad
	@.venv/bin/edge-atm trials liveness --root $(DATA)/pad --labels $(DATA)/pad/labels.csv

CLIPS ?= $(DATA)/clips
trials-challenge: $(READY)  ## measure the head turns in CLIPS, and photo twins of the same faces
	@.venv/bin/edge-atm trials challenge --clips $(CLIPS)

# NETS: a folder that `make touch-train OUT=…` wrote; without it the networks are left out.
trials-touch: $(READY)  ## measure touch habits and age on the people of DATA/touch; NETS=FOLDER
	@.venv/bin/edge-atm trials touch --data $(DATA)/touch $(if $(NETS),--models "$(NETS)")

SESSIONS ?= 2000
PIXELS ?= 50
.PHONY: liveness-sim
liveness-sim: $(READY)  ## simulate attacks: SESSIONS of each species on paper, PIXELS of each filmed
	@$(PY) -m tests.rig.attacks --sessions $(SESSIONS) --pixels $(PIXELS) \
	  $(if $(LIVENESS_JSON),--json "$(LIVENESS_JSON)")

.PHONY: bench bench-peers
bench: $(READY)  ## time every stage, the start and the memory of this machine; BENCH_JSON=FILE
	@$(PY) -m tests.bench $(if $(BENCH_JSON),--json "$(BENCH_JSON)")

bench-peers: $(PEERS)  ## the same work by what a user would pick instead; PEERS_JSON=FILE
	@.venv-peers/bin/python -m tests.bench.peers $(if $(PEERS_JSON),--json "$(PEERS_JSON)")

# torch stands outside the lock: its CPU build has another version and digest on every index. Where
# the default one would bring CUDA (gigabytes), name an index of CPU builds: TORCH_INDEX=URL.
TORCH := torch==2.13.0
$(PEERS): requirements.lock requirements-peers.lock
	$(PYTHON) -m venv --clear .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  --no-deps -r requirements.lock -r requirements-peers.lock
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  $(if $(TORCH_INDEX),--index-url "$(TORCH_INDEX)") $(TORCH)
	@touch $@

# The networks of touch habits are trained from people's data, so not by `make export`. torch: see
# TORCH_INDEX above. MODELS=kakaobank-lstm,… leaves the others out.
TRAIN := .venv-train/.ready
.PHONY: touch-train
touch-train: $(TRAIN)  ## train the touch models of DATA/touch into OUT=FOLDER, in half an hour; MODELS=name,…
	@test -n "$(OUT)" || { echo "Say where to: make touch-train OUT=FOLDER" >&2; exit 2; }
	@OMP_NUM_THREADS=1 .venv-train/bin/python -m export.touch --data $(DATA)/touch --out "$(OUT)" \
	  $(if $(MODELS),--only "$(MODELS)")

$(TRAIN): requirements-dev.lock requirements-touch.txt
	$(PYTHON) -m venv --clear .venv-train
	.venv-train/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
	  -r requirements-dev.lock
	.venv-train/bin/python -m pip install --quiet --disable-pip-version-check \
	  $(if $(TORCH_INDEX),--extra-index-url "$(TORCH_INDEX)") -r requirements-touch.txt
	@touch $@

## A technician's visit; UNIT="--config FILE" says which unit it is
.PHONY: doctor link-test test-dispense settle cash-count replenish close-day models-prepare \
  models-verify

doctor: $(READY)  ## look at every part once, each with the next action
	@.venv/bin/edge-atm $(UNIT) doctor

link-test: $(READY)  ## time the dispenser's answers; moves nothing
	@.venv/bin/edge-atm $(UNIT) link-test

test-dispense: $(READY)  ## move NOTES, or one of each cassette, into the reject tray
	@.venv/bin/edge-atm $(UNIT) test-dispense $(if $(NOTES),--notes "$(NOTES)")

settle: $(READY)  ## end a SUSPECT payout by what is there now: NOTES=98,99,96,0 TRAY=0,1,0,0
	@test -n "$(NOTES)" -a -n "$(TRAY)" || { echo "Say what you counted: make settle NOTES=98,99,96,0 TRAY=0,1,0,0" >&2; exit 2; }
	@.venv/bin/edge-atm $(UNIT) settle --notes "$(NOTES)" --tray "$(TRAY)"

cash-count: $(READY)  ## set what you counted against the books: NOTES=500,500,200,0 [TRAY=1,0,2,0]
	@test -n "$(NOTES)" || { echo "Say what you counted: make cash-count NOTES=500,500,200,0" >&2; exit 2; }
	@.venv/bin/edge-atm $(UNIT) cash-count --notes "$(NOTES)" $(if $(TRAY),--tray "$(TRAY)")

# A word such as no or 0 would else be taken for a yes.
only_1 = @case "$($(1))" in ""|1) ;; *) echo "$(1) is 1 or left out" >&2; exit 2;; esac

replenish: $(READY)  ## book filled cassettes: NOTES=500,500,200,0 [TRAY=…] [SWAP=1], or on top ADD=1
	@test -n "$(NOTES)" || { echo "Say what the cassettes hold: make replenish NOTES=500,500,200,0" >&2; exit 2; }
	$(call only_1,ADD)
	$(call only_1,SWAP)
	@.venv/bin/edge-atm $(UNIT) replenish --notes "$(NOTES)" $(if $(TRAY),--tray "$(TRAY)") \
	  $(if $(ADD),--add) $(if $(SWAP),--swap)

close-day: $(READY)  ## add up everything since the last close, and write the totals down
	@.venv/bin/edge-atm $(UNIT) close-day

models-prepare: $(READY)  ## optimise the released models for this computer, after an update
	@.venv/bin/edge-atm $(UNIT) models prepare

models-verify: $(READY)  ## check the models' digests, and say which files the unit opens
	@.venv/bin/edge-atm $(UNIT) models verify

reissue: $(READY)  ## seal the face of one card anew, or of everybody with ALL=1
	$(call only_1,ALL)
	@.venv/bin/edge-atm $(UNIT) reissue $(if $(ALL),--all)

rotate-keys: $(READY)  ## seal all faces, names and PINs under new keys; service stopped
	@.venv/bin/edge-atm $(UNIT) rotate-keys

revoke: $(READY)  ## destroy the enrolled face of one card; LEAKED=1: others know the face
	$(call only_1,LEAKED)
	@.venv/bin/edge-atm $(UNIT) revoke $(if $(LEAKED),--leaked)

journal-show: $(READY)  ## print the unit's newest journal entries, or LAST=n of them
	@.venv/bin/edge-atm $(UNIT) journal show $(if $(LAST),--last "$(LAST)")

journal-verify: $(READY)  ## check the journal's whole chain, show the unit's public key
	@.venv/bin/edge-atm $(UNIT) journal verify

journal-export: $(READY)  ## write the journal, signed, to OUT=FILE; FORCE=1 replaces the file
	@test -n "$(OUT)" || { echo "Say where to: make journal-export OUT=FILE" >&2; exit 2; }
	$(call only_1,FORCE)
	@.venv/bin/edge-atm $(UNIT) journal export "$(OUT)" $(if $(FORCE),--force)

evidence-list: $(READY)  ## list the clips sealed for the bank
	@.venv/bin/edge-atm $(UNIT) evidence list

evidence-verify: $(READY)  ## check each clip's digest against the journal
	@.venv/bin/edge-atm $(UNIT) evidence verify

evidence-prune: $(READY)  ## remove clips over the bank's limits of days and bytes
	@.venv/bin/edge-atm $(UNIT) evidence prune

.PHONY: receive-key export-escrow import-escrow backup restore
# What a file from the bank needs beside its name.
from_bank = @test -n "$(IN)" -a -n "$(KEY)" || { echo "Say which file, and the old unit's public key: make $(1) IN=FILE KEY=HEX" >&2; exit 2; }
to_bank = @test -n "$(OUT)" || { echo "Say where to: make $(1) OUT=FILE" >&2; exit 2; }

receive-key: $(READY)  ## print the age key that the bank seals this unit's files to
	@.venv/bin/edge-atm $(UNIT) receive-key

export-escrow: $(READY)  ## write the bank's sealed copies of all enrolments to OUT=FILE; FORCE=1
	$(call to_bank,export-escrow)
	$(call only_1,FORCE)
	@.venv/bin/edge-atm $(UNIT) export-escrow "$(OUT)" $(if $(FORCE),--force)

import-escrow: $(READY)  ## fill a new unit from the bank's IN=FILE; KEY=HEX of the old unit
	$(call from_bank,import-escrow)
	@.venv/bin/edge-atm $(UNIT) import-escrow "$(IN)" --key "$(KEY)"

backup: $(READY)  ## write everything, sealed to the bank, to OUT=FILE; FORCE=1 replaces the file
	$(call to_bank,backup)
	$(call only_1,FORCE)
	@.venv/bin/edge-atm $(UNIT) backup "$(OUT)" $(if $(FORCE),--force)

restore: $(READY)  ## make an empty unit what the bank's IN=FILE holds; KEY=HEX of the old unit
	$(call from_bank,restore)
	@.venv/bin/edge-atm $(UNIT) restore "$(IN)" --key "$(KEY)"

## Maintenance
pictures: $(READY)  ## remake the README's pictures
	@$(PY) -m tests.rig.pictures

lock: $(READY)  ## resolve the dependencies anew for CPython 3.11-3.13, x86_64 and aarch64
	@test -x .venv-lock/bin/uv || { $(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet uv; }
	.venv-lock/bin/uv pip compile --quiet --universal --fork-strategy fewest --generate-hashes \
	  --no-header --python-version 3.11 pyproject.toml -o requirements.lock
	.venv-lock/bin/uv pip compile --quiet --universal --fork-strategy fewest --generate-hashes \
	  --no-header --python-version 3.11 -c requirements.lock pyproject.toml --group dev \
	  -o requirements-dev.lock
	.venv-lock/bin/uv pip compile --quiet --universal --fork-strategy fewest --generate-hashes \
	  --no-header --python-version 3.11 --group interop -o requirements-interop.lock
	.venv-lock/bin/uv pip compile --quiet --universal --fork-strategy fewest --generate-hashes \
	  --no-header --python-version 3.11 -c requirements.lock --overrides tests/bench/peer_overrides.txt \
	  --group peers -o requirements-peers.lock
