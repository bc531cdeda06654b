# `make` alone lists what there is.
.DEFAULT_GOAL := help
.PHONY: help demo lab test check fix sync types screenshots dist bench
.PHONY: bench-bridge bench-db bench-modernize soak soak-db clean
.DELETE_ON_ERROR:

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c

PYTHON ?= python3
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check
QUIETER := | { grep -v "already satisfied" || true; }
RLIB := $(CURDIR)/.rlib
DEMO := $(CURDIR)/.demo
DIST := $(CURDIR)/dist
# Without one of them, tests fail; elsewhere those that need it are skipped.
PROGRAMS := rscript,postgres,openssl,pgbouncer,hub,mount,setpriv,chromium
# Files of tests; one after the other where they cannot have networks of their own.
# In the order of the folder: the last of many tests are not the longest.
TWO_AT_A_TIME = $(shell unshare --net ip link set lo up 2>/dev/null && \
  echo "--dist loadfile --no-loadscope-reorder" \
    "--tx '2*popen//python=tests/own_network $(BIN)/python'")
SPECS := $(wildcard kernelspecs/*/*)
R_SOURCE := $(wildcard r/openhexaR/DESCRIPTION r/openhexaR/NAMESPACE \
  r/openhexaR/R/* r/openhexaR/inst/* r/openhexaR/man/*)

help:
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

demo: .venv/lab .venv/kernels ## make a workspace, run a Python and an R notebook in it
	@$(BIN)/hexa-kernels demo $(DEMO)
	@echo "Open it: make lab"

lab: .venv/lab .venv/kernels ## open JupyterLab on the workspace of the demonstration
	@test -f $(DEMO)/workspace.yaml || $(BIN)/hexa-kernels demo $(DEMO)
	$(BIN)/hexa-kernels lab $(DEMO)

test: .venv/test .venv/kernels ## run every test of both languages
	HEXA_TEST_REQUIRE=$(PROGRAMS) $(BIN)/python -m pytest $(TWO_AT_A_TIME)

check: .venv/test .venv/kernels ## format, lint and spelling only
	HEXA_TEST_REQUIRE=rscript $(BIN)/python -m pytest tests/test_style.py

fix: .venv/test ## format the code and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/air format r/openhexaR

sync: ## copy what both packages share, write the R help pages and pages of the docs
	cp hexa_kernels/contract.json hexa_kernels/snippets.json r/openhexaR/inst/
	cp tests/contract/*.json r/openhexaR/tests/testthat/contract/
	cd r/openhexaR && Rscript -e 'roxygen2::roxygenise(load_code = "source")'
	$(PYTHON) -m tests.server.differences
	$(PYTHON) -m tests.snippets_page
	$(PYTHON) -m tests.doctor_page

types: .venv/test .venv/kernels ## write the tables of types and rules in docs/
	$(BIN)/python -m tests.types_page
	$(BIN)/python -m tests.database_page
	$(BIN)/python -m tests.modernize.rules_page

dist: .venv/test .venv/kernels ## make sdist, wheel and R package, to hand out (in dist/)
	mkdir -p $(DIST)
	$(BIN)/python -m build --outdir $(DIST)
	cd $(DIST) && R_LIBS=$(RLIB) R CMD build $(CURDIR)/r/openhexaR

screenshots: .venv/test .venv/kernels ## take those of the README, from a run
	$(BIN)/python -m pytest -q tests/integration/test_lab.py -k "launcher or r_cell"
	cp build/screenshots/the_launcher_offers_both_kernels.png docs/images/launcher.png
	cp build/screenshots/an_r_cell_draws_in_a_python_notebook.png docs/images/notebook.png

bench: .venv/test .venv/kernels ## measure the start of the kernels and of openhexaR
	$(BIN)/python benchmarks/kernel_start.py
	$(BIN)/python benchmarks/r_load.py

bench-bridge: .venv/test .venv/kernels ## measure frames between Python and R
	$(BIN)/python benchmarks/bridge.py

soak: .venv/test .venv/kernels ## interrupt and crash R for long, cross a big frame (SOAK_GB=4)
	$(BIN)/python -m tests.soak

bench-db: .venv/test .venv/kernels ## measure tables of the database
	$(BIN)/python benchmarks/database.py

bench-modernize: .venv/test .venv/kernels ## measure 1,000 notebooks of `modernize`
	$(BIN)/python benchmarks/modernize.py

soak-db: .venv/test ## send 50 million rows to Parquet and back within 1 GB of memory
	$(BIN)/python benchmarks/soak_db.py

clean: ## remove what make made, but the workspace of the demonstration
	rm -rf .venv .rlib build

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
