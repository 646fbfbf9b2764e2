# Every target makes its own environment in .venv; Python 3.11 or later is all it needs.
PYTHON ?= python3
LAKE ?= var/lake
BIN := .venv/bin
RUN := SWEEPLAKE_LAKE=$(LAKE) $(BIN)/sweeplake
WORKERS ?= 3
# Compiled once: where PYTHONDONTWRITEBYTECODE is set, every process would compile all that it imports.
INSTALL = $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python
COMPILE = $(BIN)/python -m compileall -q lake queries sweeps sweeplake

.DEFAULT_GOAL := help
.PHONY: help demo browser test check format bench soak clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or later is needed; give it with PYTHON=python3.11"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

.venv/demo.stamp: .venv/bin/uv pyproject.toml
	$(INSTALL) --editable '.[demo,pictures]'
	$(COMPILE)
	@touch $@

.venv/dev.stamp: .venv/bin/uv pyproject.toml
	$(INSTALL) --editable '.[demo,s3]' --group dev
	$(COMPILE)
	@touch $@

# What draws pictures into files, and looks at pages in the tests; without it, those tests say how to get one.
BROWSERS = "$$BROWSER_PATH" chromium chromium-browser google-chrome google-chrome-stable chrome
browser:
	@for name in $(BROWSERS); do command -v "$$name" > /dev/null && exit 0; done; \
	{ [ "$$(id -u)" = 0 ] && command -v apt-get && apt-get update && DEBIAN_FRONTEND=noninteractive \
		apt-get install --yes --no-install-recommends chromium fonts-liberation; } > /dev/null \
	|| echo "no Chrome or Chromium: tests of pictures will fail; install one, or name it in BROWSER_PATH"

.venv/bench.stamp: .venv/dev.stamp
	$(INSTALL) --editable '.[demo,s3]' --group bench
	@touch $@

demo: .venv/demo.stamp ## sweep real daily bars of four stocks into var/lake, and question them
	$(RUN) ingest --source demo
	$(RUN) run configs/sma_cross.toml
	$(RUN) run configs/rsi_meanrev.toml
	$(RUN) run configs/bollinger_atr.toml
	@echo
	$(RUN) best -n 10
	@echo
	$(RUN) summary latest
	@echo
	@run=$$($(RUN) sql --format csv 'select run_id from best_runs(n := 1)' | tail -n 1 | tr -d '"'); \
	echo "Four commands to try next:"; \
	echo "  $(BIN)/sweeplake show $$run"; \
	echo "  $(BIN)/sweeplake report $$run -o run.html"; \
	echo "  $(BIN)/sweeplake search --min-sharpe 0.9 --max-drawdown 0.4 --min-trades 20 --sort calmar"; \
	echo "  $(BIN)/sweeplake sql 'select symbol, fast, max(sharpe) from sma_cross group by all order by 3 desc limit 10'"

# A file's tests share a process, and what it makes for them. None is started again: xdist would wait for ever
# for one whose last test ended it.
test: .venv/dev.stamp browser ## run the tests
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart 0

check: .venv/dev.stamp ## lint, format, types, import contracts, SQL style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --disable-progress-bar queries/sql

format: .venv/dev.stamp ## rewrite the code in the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/bench.stamp ## measure against the peers, results compared first
	$(BIN)/python -m pytest tests/benchmarks -m bench --override-ini addopts= --import-mode=importlib -s

soak: .venv/dev.stamp ## kill drivers, workers, schedulers, cables for SOAK_SECONDS (900) a soak, and die at every request, at every call
	SOAK_SECONDS=$${SOAK_SECONDS:-900} $(BIN)/python -m pytest tests --ignore tests/benchmarks -m soak --override-ini addopts= \
		--import-mode=importlib --timeout 0 -s

clean: ## remove the environment and caches; lakes stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
