# edge-atm: `make demo` shows the whole product once, `make test` proves it. `make help` lists all.
PYTHON ?= python3
PY := .venv/bin/python
# On a Raspberry Pi the camera stack comes from apt; elsewhere the environment is closed.
VENV_FLAGS := $(shell $(PYTHON) -c 'import libcamera' 2>/dev/null && echo --system-site-packages)
READY := .venv/.ready
UNIT_TESTS := tests/unit

DATA ?= ../shared/data

.PHONY: help setup demo test check lock clips pictures export mean calibrate trials

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

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
	@$(PY) -m pytest $(UNIT_TESTS)

test: $(READY) clips  ## every test: under ten minutes on two cores
	@$(PY) -m pytest

clips: $(READY)  ## render the rig's clips from pictures that packages ship
	@$(PY) -m tests.rig.clips

export: $(READY)  ## rebuild the ONNX files from the published weights; fails if a digest differs
	@$(PY) -m export

mean: $(READY)  ## remake the mean embedding from DATA/lfw (then put its digest into the manifest)
	@.venv/bin/edge-atm trials mean --images $(DATA)/lfw --out models_onnx/mean_embedding.npy

calibrate: $(READY)  ## fit the matcher's constants on DATA's fit people, check them on the others
	@.venv/bin/edge-atm trials calibrate --images $(DATA)/lfw --images $(DATA)/lfw-ident

trials: $(READY)  ## measure LFW folds 1-5 of DATA through the product's own pipeline
	@.venv/bin/edge-atm trials faces --images $(DATA)/lfw --pairs $(DATA)/lfw/dev-folds.txt

pictures: $(READY)  ## remake the README's pictures
	@$(PY) -m tests.rig.pictures

lock: $(READY)  ## resolve the dependencies anew for CPython 3.11-3.13, x86_64 and aarch64
	@test -x .venv-lock/bin/uv || { $(PYTHON) -m venv .venv-lock && .venv-lock/bin/pip install --quiet uv; }
	.venv-lock/bin/uv pip compile --quiet --universal --fork-strategy fewest --generate-hashes \
	  --no-header --python-version 3.11 pyproject.toml -o requirements.lock
	.venv-lock/bin/uv pip compile --quiet --universal --fork-strategy fewest --generate-hashes \
	  --no-header --python-version 3.11 -c requirements.lock pyproject.toml --group dev \
	  -o requirements-dev.lock
