# Everything runs from the root of the repository. `make help` lists the verbs.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
DEMO_VERSION ?= 1

export PATH := $(CURDIR)/$(BIN):$(PATH)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.PHONY: help setup demo test test-label-studio lint shell docs oracles bench bench-transforms clean
.DEFAULT_GOAL := help

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 26

setup: .venv/ready ## create the environment from the lock file
.venv/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: .venv/ready ## load the example exports, publish version 1, show the result
	harvest load examples/exports
	dbt --quiet build --exclude-resource-type unit_test --vars 'version: $(DEMO_VERSION)'
	harvest summary

test: lint ## everything: lint, unit tests, gates, pytest
	pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

test-label-studio: .venv-label-studio/ready ## harvest pull against a real Label Studio server, which this installs (1.2 GB)
	.venv-label-studio/bin/python -m pytest tests/label_studio

.venv-label-studio/ready: requirements-label-studio.lock pyproject.toml
	$(PYTHON) -m venv --clear .venv-label-studio
	.venv-label-studio/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-label-studio.lock
	.venv-label-studio/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

lint: .venv/ready ## sqlfluff and ruff
	ruff check --quiet .
	ruff format --check --quiet .
	sqlfluff lint --disable-progress-bar --nocolor models tests/gates

shell: .venv/ready ## the DuckDB shell on the result, read-only; .quit frees the database
	duckdb -readonly $${HARVEST_DATABASE:-harvest.duckdb}

docs: .venv/ready ## the dbt documentation in target/static_index.html
	dbt docs generate --static

oracles: .venv-oracles/ready ## ask the reference implementations again what the goldens of quality say
	.venv-oracles/bin/python tests/python/goldens/make_quality_goldens.py

.venv-oracles/ready: requirements-oracles.lock
	$(PYTHON) -m venv --clear .venv-oracles
	.venv-oracles/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-oracles.lock
	touch $@

bench: .venv/ready .venv-benchmarks/ready ## measure the loader against its contenders and at several sizes (35 minutes, 12 GB)
	.venv-benchmarks/bin/python -m benchmarks.load
	.venv-benchmarks/bin/python -m benchmarks.load_sizes

bench-transforms: .venv/ready .venv-benchmarks/ready ## measure the models against polars and pandas (30 minutes, 12 GB)
	$(BIN)/python -m benchmarks.transforms --build

.venv-benchmarks/ready: benchmarks/requirements.lock
	$(PYTHON) -m venv --clear .venv-benchmarks
	.venv-benchmarks/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r benchmarks/requirements.lock
	.venv-benchmarks/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

clean: ## remove what builds leave behind; published training sets and databases stay
	rm -rf target logs .pytest_cache .ruff_cache .hypothesis
