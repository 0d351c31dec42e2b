# Every command works in any clone and may be repeated: the stamp files in .venv remember what is installed,
# and a change of pyproject.toml or constraints.txt installs again.
# Another interpreter: make setup PYTHON=python3.12

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
INSTALL := $(RUN) pip install --disable-pip-version-check --quiet --constraint constraints.txt

# Two installs must not meet in one environment, whatever -j says; pytest runs in parallel by itself.
.NOTPARALLEL:
.PHONY: help setup demo test lint bench
.DEFAULT_GOAL := help

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s  %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/installed-core ## make .venv and install the core into it

demo: $(VENV)/installed-learn ## a user alone and with assistants in the building game
	$(RUN) scripts.evaluate building --demo

test: $(VENV)/installed-dev ## run the tests
	$(RUN) pytest -n auto

lint: $(VENV)/installed-dev ## check style, formatting and types
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy

bench: setup ## measure the speed of the building game
	$(RUN) scripts.bench env

$(VENV)/bin/python:
	@"$(PYTHON)" -c 'import sys; v = sys.version_info[:2]; sys.exit((3, 11) > v or v > (3, 13))' 2>/dev/null || { \
	    echo 'assistance-games needs Python 3.11, 3.12 or 3.13, but "$(PYTHON)" is:' "$$("$(PYTHON)" --version 2>&1)"; \
	    echo 'Name one of these: make setup PYTHON=python3.12'; exit 1; } >&2
	"$(PYTHON)" -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/installed-core: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) --editable .
	@touch $@

$(VENV)/installed-learn: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) --editable '.[learn]'
	@touch $@ $(VENV)/installed-core

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(INSTALL) --editable '.[dev,data,train]'
	@touch $@ $(VENV)/installed-core $(VENV)/installed-learn
