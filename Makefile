# GNU make 3.81 and a POSIX shell are enough. `make` builds .venv by itself, with uv where there is one, else with venv and pip.
# PYTHON=... names the interpreter, UV= goes without uv, ARGS=... is passed on to the command.

VENV = .venv
BIN = $(VENV)/bin
PYTHON =
ARGS =
UV := $(shell uv --version >/dev/null 2>&1 && echo uv)
CATALOGUES := $(wildcard src/indicator_hub/web/console/locale/*/LC_MESSAGES/*.po)
INSTALLED = requirements/build.txt pyproject.toml hatch_build.py $(CATALOGUES)

export UV_PYTHON_DOWNLOADS = never
export PIP_DISABLE_PIP_VERSION_CHECK = 1

# A .venv that was moved here, or whose Python has gone, is built again.
ifneq ($(wildcard $(VENV)/.made),)
ifneq ($(shell $(BIN)/python -c 'print(open("$(VENV)/.made").read().strip())' 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/.made
endif
endif

# Installs the locked requirements files named, then this checkout itself, so that what is edited is what runs. uv leaves compiling to the
# first import, which never keeps the result where PYTHONDONTWRITEBYTECODE is set: every command would then take twice as long.
ifneq ($(UV),)
install = $(UV) pip install --quiet --python $(BIN)/python --require-hashes $(1) \
	  $(if $(PYTHONDONTWRITEBYTECODE),--compile-bytecode) && \
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
else
install = $(BIN)/python -m pip install --quiet --require-hashes $(1) && \
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
endif

.PHONY: help setup demo tour test conformance torture bench lint words lock clean

help:
	@echo 'make demo     a whole hub with four nations on sample data; ARGS="--port 9000"'
	@echo 'make tour     one operation from the agreement to its report, each step a command'
	@echo 'make test     the whole check; ARGS="tests/trust -k ladder"'
	@echo 'make conformance  the tests of the standards, clause by clause; writes docs/conformance.md'
	@echo 'make torture  the tests with the large counts'
	@echo 'make bench    all timing'
	@echo 'make lint     ruff, pyright, the import contracts, hadolint'
	@echo 'make words    the catalogues of the console, with the texts of today'
	@echo 'make setup    only build .venv, with what the tests need'
	@echo 'make lock     compile requirements/*.txt anew (needs uv); ARGS=--upgrade takes newer versions'
	@echo 'make clean    remove what make and the tools have made, .venv included'

setup: $(VENV)/.test

demo: $(VENV)/.runtime
	@mkdir -p build
	@exec $(BIN)/indicator-hub demo --data build/demo $(ARGS)

tour: $(VENV)/.runtime
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec sh docs/tour.sh

# One process for each core, four at most. Bytecode is kept: hundreds of hubs and commands are started, and each would compile all of it again.
pytest = unset PYTHONDONTWRITEBYTECODE; cores=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); [ "$$cores" -le 4 ] || cores=4; \
	exec $(BIN)/python -m pytest -n "$$cores" --dist worksteal

test: $(VENV)/.test
	@$(pytest) -m 'not torture' $(ARGS)

conformance: $(VENV)/.test
	@$(pytest) -m 'row and not torture' --conformance=docs/conformance.md $(ARGS)

torture: $(VENV)/.test
	@exec $(BIN)/python -m pytest -m torture $(ARGS)

bench: $(VENV)/.test
	@$(BIN)/python -m bench $(ARGS)
	@$(BIN)/python -m bench.overload
	@exec $(BIN)/python -m bench.pasting

lint: $(VENV)/.lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

# The catalogues of the console, with the texts of today: new ones stand there without a translation, and a test fails until they have one.
words: $(VENV)/.test
	@set -e; cd src/indicator_hub/web/console; new=$$(mktemp); \
	$(CURDIR)/$(BIN)/pybabel -q extract -F $(CURDIR)/pyproject.toml -k N_ -k say --no-location --omit-header -o "$$new" .; \
	for one in locale/*; do \
	  $(CURDIR)/$(BIN)/pybabel -q update --omit-header --no-fuzzy-matching --ignore-obsolete --no-wrap -i "$$new" \
	    -l "$${one#locale/}" -o "$$one/LC_MESSAGES/console.po"; \
	done; rm "$$new"

# No index and no local link of whoever runs this may get into the files.
lock:
	@[ -n "$(UV)" ] || { echo 'make lock needs uv: install the package uv.' >&2; exit 1; }
	@set -e; unset PIP_FIND_LINKS UV_FIND_LINKS; \
	compile() { name=$$1; shift; \
	  $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url \
	    --no-emit-find-links $(ARGS) -o "requirements/$$name.txt" "$$@"; \
	  { echo '# Compiled from pyproject.toml by `make lock`: do not edit.'; cat "requirements/$$name.txt"; } \
	    >"requirements/$$name.new"; mv "requirements/$$name.new" "requirements/$$name.txt"; }; \
	compile runtime pyproject.toml; \
	compile test pyproject.toml --group test -c requirements/runtime.txt; \
	compile lint pyproject.toml --group lint -c requirements/runtime.txt; \
	printf 'hatchling\neditables\nbabel\n' | compile build - -c requirements/test.txt

clean:
	rm -rf $(VENV) build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache .grimp_cache
	find src tests migrations -name __pycache__ -type d -prune -exec rm -rf {} +

# The first Python from 3.11 on that runs (a shim may be there and not run) and, without uv, can make a virtual environment. Its base
# executable, since the Python found may be the one in the .venv that is about to be removed.
$(VENV)/.made:
	@set -e; old=; \
	for one in $(or $(PYTHON),python3.14 python3.13 python3.12 python3.11 python3); do \
	  "$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	  one=$$("$$one" -c 'import sys; print(sys._base_executable)'); \
	  : "$${old:=$$one}"; \
	  [ -n "$(UV)" ] || "$$one" -c 'import ensurepip, venv; ensurepip.version()' >/dev/null 2>&1 || continue; \
	  echo "Building $(VENV) with $$("$$one" -V)$(if $(UV), and uv)." >&2; rm -rf $(VENV); \
	  if [ -n "$(UV)" ]; then $(UV) venv --quiet --python "$$one" $(VENV); \
	  else "$$one" -m venv $(VENV); fi; \
	  echo '$(CURDIR)' >$@; exit 0; \
	done; \
	if [ -z "$$old" ]; then echo 'Python 3.11 or newer is needed: install it, or name it with make PYTHON=...' >&2; \
	else "$$old" -c 'import sys; print("This Python cannot make a virtual environment: install the package python%d.%d-venv (or uv)." % sys.version_info[:2])' >&2; fi; \
	exit 1

$(VENV)/.runtime: $(VENV)/.made $(INSTALLED) requirements/runtime.txt
	@$(call install,-r requirements/build.txt -r requirements/runtime.txt)
	@touch $@

$(VENV)/.test: $(VENV)/.made $(INSTALLED) requirements/test.txt
	@$(call install,-r requirements/build.txt -r requirements/test.txt)
	@touch $@ $(VENV)/.runtime

$(VENV)/.lint: $(VENV)/.made $(INSTALLED) requirements/lint.txt
	@$(call install,-r requirements/build.txt -r requirements/lint.txt)
	@touch $@ $(VENV)/.runtime
