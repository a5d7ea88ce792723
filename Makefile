# Everything a newcomer types. `make help` lists it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo install check test bench chaos lint lock gallery clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/runtime.stamp ## Fill a sample publication, mail it, show it in the browser
	@$(BIN)/newsletter demo

install: $(VENV)/dev.stamp ## Make .venv with all that development needs

check: install ## Format, lint, types, architecture and the fast tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@scripts/needs postgresql
	@$(BIN)/pytest -q -n 2 --dist worksteal -m "not slow"

test: install ## Everything: sets up what the tests need, then runs them all
	@scripts/needs postgresql chromium postfix spamassassin nginx & needs=$$!; \
		{ $(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy; } || { wait $$needs; exit 1; }; \
		wait $$needs
	@$(BIN)/python -m bench.engine --limit 1.6
	@$(BIN)/pytest -n 3 --dist worksteal -m "not long"

bench: install ## How fast a campaign goes out, beside Postfix's load generator and smtplib
	@scripts/needs postgresql postfix
	@$(BIN)/python -m bench.send --recipients 200000 --database postgresql --json
	@$(BIN)/python -m bench.send --recipients 100000 --database sqlite --json
	@$(BIN)/python -m bench.send --recipients 150000 --pacing --json
	@$(BIN)/python -m bench.render --json
	@scripts/needs nginx wrk hey
	@$(BIN)/python -m bench.site --json
	@$(BIN)/python -m bench.discussion --json

chaos: install ## Kill everything, and go through every trouble, and count the letters
	@scripts/needs postgresql
	@$(BIN)/python -m tests.scenarios.chaos --recipients 100000 --kills 34 --every 4 --policy resend
	@$(BIN)/python -m tests.scenarios.chaos --recipients 100000 --kills 34 --every 4 --policy hold
	@$(BIN)/python -m tests.scenarios.soak --recipients 1000000
	@$(BIN)/pytest -q -m long

lint: install ## Mend what can be mended by itself
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: ## Pin the newest versions that fit, with hashes and without any address
	@$(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/pip install -q uv
	@$(VENV)-lock/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-annotate --no-header --extra build -o requirements.lock pyproject.toml
	@$(VENV)-lock/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
		--no-annotate --no-header --extra build --extra dev -c requirements.lock -o requirements-dev.lock pyproject.toml
	@rm -r $(VENV)-lock

gallery: install ## Take pictures of every page, into var/gallery
	@scripts/needs chromium
	@$(BIN)/python -m tests.support.gallery

clean: ## Remove what was made, but not your data in var/
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis dist

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=…")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/runtime.stamp: $(VENV)/bin/python requirements.lock pyproject.toml
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/bin/python requirements-dev.lock pyproject.toml
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/runtime.stamp
