# Everything a checkout needs. `make` lists the targets.
# Set-up is part of each target: .venv is built when it is missing or when the requirements changed.

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := criteria mappings engine workbooks store jobs api
# Empty: the first Python 3.11-3.13 that works (scripts/find-python). Or: make PYTHON=python3.12
PYTHON ?=
PYTEST_ARGS ?= -n logical

# Python 3.13 dropped a name that durable-rules still uses; the flag does nothing on 3.11 and 3.12.
export CPPFLAGS := $(CPPFLAGS) -DPyEval_CallObject=PyObject_CallObject
# The lock binds what builds a package as well as what runs; settings that break a virtual environment are off.
export PIP_BUILD_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_USER := 0
export PIP_NO_INPUT := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
INSTALL := $(BIN)/python -m pip install -qq -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test check bench serve lock wheel clean

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

demo: $(VENV)/.installed  ## compare two programs with C-TPAT, reports under reports/
	@mkdir -p reports
	$(BIN)/mra compare nz-ses --out reports/nz-ses.xlsx
	$(BIN)/mra compare eu-aeo --out reports/eu-aeo.xlsx

test: $(VENV)/.installed  ## run every test
	$(BIN)/python -m pytest $(PYTEST_ARGS)

check: $(VENV)/.installed  ## run the check list: format, lint, types, import contracts
	$(BIN)/pre-commit run --all-files

bench: $(VENV)/.installed  ## measure speed and memory
	$(BIN)/python -m pytest benchmarks --benchmark-enable

serve: $(VENV)/.installed  ## start the service on this machine
	$(BIN)/mra serve

lock:  ## write constraints.txt anew, with the newest versions that fit
	@python=$$(sh scripts/find-python $(PYTHON)) && "$$python" scripts/lock.py

wheel: $(VENV)/.installed  ## build the wheel into dist/
	rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation

clean:  ## remove what the other targets made, except reports/
	rm -rf $(VENV) build dist .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find $(PACKAGES) tests benchmarks scripts -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(BIN)/python -c 'import pip' 2>/dev/null || { \
	  python=$$(sh scripts/find-python $(PYTHON)) && \
	  echo "Building $(VENV) with $$python; this takes a minute or two." && \
	  "$$python" -m venv --clear $(VENV); }
	@$(INSTALL) pip
	@$(INSTALL) -e '.[suggest,service,test,dev]'
	@touch $@
