# `make` alone lists what there is. Everything runs in .venv, which is made on first use.

SHELL := /bin/bash

# Each of a test run's many processes would compile everything anew where the environment forbids to keep it.
export PYTHONDONTWRITEBYTECODE :=
BIN := .venv/bin
PYTHONS := $(PYTHON) python3.12 python3.11 python3.13 python3
IN_RANGE := import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
COMPILE := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header $(UPGRADE)
OWN := @if [ -L .venv ]; then \
	echo ".venv is a link to $$(readlink .venv), which others may use: installing would empty or change it." >&2; \
	echo "Remove the link (rm .venv) and run make again: it then makes an environment of its own." >&2; exit 1; fi
BENCH := $(or $(ONLY),$(patsubst tests/bench/%.py,%,$(filter-out %/against.py,$(shell grep -l __main__ tests/bench/*.py))))

# A cleaner compiles what it lacks; here once, rather than in each of the first processes that need it.
COMPILE_CODE := from actors.text.cleaner import DescriptionCleaner; DescriptionCleaner()

.DEFAULT_GOAL := help
.PHONY: help demo unit test lint chaos scale infra-test image-test pictures bench million requirements clean

help:  ## This list
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

demo: .venv/installed  ## A drop from start to end on this machine; FILE=path.csv for your own, KEEP=1 to stay up
	@$(BIN)/dropforge demo $(if $(FILE),"$(FILE)") $(if $(filter-out 0,$(KEEP)),--keep)

unit: .venv/installed  ## The unit tests alone, without Ray: a minute and a half
	$(BIN)/pytest tests/unit -n 2

test: lint  ## All that CI runs: lint, types, every test
	$(BIN)/pytest -n 2 --dist loadgroup $(PYTEST_OPTIONS)

lint: .venv/installed  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy actors serve_app infra tests

chaos: .venv/installed  ## Every scenario of tests/chaos; SEEDS=3 plays each from three seeds, ONLY="zombie-node" some
	$(BIN)/python -m tests.chaos --seeds $(or $(SEEDS),1) $(ONLY:%=--only %)

scale: .venv/installed  ## Spread, lost nodes and autoscaling on a Ray cluster of several nodes
	$(BIN)/pytest tests/scale -m scale -rP

infra-test: .venv/installed  ## The slow checks of Terraform and Kubernetes, with tools of their own
	$(BIN)/pytest tests/infra -m slow

image-test: .venv/installed  ## Build the container image and run it
	$(BIN)/pytest tests/infra -m image -rP

pictures: .venv/installed  ## The README's pictures of the status page; needs Chromium
	$(BIN)/python -m tests.stack.pictures

bench: .venv/installed  ## Benchmarks into bench-NAME.json; ONLY="plan text" for some, AGAINST=REVISION beside another
	set -e; for name in $(BENCH); do \
	  $(BIN)/python -m tests.bench.$(if $(AGAINST),against $(AGAINST) )$$name --json bench-$$name.json; done

million: .venv/installed  ## A million products, undisturbed and under faults; ROWS, SEED, STATE=folder, ONLY=pass, DRY_RUN=1
	$(BIN)/python -m tests.million $(ROWS:%=--rows %) $(SEED:%=--seed %) $(STATE:%=--state %) $(ONLY:%=--only %) \
	  $(if $(filter-out 0,$(DRY_RUN)),--dry-run) --json bench-million.json

requirements: .venv/installed  ## Pin and hash the dependencies of pyproject.toml anew; UPGRADE=--upgrade for newer ones
	$(COMPILE) --output-file requirements.txt pyproject.toml
	$(COMPILE) --constraint requirements.txt --extra local --extra dev --output-file requirements-dev.txt pyproject.toml

clean:  ## Remove the environment, the caches and the local state
	rm -rf .venv .dropforge build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Cleared rather than updated: what is installed is then what the file says, also after an interrupted install.
.venv/required: requirements-dev.txt
	$(OWN)
	@for python in $(PYTHONS); do "$$python" -c '$(IN_RANGE)' 2>/dev/null && break; python=; done; \
	if [ -z "$$python" ]; then \
	  echo "Dropforge needs Python 3.11, 3.12 or 3.13 with its venv module; none was found." >&2; \
	  echo "Install one (Debian: apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python" >&2; \
	  exit 1; \
	fi; \
	echo "Making .venv with $$("$$python" --version); about a minute, once" >&2; \
	"$$python" -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.txt
	@touch $@

.venv/installed: .venv/required pyproject.toml
	$(OWN)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c "$(COMPILE_CODE)"
	@touch $@
