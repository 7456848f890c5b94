# make demo    a virtual environment, dtlink in it, and the fixtures linted
# make test    the whole suite
# make lint    ruff, mypy, pyright, import-linter, and dtlink on its own fixtures
# make docs    the documentation as a site, in build/site
# make man     the man pages, in build/man
# make dist    the wheel and the source archive, in dist, checked
# make fixtures, make bench, make slopes, make fuzz: see CONTRIBUTING.md

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo test corpus lint bench slopes fuzz dist docs man fixtures clean

demo: $(BIN)/dtlink
	@echo
	$(BIN)/dtlink lint --fail-on never fixtures/

test: $(VENV)/.test
	$(BIN)/python -m pytest -n auto -m "not corpus"

corpus: $(VENV)/.test
	$(BIN)/python -m pytest -n auto -m corpus

lint: $(VENV)/.dev
	PATH="$(abspath $(BIN)):$$PATH" pre-commit run --all-files --show-diff-on-failure

bench: $(BIN)/dtlink
	$(BIN)/python tests/benchmarks/bench.py

slopes: $(BIN)/dtlink
	$(BIN)/python tests/benchmarks/slopes.py --kept build/slopes.jsonl

fuzz: $(VENV)/.test
	$(BIN)/python -m tests.fuzz --count 1000000 --seconds 600 -j2

# Strict: a link to a page or a heading that is not there fails.
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(BIN)/python -m mkdocs build --strict --quiet

man: $(BIN)/dtlink
	PYTHONPATH=. $(BIN)/python -m tools.docs.man build/man

# With the same sources and SOURCE_DATE_EPOCH (by default a date of hatchling's) the bytes are the same.
dist: $(VENV)/.dist man
	rm -rf dist
	$(BIN)/python -m build --outdir dist
	$(BIN)/python -m twine check --strict dist/*
	$(BIN)/check-wheel-contents dist/*.whl

fixtures: $(BIN)/dtlink
	for f in fixtures/boards/*.dts; do dtc -q -@ -I dts -O dtb -o "$${f%.dts}.dtb" "$$f"; done
	dtc -f -q -@ -I dts -O dtb -o fixtures/boards/phandle-duplicates.dtb \
		fixtures/boards/phandle-duplicates.dts.txt
	PYTHONPATH=. $(BIN)/python tests/support/make_tables.py

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(BIN)/dtlink: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@ $(BIN)/dtlink

$(VENV)/.dev: $(VENV)/.test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

$(VENV)/.dist: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check build check-wheel-contents twine
	@touch $@

$(VENV)/.docs: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	@touch $@ $(BIN)/dtlink

clean:
	rm -rf $(VENV) build dist
