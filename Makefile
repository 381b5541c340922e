# Needs Python 3.11 or newer and make; MinIO also needs Go, the contract checks need Node. `make` lists the commands.

PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$python -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
MINIO := .tools/minio
MINIO_VERSION := v0.0.0-20260212201848-7aac2a2c5b7c
WORKERS ?= 2
UV ?= uv
COMPILE = $(UV) pip compile pyproject.toml - --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --quiet

.DEFAULT_GOAL := help
.PHONY: run test test-minio minio check lint types contract format openapi migration bench bench-upload bench-crm \
	bench-import faults lock clean help python venv venv-dev

run: venv ## start Ordner with its own PostgreSQL and S3 server; Ctrl-C stops all of it
	@exec $(BIN)/ordner dev

test: venv-dev ## all tests; ARGS=tests/test_x.py for some of them, ARGS=--cov=app for the coverage (twice as long)
	$(BIN)/python -m pytest -n $(WORKERS) -m "not long" $(ARGS)

test-minio: venv-dev $(MINIO) ## the tests that touch bytes, on a real MinIO
	ORDNER_TEST_MINIO=$(MINIO) $(BIN)/python -m pytest -n $(WORKERS) -m "bytes and not long" $(ARGS)

minio: $(MINIO) ## build the MinIO server with Go into .tools (once)

check: lint types contract ## lint, types, and the published contract (needs Node)

lint: venv-dev ## ruff and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: venv-dev ## mypy, strict
	$(BIN)/mypy

contract: ## lint openapi.json, compile a client made from it (needs Node)
	cd tests/contract/node && npm ci --ignore-scripts && npm run check

format: venv-dev ## sort imports, format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

openapi: venv-dev ## write openapi/openapi.json
	@mkdir -p openapi
	$(BIN)/ordner openapi > openapi/openapi.json.new
	mv openapi/openapi.json.new openapi/openapi.json

migration: venv-dev ## a new migration from the models: make migration m="add x"
	@test -n "$(m)" || { echo 'say what it does: make migration m="add x"'; exit 1; }
	$(BIN)/ordner migration "$(m)"

bench: bench-upload bench-crm bench-import ## all measurements

bench-upload: venv-dev $(MINIO) ## uploads beside put_object and UploadFile, on MinIO; its part of bench/RESULTS.md
	$(BIN)/python -m bench.upload

bench-crm: venv-dev ## lists, search and reads on 2 x 200,000 relations; its part of bench/RESULTS.md
	$(BIN)/python -m bench.crm $(ARGS)

bench-import: venv-dev ## 50,000 and 200,000 relations from a workbook; its part of bench/RESULTS.md
	$(BIN)/python -m bench.imports $(ARGS)

faults: venv-dev ## the tests that take long; then kill clients and servers in the middle of uploads
	$(BIN)/python -m pytest -n $(WORKERS) -m long
	$(BIN)/python -m bench.faults

lock: ## resolve the lock files anew (needs uv); UPGRADE=--upgrade for newer versions
	echo 'setuptools>=80' | $(COMPILE) $(UPGRADE) --extra dev --output-file requirements-dev.lock
	echo 'setuptools>=80' | $(COMPILE) --constraint requirements-dev.lock --extra local --output-file requirements-local.lock
	echo 'setuptools>=80' | $(COMPILE) --constraint requirements-dev.lock --output-file requirements.lock

clean: ## remove all that was made here, but not the data in .data
	rm -rf .venv .tools .coverage* .*_cache .hypothesis *.egg-info tests/contract/node/node_modules
	find app bench migrations tests tools -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

python:
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer with venv and pip is needed (Debian: python3-venv)'; exit 1; }

venv: python
	@$(PYTHON) tools/install.py requirements-local.lock

venv-dev: python
	@$(PYTHON) tools/install.py requirements-dev.lock

$(MINIO):
	mkdir -p $(@D)
	built=$$(mktemp -d $(CURDIR)/$(@D)/build.XXXXXX) \
		&& CGO_ENABLED=0 GOBIN=$$built go install github.com/minio/minio@$(MINIO_VERSION) \
		&& mv $$built/minio $@ && rmdir $$built
