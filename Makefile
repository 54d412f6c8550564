# Prepares an environment of its own in .venv and runs everything in there; `make` alone lists what can be done.
# PYTHON names another interpreter: make test PYTHON=python3.13, and WORKERS how many processes test beside each other, mostly waiting: WORKERS=4

PYTHON ?= python3
WORKERS ?= 3
PIP := .venv/bin/python -m pip --disable-pip-version-check
REQUIREMENTS := pyproject.toml constraints.txt

.PHONY: help setup demo webcam test check clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.installed ## prepare .venv, with the program at .venv/bin/glyphfeed
	@echo "Ready: .venv/bin/glyphfeed"

demo: .venv/.installed ## read a made-up street, and show it
	@.venv/bin/glyphfeed demo

webcam: .venv/.installed ## read what the first camera sees
	@.venv/bin/glyphfeed demo --camera 0

test: .venv/.installed-dev ## run all tests, with the branch coverage of stream/ and engines/
	@.venv/bin/python -m pytest -q -n $(WORKERS) --dist worksteal --cov --cov-report=term

check: .venv/.installed-dev .venv/links ## lint, check the format and the types
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check
	@.venv/bin/mypy

clean: ## remove .venv and whatever the tools left behind
	@rm -rf .venv .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Debian keeps the part of `venv` that installs pip in a package of its own; an outer pip can stand in for it.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "glyphfeed needs Python 3.11 or newer, and $(PYTHON) is not: name one, as in make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@rm -rf .venv
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 || \
		{ $(PYTHON) -m venv --clear --without-pip .venv && $(PYTHON) -m pip --python .venv/bin/python install -q pip; } >/dev/null 2>&1 || \
		{ rm -rf .venv; echo "$(PYTHON) cannot make a virtual environment: apt install python3-venv, then try again" >&2; exit 1; }

# The packages as they are once installed, for mypy (see pyproject.toml).
.venv/links: | .venv/bin/python
	@mkdir -p $@/glyphfeed
	@ln -sfn $(CURDIR)/glyphfeed/__init__.py $(CURDIR)/glyphfeed/__main__.py $(CURDIR)/glyphfeed/py.typed $(addprefix $(CURDIR)/,engines stream tools) $@/glyphfeed/

.venv/.installed: $(REQUIREMENTS) | .venv/bin/python
	@echo "Installing glyphfeed into .venv; the first time this takes a minute or two."
	@$(PIP) install -qq -c constraints.txt -e '.[web,understand]'
	@touch $@

.venv/.installed-dev: $(REQUIREMENTS) | .venv/bin/python
	@echo "Installing glyphfeed and its tests' tools into .venv; the first time this takes a minute or two."
	@$(PIP) install -qq -c constraints.txt -e '.[dev,evaluate,quantise]'
	@touch .venv/.installed $@
