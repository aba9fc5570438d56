# Makewhole. Each target sets up what it needs in .venv by itself.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
READY := .venv/.ready
TEST_JOBS ?= 3
# Some machines forbid it, and then every command compiles the product anew.
unexport PYTHONDONTWRITEBYTECODE
CHROMIUM := $(shell command -v chromium chromium-browser google-chrome 2>/dev/null | head -n 1)
# Databases of tests need not outlive the machine; containers may have little of it.
IN_MEMORY := $(shell df -Pk /dev/shm 2>/dev/null | awk 'NR == 2 && $$4 > 4194304 { print "/dev/shm" }')

.DEFAULT_GOAL := help

.PHONY: help
help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Makewhole needs Python 3.11 or newer: set PYTHON=/path/to/it"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: demo
demo: $(READY) ## Play a working day against the sandbox and compare all books
	@$(BIN)/makewhole demo

.PHONY: run
run: $(READY) ## Run the product beside a sandbox, to click in by hand
	@$(BIN)/makewhole run --sandbox

.PHONY: check
check: $(READY) ## Lint, types, floor plan, dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/deptry .

.PHONY: test
test: check ## The gate: everything in check, then every test on SQLite and PostgreSQL
	@test -n "$(CHROMIUM)" || echo "No Chromium on this machine: the browser tests are left out (apt-get install chromium)."
	$(if $(IN_MEMORY),TMPDIR=$(IN_MEMORY)) $(BIN)/pytest -n $(TEST_JOBS) -q $(if $(CHROMIUM),,-m "not browser")

.PHONY: fix
fix: $(READY) ## Tidy what can be tidied by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: $(READY) ## Measure speed, as ratios side by side in one run
	$(BIN)/python -m tests.bench

.PHONY: crash-test
crash-test: $(READY) ## Kill the product at random moments and at every point of a case's way
	$(BIN)/python -m tests.crash
	$(BIN)/python -m tests.crash --kills 0 --changes 0 --no-planted --parts --points "^pay: "

.PHONY: chaos-test
chaos-test: $(READY) ## Let three desks lose, double and reorder what they say while people edit and workers die
	$(BIN)/python -m tests.chaos

.PHONY: words
words: $(READY) ## Bring the Chinese catalog up to date after a sentence in bot/ changed
	@mkdir -p build
	$(BIN)/pybabel -q extract -k say -k later --no-location --sort-output -o build/bot.pot bot
	$(BIN)/pybabel -q update --ignore-pot-creation-date --no-fuzzy-matching --ignore-obsolete --width 110 -D bot -i build/bot.pot -d bot/locale
	$(BIN)/pybabel -q compile -D bot -d bot/locale

.PHONY: lock
lock: $(READY) ## Work out requirements.lock anew from pyproject.toml
	$(BIN)/python -m tests.house.lock
