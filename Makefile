# What one does with this project, each in one command; `make` alone lists them, and each sets up .venv when it must.

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
PYTHON ?=
CANDIDATES := $(or $(PYTHON),python3 python3.13 python3.12 python3.11 python)
WAV ?=
ARGS ?=
# Tests run side by side, one process a processor; what ARGS chooses runs in one process, which answers at once.
TESTS = $(or $(ARGS),-n auto --dist worksteal)

# The tests start hundreds of processes, and none of them is to compile the same modules again.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test test-all test-whole lint check bench faults sacred fuzz docs schema generate atlas clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: $(READY) ## set up .venv with the faltung command; PYTHON=python3.12 chooses the interpreter
	@echo "Ready: $(VENV)/bin/faltung"

demo: $(READY) ## see and hear what faltung does; WAV=path takes a recording of yours
	@$(PY) docs/demo.py $(if $(WAV),"$(WAV)")

test: $(READY) ## run the tests; ARGS="-k echo" chooses among them
	@$(PY) -m pytest $(TESTS)

test-all: $(READY) ## run the tests and their long forms: more draws, more sizes, more kills
	@$(PY) -m pytest -m "not whole" --hypothesis-profile long $(TESTS)

test-whole: $(READY) ## try every value in every setting and option, which takes tens of minutes
	@$(PY) -m pytest -m whole $(TESTS)

lint: $(READY) ## ruff and mypy, without changing anything
	@$(PY) -m ruff check --quiet .
	@$(PY) -m ruff format --check --quiet . || { echo "ruff format would change files; run: $(PY) -m ruff format ." >&2; exit 1; }
	@$(PY) -m mypy --no-error-summary
	@echo "lint: nothing found"

check: lint test ## lint, then test: what a change must pass

bench: $(READY) ## measure the speed; ARGS are given to bench
	@$(PY) -m bench $(ARGS)

faults: $(READY) ## print what becomes of some 60 broken, odd and hostile inputs
	@$(PY) -m tests.faults

sacred: $(READY) ## try every option of every command against every file that its run reads, by all its names
	@$(PY) -m tests.faults.sacred $(ARGS)

fuzz: $(READY) ## mutate files of each container, and texts, 4,600 times each; ARGS="--guided .wav" by coverage
	@$(PY) -m tests.faults.fuzz --count 4600 $(ARGS)

docs: $(READY) ## build the site of docs/ in build/site, without a network; tries anew what becomes of metadata
	@$(PY) docs/metadata.py
	@NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict --quiet
	@echo "build/site/index.html"

schema: $(READY) ## write configs/schema.json from the stages
	@$(VENV)/bin/faltung schema > configs/schema.json.part
	@mv configs/schema.json.part configs/schema.json
	@echo "configs/schema.json written"

generate: schema ## write again every generated file that differs: the schema, data/, the pictures in docs/
	@$(PY) data/make.py --check || { $(PY) data/make.py && echo "data/ written"; }
	@$(PY) docs/figures.py
	@$(PY) docs/parts.py
	@$(PY) docs/stages.py

atlas: $(READY) ## ask the functions of docs/atlas.md again; ARGS="python node apt" installs them in build/atlas first
	@$(PY) docs/atlas.py --run $(ARGS)

clean: ## remove .venv, caches and output
	rm -rf $(VENV) out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# uv when it is there, else the standard venv and pip; a Python without ensurepip borrows the pip it was installed with.
# What was set up whole before is brought up to date, in seconds; else it is made anew.
$(READY): pyproject.toml constraints.txt
	@set -e; fresh=--clear; [ ! -e $@ ] || fresh=; \
	if [ -z "$(PYTHON)" ] && command -v uv >/dev/null 2>&1; then \
		echo "Setting up $(VENV) with uv (once; under a minute) ..."; \
		uv venv --quiet $${fresh:---allow-existing} --python '>=3.11' $(VENV); \
		install="uv pip install --quiet --compile-bytecode --python $(PY) --constraint constraints.txt"; \
	else \
		python=; \
		for candidate in $(CANDIDATES); do \
			if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python=$$candidate; break; fi; \
		done; \
		if [ -z "$$python" ]; then \
			echo "faltung needs Python 3.11 or newer; tried, without success: $(CANDIDATES)." >&2; \
			echo "Install one (Debian, Ubuntu: apt install python3 python3-venv), or name one: make setup PYTHON=/path/to/python3" >&2; \
			exit 1; \
		fi; \
		echo "Setting up $(VENV) with $$("$$python" --version) (once; about a minute) ..."; \
		if "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
			"$$python" -m venv $$fresh $(VENV); \
			pip="$(PY) -m pip"; \
		elif "$$python" -c 'import pip, venv' >/dev/null 2>&1; then \
			"$$python" -m venv $$fresh --without-pip $(VENV); \
			pip="$$python -m pip --python $(PY)"; \
		else \
			echo "$$python cannot make a virtual environment: it has no ensurepip and no pip." >&2; \
			echo "Install them (Debian, Ubuntu: apt install python3-venv) or install uv, then run make again." >&2; \
			exit 1; \
		fi; \
		install="$$pip install --quiet --disable-pip-version-check --constraint constraints.txt"; \
	fi; \
	$$install --editable '.[dev]'; \
	$$install --only-binary pedalboard pedalboard || echo "No wheel of pedalboard for this system: the tests of that plugin are skipped."
	@touch $@
