# `make help` lists what there is. Needs Python 3.11, 3.12 or 3.13, make and a package index, nothing else.
SHELL := /bin/bash
.DEFAULT_GOAL := help
# The newest Python that runs, on the path or in pyenv: `make PYTHON=/path/to/python3.12` takes another.
PYTHONS = $(shell for v in 3.13 3.12 3.11; do for p in python$$v $$HOME/.pyenv/versions/$$v.*/bin/python; do \
  $$p -c 'import sys, ensurepip; print(sys.executable)' 2>/dev/null && break; done; done)
PYTHON ?= $(firstword $(PYTHONS))
UV_VERSION := 0.13.9
AUDIT_VERSION := 2.10.1
VENV := .venv
COMPILE := --compile-bytecode # all of it at once, so that no first command is slow
UV := .uv/bin/uv
RUN := PATH="$(CURDIR)/$(VENV)/bin:$$PATH" PYTHONHASHSEED=0 OMP_WAIT_POLICY=passive DVC_NO_ANALYTICS=1 BENTOML_DO_NOT_TRACK=True DO_NOT_TRACK=1
DATA ?= brand
PORT ?= 3000
TASK ?= churn
EVENTS ?= 1e6 1e7
JOBS ?= 2

.PHONY: help demo test test-oldest check lint types style audit spark warehouse serve bento ui optuna-ui bench-features bench-scale bench-lost bench-training bench-batch bench-plan bench-life bench-reasons bench-relational bench-own-tables bench-soak bench-serving bench-crowd lock format clean

help: ## List the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(UV):
	@test -n "$(PYTHON)" && $(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))" \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed, found: $(or $(PYTHON),none) (set PYTHON=/path/to/python3.13)"; exit 1; }
	@$(PYTHON) -m venv .uv && .uv/bin/pip install -q --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(UV)
	@test -x $(VENV)/bin/python || $(UV) venv -q --python $(PYTHON) $(VENV)
	@echo "installing the locked packages for $$($(VENV)/bin/python -V) ..."
	@$(UV) pip install -q --python $(VENV)/bin/python --require-hashes $(COMPILE) -r requirements.lock
	@$(UV) pip install -q --python $(VENV)/bin/python --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.runtime
	@$(UV) pip install -q --python $(VENV)/bin/python --require-hashes $(COMPILE) -r requirements-dev.lock
	@touch $@

# From the lock, with its hashes, so that an extra changes nothing that is there.
EXTRA = $(UV) pip install -q --python $(VENV)/bin/python --verify-hashes -c requirements-dev.lock -r pyproject.toml --extra
spark: $(VENV)/.runtime ## Install the extra for Spark; Java 17 or later is needed beside it
	@$(EXTRA) spark
	@command -v java > /dev/null || echo "Java is not on the path: install 17 or later"

warehouse: $(VENV)/.runtime ## Install the extra that writes features as SQL
	@$(EXTRA) warehouse

truth: $(VENV)/.runtime ## The models of the simulated brand against what it knows of itself
	@$(RUN) python -m training truth

demo: $(VENV)/.runtime ## Data in, four explained models out: DATA=brand (simulated, MEMBERS=20000) or a mapping's name
	@$(RUN) python -m training use $(DATA) $(if $(MEMBERS),--members $(MEMBERS))
	@$(RUN) python -m training pipeline
	@$(RUN) python -m training publish; code=$$?; $(RUN) python -m training summary && exit $$code

# A core a worker: libraries that start a thread a core in each of them wait for each other.
test: $(VENV)/.dev ## The whole test suite, the README's examples included
	@$(RUN) OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder \
	  $(foreach part,$(TESTS),$(if $(wildcard tests/$(part).py),tests/$(part).py,tests/$(part))) \
	  $(if $(PICK),-k "$(PICK)")

# What hangs on the language is the code's syntax, which ruff holds against the oldest, and the locked packages: the
# service over the wire, and the way from an own file to a report, which runs every stage. The rest runs on the newest
# Python alone.
OLDEST := serving/test_app serving/test_client test_own_data
test-oldest: ## The same in small on the oldest Python that is there, where it is another one
	@test "$(lastword $(PYTHONS))" = "$(PYTHON)" || $(MAKE) --no-print-directory test \
	  PYTHON=$(lastword $(PYTHONS)) VENV=.venv-oldest COMPILE= TESTS="$(OLDEST)" PICK="not events-churn"

check: ## Everything that must pass: lint, known vulnerabilities, tests
	@$(MAKE) --no-print-directory -j 2 lint audit
	@$(MAKE) --no-print-directory test

lint: types style ## Format, lint, types, import contracts, declared dependencies

types: $(VENV)/.dev
	@$(RUN) mypy features models training serving memberlens.py

style: $(VENV)/.dev
	@$(RUN) ruff format --check -q . && $(RUN) ruff check -q .
	@$(RUN) lint-imports
	@$(RUN) deptry . 2> >(grep -v "^Scanning" >&2)

# pip-audit ends with 1 where it finds something, and says nothing where it cannot ask.
audit: $(VENV)/.dev ## Known vulnerabilities of the locked packages, where the index tells them
	@{ $(UV) tool run -q pip-audit@$(AUDIT_VERSION) -r requirements.lock --disable-pip --no-deps --timeout 10 \
	  --progress-spinner off -f json 2>/dev/null || true; } | $(RUN) python tests/advisories.py

serve: $(VENV)/.runtime ## The scoring service on http://127.0.0.1:3000
	@$(RUN) bentoml serve serving.service:MemberScores --host 127.0.0.1 --port $(PORT)

bento: $(VENV)/.runtime ## Package the service: a bento to serve or to containerize elsewhere
	@$(RUN) bentoml build -f serving/bentofile.yaml .

ui: $(VENV)/.runtime ## MLflow on http://127.0.0.1:5000
	@$(RUN) mlflow ui --backend-store-uri sqlite:///mlflow.db --host 127.0.0.1

optuna-ui: $(VENV)/.dev ## The search of TASK (churn) on http://127.0.0.1:8080, by optuna-dashboard
	@$(RUN) optuna-dashboard --storage-class JournalFileStorage build/$$($(VENV)/bin/python -c "from training.params import load; print(load().data)")/$(TASK)/study.journal

bench-features: $(VENV)/.dev ## Features against the floor, pandas and featuretools: EVENTS="1e6 1e7 1e8"
	@$(RUN) PYTHONPATH=. python -m tests.bench.features $(EVENTS)

bench-scale: $(VENV)/.dev ## DuckDB and Spark as events grow, 1 and 2 workers: EVENTS="1e6 3e6 1e7 3e7 1e8"
	@$(RUN) PYTHONPATH=. python -m tests.bench.scale $(EVENTS)

bench-lost: $(VENV)/.dev ## Whole lives on a real Spark cluster of two workers, of which one is killed on the way
	@$(RUN) PYTHONPATH=. python -m tests.bench.lost_worker

bench-training: $(VENV)/.dev ## Tune, fit and evaluate against plain XGBoost with the same trials
	@$(RUN) PYTHONPATH=. python -m tests.bench.training $(TASK)

bench-batch: $(VENV)/.dev ## A million rows with reasons, against XGBoost's own contributions
	@$(RUN) PYTHONPATH=. python -m tests.bench.batch $(TASK)

bench-plan: $(VENV)/.dev ## A plan for a million members and twelve options
	@$(RUN) PYTHONPATH=. python -m tests.bench.plan

bench-life: $(VENV)/.dev ## Every stage of TASK on a brand of MEMBERS (200000): seconds, processor time, memory
	@$(RUN) PYTHONPATH=. python -m tests.bench.life $(or $(MEMBERS),200000) $(TASK)

bench-reasons: $(VENV)/.dev ## How far reasons stand a refit: BUILD=build/brand TASK=churn
	@$(RUN) PYTHONPATH=. python -m tests.bench.reasons $(or $(BUILD),build/brand) $(TASK)

bench-relational: $(VENV)/.dev ## Three tasks of RelBench's rel-f1 from one mapping: TASK="driver-top3 driver-dnf"
	@$(RUN) PYTHONPATH=. python -m tests.bench.relational $(TASK)

bench-own-tables: $(VENV)/.dev ## What points and coupons of the simulated brand are worth to its models
	@$(RUN) PYTHONPATH=. python -m tests.bench.own_tables

bench-soak: $(VENV)/.dev ## Half an hour of callers at 70 % of capacity
	@$(RUN) PYTHONPATH=. python -m tests.bench.soak

bench-serving: $(VENV)/.dev ## The service against its floor and its peers, in one run
	@$(RUN) PYTHONPATH=. python -m tests.bench.serving

bench-crowd: $(VENV)/.dev ## How long a stored answer takes beside callers in bulk
	@$(RUN) PYTHONPATH=. python -m tests.bench.beside_bulk

format: $(VENV)/.dev ## Format and mend what can be mended
	@$(RUN) ruff format -q . && $(RUN) ruff check -q --fix .

lock: | $(UV) ## Resolve the dependencies anew
	@$(UV) pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url --no-header -q -o requirements.lock
	@$(UV) pip compile pyproject.toml --extra dev --extra spark --extra warehouse -c requirements.lock --universal --python-version 3.11 --fork-strategy fewest --generate-hashes --no-emit-index-url --no-header -q -o requirements-dev.lock

clean: ## Remove everything that the pipeline made (not the environment)
	@rm -rf build mlruns mlflow.db experiments/*/ .dvc/cache .dvc/tmp dvc.lock
