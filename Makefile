# `make` alone lists what there is.
.DEFAULT_GOAL := help
.PHONY: help demo lab test check fix sync types bench bench-bridge bench-db soak soak-db clean
.DELETE_ON_ERROR:

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check
QUIETER := | { grep -v "already satisfied" || true; }
RLIB := $(CURDIR)/.rlib
DEMO := $(CURDIR)/.demo
SPECS := $(wildcard kernelspecs/*/*)
R_SOURCE := $(wildcard r/openhexaR/DESCRIPTION r/openhexaR/NAMESPACE \
  r/openhexaR/R/* r/openhexaR/inst/* r/openhexaR/man/*)

help:
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 15

demo: .venv/lab .venv/kernels ## make a workspace, run a Python and an R notebook in it
	@$(BIN)/hexa-kernels demo $(DEMO)
	@echo "Open it: make lab"

lab: .venv/lab .venv/kernels ## open JupyterLab on the workspace of the demonstration
	@test -f $(DEMO)/workspace.yaml || $(BIN)/hexa-kernels demo $(DEMO)
	$(BIN)/hexa-kernels lab $(DEMO)

test: .venv/test .venv/kernels ## run every test of both languages
	HEXA_TEST_REQUIRE=rscript,postgres,openssl,pgbouncer $(BIN)/python -m pytest

check: .venv/test .venv/kernels ## format, lint and spelling only
	HEXA_TEST_REQUIRE=rscript $(BIN)/python -m pytest tests/test_style.py

fix: .venv/test ## format the code and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/air format r/openhexaR

sync: ## copy the contract, write the R help pages and the page of differences
	cp hexa_kernels/contract.json r/openhexaR/inst/
	cp tests/contract/*.json r/openhexaR/tests/testthat/contract/
	cd r/openhexaR && Rscript -e 'roxygen2::roxygenise(load_code = "source")'
	$(PYTHON) -m tests.server.differences

types: .venv/test .venv/kernels ## write the table of types in docs/, from a run
	$(BIN)/python -m tests.types_page
	$(BIN)/python -m tests.database_page

bench: .venv/test .venv/kernels ## measure the start of the kernels and of openhexaR
	$(BIN)/python benchmarks/kernel_start.py
	$(BIN)/python benchmarks/r_load.py

bench-bridge: .venv/test .venv/kernels ## measure frames between Python and R
	$(BIN)/python benchmarks/bridge.py

soak: .venv/test .venv/kernels ## interrupt and crash R for long, cross a big frame (SOAK_GB=4)
	$(BIN)/python -m tests.soak

bench-db: .venv/test .venv/kernels ## measure tables of the database
	$(BIN)/python benchmarks/database.py

soak-db: .venv/test ## send 50 million rows to Parquet and back within 1 GB of memory
	$(BIN)/python benchmarks/soak_db.py

clean: ## remove what make made, but the workspace of the demonstration
	rm -rf .venv .rlib

# The files below are marks of what is installed, and when.

.venv/pip:
	@.ci/provision demo
	$(PYTHON) -m venv .venv
	@touch $@

.venv/lab: .venv/pip pyproject.toml
	$(PIP_INSTALL) -e ".[lab]" $(QUIETER)
	@touch $@

.venv/test: .venv/pip pyproject.toml .ci/provision .ci/constraints.txt
	@.ci/provision test
	$(PIP_INSTALL) -e ".[test]" -c .ci/constraints.txt $(QUIETER)
	@touch $@ .venv/lab

.venv/kernels: $(R_SOURCE) $(SPECS) hexa_kernels/kernelspec.py \
  hexa_kernels/r_packages.py hexa_kernels/install_packages.R | .venv/lab
	$(BIN)/hexa-kernels install --kernel all --sys-prefix --r-library $(RLIB)
	@touch $@
