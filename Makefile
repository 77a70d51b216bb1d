# Each target makes the virtual environment that it needs. PYTHON chooses the interpreter.
PYTHON ?= $(shell tools/pythons newest)
VERSION = $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
DEMO = .venv/demo-$(VERSION)
TEST = .venv/test-$(VERSION)
PEERS = .venv/peers-$(VERSION)
JAVASCRIPT = tests/interop/javascript
AXE = tests/inspector/browser
SOURCES = pyproject.toml $(shell find src wsdl -type f -not -name '*.pyc')

# A package of Debian, or what is missing.
debian = { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(1); } \
    >/dev/null || { echo "$(1) is needed: apt-get install $(1)" >&2; false; }

.PHONY: demo test lint check test-all soak clean
.PHONY: bench bench-scale bench-mailbox bench-listing bench-creation bench-emulator

demo: $(DEMO)/installed
	@$(DEMO)/bin/ewspush demo $(DEMO_OPTIONS)

test: $(TEST)/installed $(JAVASCRIPT)/node_modules/.package-lock.json \
    $(AXE)/node_modules/.package-lock.json lint
	$(TEST)/bin/python -m pytest -n 2 --dist worksteal $(PYTEST_OPTIONS)

lint: $(TEST)/installed
	$(TEST)/bin/ruff check
	$(TEST)/bin/ruff format --check
	$(TEST)/bin/mypy

test-all:
	@set -e; for python in $$(tools/pythons all); do \
	    $(MAKE) --no-print-directory test PYTHON=$$python; done

# Takes about 20 minutes. What this machine does not let it do, it says and leaves out.
soak: $(TEST)/installed
	@ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || $(call debian,faketime) || true
	PYTHONPATH=tests $(TEST)/bin/python -m faults.soak --output benchmarks/results/soak.md \
	    $(SOAK_OPTIONS)

# Needs nginx as the responder and Redis as a broker; where they are missing and can be installed,
# they are.
bench: $(TEST)/installed $(PEERS)/installed
	@test -x /usr/sbin/nginx || command -v nginx >/dev/null || $(call debian,nginx-light)
	@command -v redis-server >/dev/null || $(call debian,redis-server)
	$(TEST)/bin/python benchmarks/delivery --peers-python $(PEERS)/bin/python $(BENCH_OPTIONS)

# The rows with a million subscriptions or waiting in them: about 40 minutes, 4 GB of disk, 2 of memory.
bench-scale: $(TEST)/installed $(PEERS)/installed
	@test -x /usr/sbin/nginx || command -v nginx >/dev/null || $(call debian,nginx-light)
	$(TEST)/bin/python benchmarks/scale --peers-python $(PEERS)/bin/python $(BENCH_OPTIONS)

bench-mailbox: $(TEST)/installed
	$(TEST)/bin/python benchmarks/mailbox.py
	$(TEST)/bin/python benchmarks/lmtp.py

bench-listing: $(TEST)/installed
	$(TEST)/bin/python benchmarks/listing.py

bench-creation: $(TEST)/installed
	$(TEST)/bin/python benchmarks/creation.py

bench-emulator: $(TEST)/installed
	$(TEST)/bin/python benchmarks/emulator.py

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf $(JAVASCRIPT)/node_modules $(AXE)/node_modules

$(DEMO)/installed: $(SOURCES)
	$(PYTHON) -m venv $(DEMO)
	$(DEMO)/bin/python -m pip install --quiet --disable-pip-version-check .
	@touch $@

$(TEST)/installed: pyproject.toml
	$(PYTHON) -m venv $(TEST)
	$(TEST)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(TEST)/bin/python -m pip install --quiet --disable-pip-version-check --editable . --group test
	@touch $@

$(PEERS)/installed: benchmarks/delivery/requirements.txt
	$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r $< || \
	    { echo "What delivery is compared with cannot be installed: see $<." >&2; exit 1; }
	@touch $@

# A real client, and a judge of accessibility; but a test that is skipped is no reason to fail.
%/node_modules/.package-lock.json: %/package-lock.json
	@if ! command -v npm >/dev/null; then \
	    echo "There is no npm: the tests that need what is in $* will be skipped."; \
	elif (cd $* && npm ci --loglevel=error); then \
	    touch $@; \
	else \
	    echo "npm could not install: the tests that need what is in $* will be skipped."; \
	fi
