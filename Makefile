# Everything a person does with a checkout. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip install --disable-pip-version-check --no-compile --progress-bar on -c constraints.txt
export HF_HUB_OFFLINE := 1
export TOKENIZERS_PARALLELISM := false

.DEFAULT_GOAL := help
.PHONY: help setup run test cover words lint bench soak browser clean

help:  ## List these commands
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## Make .venv with the `advocate` command in it (minutes the first time, instant afterwards)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed; found: $$($(PYTHON) --version 2>&1). Install it, or say: make PYTHON=python3.12 setup"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "Python's venv is missing. On Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || { echo "1/3 Making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "2/3 Installing torch, the build named in constraints.txt"
	@$(PIP) torch
	@echo "3/3 Installing Patient Advocate and what it needs"
	@$(PIP) -e '.[test]'
	@touch $@
	@echo "Ready: $(BIN)/advocate"

run: $(READY)  ## Build the KneeCare site's index and serve it on http://127.0.0.1:8000
	@$(BIN)/advocate serve

browser: $(READY)
	@$(BIN)/python tests/browser/bring_chromium.py

test: $(READY) browser  ## Check style and types and run every test, with a real browser and a real PostgreSQL
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/python -m tests.widget.run
	@$(BIN)/python -m tests

cover: $(READY) browser  ## Run the tests and say which lines they do not (takes half as long again)
	@$(BIN)/coverage erase
	@$(BIN)/python -m tests --cover
	@$(BIN)/coverage combine -q && $(BIN)/coverage report

words: $(READY)  ## Bring the translators' catalogues up to date with the English in the code
	@mkdir -p var && $(BIN)/pybabel -q extract --no-location --no-default-keywords -k N_ -o var/visitor.pot server
	@$(BIN)/pybabel -q update --width 120 --ignore-obsolete --ignore-pot-creation-date -D visitor -i var/visitor.pot -d server/locale

lint: $(READY)  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)  ## Measure speed: decisions, batches, start, chats, and what one could use instead (a quarter of an hour)
	$(BIN)/python -m tests.bench

soak: $(READY)  ## Run the slow campaigns: 10,000 composed messages, 1,000 interleavings, each source as a site, an attack, nginx and Caddy, servers killed
	ADVOCATE_COMPOSITIONS=10000 $(BIN)/pytest -o addopts=-q tests/server/answers/test_properties.py
	ADVOCATE_INTERLEAVINGS=1000 $(BIN)/pytest -o addopts=-q tests/server/rounds/test_interleavings.py
	ADVOCATE_CORPUS_APART=1 $(BIN)/pytest -o addopts=-q tests/server/figures/test_corpus_quoted.py
	ADVOCATE_PURGED=30000 $(BIN)/pytest -o addopts=-q tests/server/storage/test_purging.py -k room_is_given_back
	$(BIN)/python -m tests.bench.attack
	$(BIN)/python -m tests.bench.replicas
	ADVOCATE_PROXIES=1 $(BIN)/pytest -o addopts=-q tests/server/web/test_behind_proxies.py

clean:  ## Remove .venv and var (asks nothing; your pages live in var)
	rm -rf $(VENV) var
