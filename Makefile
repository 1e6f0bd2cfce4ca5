# smearflow: make run, make test. `make help` lists the rest.
SHELL := /bin/bash
WORKSPACE ?= workspace
CONFIG ?= $(if $(DATA),config/malaria.yaml,config/demo.yaml)
ARGS ?=
BIN := .venv/bin
SUPPORTED := python3.12 python3.11 python3.13 python3 python
CHECK := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))

.PHONY: help run lecture test test-soak lint lock docs up down status clean install ray

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

run: install  ## the main job: on cells that it draws itself, or DATA=folder [CONFIG=config/malaria.yaml]
	@$(BIN)/smearflow run --workspace '$(WORKSPACE)' --config '$(CONFIG)' $(if $(DATA),--data '$(DATA)') $(ARGS)

# A verdict "not good enough" (status 1) is a result here: the lecture's step 6 says back to step 5.
lecture: install  ## the lecture's job, its figures beside the lecture's: DATA=folder or zip [ARGS='--set lecture.epochs_scale=0.1']
	@$(BIN)/smearflow run --workspace '$(WORKSPACE)' --config config/lecture.yaml $(if $(DATA),--data '$(DATA)') $(ARGS) || [ $$? -eq 1 ]

test: install  ## all tests
	$(BIN)/pytest -m 'not soak' $(ARGS)

test-soak: install  ## the long tests
	$(BIN)/pytest -m soak $(ARGS)

lint: install  ## ruff and mypy --strict on our packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: install  ## the tables in docs/ that the code knows
	$(BIN)/python -m docs.generate

up: install  ## what a schedule needs: server, worker, deployments, page of reports [CONFIG=config/malaria.yaml]
	@$(BIN)/smearflow up --workspace '$(WORKSPACE)' --config '$(CONFIG)' $(if $(DATA),--set 'data.source=$(DATA)') $(ARGS)

down:  ## end what was started
	@[ ! -x $(BIN)/smearflow ] || $(BIN)/smearflow down --workspace '$(WORKSPACE)'

status: install  ## what runs where
	@$(BIN)/smearflow status --workspace '$(WORKSPACE)'

COMPILE = $$(command -v uv || echo .uv/bin/uv) pip compile --universal --python-version 3.11 \
	  --no-strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet

lock:  ## requirements.lock, and what Ray adds to it, made from pyproject.toml (uses uv, or installs it beside the environment)
	@command -v uv >/dev/null || { python3 -m venv .uv && .uv/bin/pip install -q uv; }
	$(COMPILE) pyproject.toml --extra dev --output-file requirements.lock
	@set -o pipefail; $(COMPILE) pyproject.toml --extra ray --constraint requirements.lock \
	  $$(sed -n 's/^\([A-Za-z0-9._-]*\).*==.*/--no-emit-package \1/p' requirements.lock) | sed '/^$$/,$$d' > .ray.lock
	mv .ray.lock requirements-ray.lock

clean: down  ## remove environment and workspace
	rm -rf .venv .uv '$(WORKSPACE)'

ray: .venv/.ray  ## Ray on top of the rest, for workers=ray and its tests

.venv/.ray: requirements-ray.lock .venv/.installed
	@if command -v uv >/dev/null; then \
	  uv pip install --quiet --python .venv --no-deps --require-hashes -r requirements-ray.lock; \
	else $(BIN)/pip install --quiet --no-deps --require-hashes -r requirements-ray.lock; fi
	@touch $@

install: .venv/.installed

# The stamp is written last: an interrupted install is done again.
.venv/.installed: requirements.lock pyproject.toml
	@set -e; python=''; for p in $(or $(PYTHON),$(SUPPORTED)); do \
	  if "$$p" -c '$(CHECK)' 2>/dev/null; then python="$$p"; break; fi; done; \
	if [ -z "$$python" ]; then \
	  echo "smearflow needs Python 3.11, 3.12 or 3.13; tried $(or $(PYTHON),$(SUPPORTED))$$(python3 --version 2>/dev/null | sed 's/.* / (python3 is /;s/$$/)/')." >&2; \
	  echo "Install one of them, or name it: make run PYTHON=/path/to/python3.12" >&2; exit 2; fi; \
	if command -v uv >/dev/null; then \
	  uv venv --quiet --clear --python "$$("$$python" -c 'import sys; print(sys.executable)')" .venv; \
	  uv pip install --quiet --python .venv --require-hashes -r requirements.lock; \
	  uv pip install --quiet --python .venv --no-deps --no-build-isolation -e .; \
	else \
	  "$$python" -m venv --clear .venv; \
	  $(BIN)/pip install --quiet --no-deps --require-hashes -r requirements.lock; \
	  $(BIN)/pip install --quiet --no-deps --no-build-isolation -e .; \
	fi
	@touch $@
