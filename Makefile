# TruePen. `make help` lists the targets.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "TruePen needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	@echo "Making .venv with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv .venv
	@touch $@

# What the product needs, by hash.
.venv/.runtime: .venv/.made requirements.lock pyproject.toml
	@echo "Installing what TruePen needs (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@

# What its tests and checks need on top.
.venv/.tools: .venv/.runtime tests/requirements.lock
	@echo "Installing what the tests need (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/requirements.lock
	@touch $@

demo: .venv/.runtime ## Five accounts go through the suite: what was found, decided and said
	@$(BIN)/truepen demo

serve: .venv/.runtime ## Serve all three services on localhost:50051, data in var/
	@$(BIN)/truepen serve

test: .venv/.tools ## The tests, about two minutes on two idle cores
	@$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

test-slow: .venv/.tools ## The tests that take minutes
	@$(BIN)/python -m pytest -m slow

check: .venv/.tools ## Format, lint, types, contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python protos/generate.py --check
	$(BIN)/python protos/generate.py --lint

chart: chart-readme ## Lint the Helm chart and the Dockerfile, render each example
	@$(BIN)/python -m pytest tests/deploy -m "slow or not slow"

chart-readme: .venv/.tools ## Write deploy/k8s/README.md from the comments in values.yaml
	@$(BIN)/python deploy/chart_readme.py

bench: .venv/.tools ## What it costs, as ratios against baselines in the same run
	@$(BIN)/python -m tests.bench

# SLOP is the command that starts a Python which has is-it-slop: docs/accuracy.md
# tells how to get it. Further options in ARGS; `make evaluate ARGS=--help` lists them.
evaluate: .venv/.tools ## How accurate it is, peers beside it: make evaluate DATA=FOLDER
	@$(BIN)/python -m tests.accuracy $(DATA) $(if $(SLOP),--slop "$(SLOP)") $(ARGS)

generate: .venv/.tools ## Write the stubs in protos/gen anew
	$(BIN)/python protos/generate.py

lock: .venv/.tools ## Resolve the dependencies anew
	$(BIN)/uv pip compile -q --universal --generate-hashes --extra detector pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes pyproject.toml -c requirements.lock -o deploy/lean.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes deploy/build.in -o deploy/build.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes tests/deploy/checkov.in -o tests/deploy/checkov.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --extra detector --extra dev pyproject.toml -c requirements.lock -o tests/requirements.lock

clean: ## Remove what was made here, data in var/ included
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis

.PHONY: help demo serve test test-slow check chart chart-readme bench evaluate generate lock clean
