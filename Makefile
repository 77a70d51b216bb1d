# Each target makes the virtual environment that it needs. PYTHON chooses the interpreter.
PYTHON ?= $(shell tools/pythons newest)
VERSION = $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
DEMO = .venv/demo-$(VERSION)
TEST = .venv/test-$(VERSION)
SOURCES = pyproject.toml $(shell find src wsdl -type f -not -name '*.pyc')

.PHONY: demo test lint check test-all clean

demo: $(DEMO)/installed
	@$(DEMO)/bin/ewspush demo $(DEMO_OPTIONS)

test: $(TEST)/installed lint
	$(TEST)/bin/python -m pytest -n 2 --dist worksteal $(PYTEST_OPTIONS)

lint: $(TEST)/installed
	$(TEST)/bin/ruff check
	$(TEST)/bin/ruff format --check
	$(TEST)/bin/mypy

test-all:
	@set -e; for python in $$(tools/pythons all); do \
	    $(MAKE) --no-print-directory test PYTHON=$$python; done

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(DEMO)/installed: $(SOURCES)
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python -m pip install --quiet --disable-pip-version-check .
	@touch $@

$(TEST)/installed: pyproject.toml
	$(PYTHON) -m venv $(TEST)
	$(TEST)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(TEST)/bin/python -m pip install --quiet --disable-pip-version-check --editable . --group test
	@touch $@
