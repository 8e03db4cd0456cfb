# `make demo` and `make test` do everything on a fresh machine, set-up included.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
READY := $(VENV)/ready-$(VERSION)

# Written whatever the shell says: tests start hundreds of processes, each of which would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

PYTEST := $(RUN) -m pytest -n logical --maxprocesses 8 --dist worksteal

# What stands in every file of the lane `test-faults`; tests/conftest.py holds them to it.
FAULTS := mark\.faults|EACH_WAY

.PHONY: demo test types unit test-faults test-slow test-slurm test-browser test-aarch64 test-package test-lower-bounds \
	docs man bench clean

demo: $(READY)
	$(RUN) examples/portfolio.py

# Run it before every commit.
test: $(READY)
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	@$(MAKE) --no-print-directory $(if $(findstring -j,$(MAKEFLAGS)),,-j 2) types unit

# Beside the tests, many of which wait, as mypy has one thread.
types: $(READY)
	$(RUN) -m mypy
	$(VENV)/bin/basedpyright --pythonpath $(RUN)

unit: $(READY)
	$(PYTEST)

# The long suites with real kills, clusters and endpoints. Files that have none of them are not read: reading all takes
# each process of the lane as long as several of these tests.
test-faults: $(READY)
	$(PYTEST) -m "faults and not slow" $(shell grep -rlE "$(FAULTS)" tests --include="test_*.py")

# Soak tests and huge graphs, for a night.
test-slow: $(READY)
	$(RUN) -m pytest -m slow

# Both install what is missing by apt-get, if they are root: Slurm, and Chromium.
test-slurm: $(READY)
	@sh tests/slurm/install.sh
	$(RUN) -m pytest -m slurm tests/slurm tests/batch

test-browser: $(READY)
	@sh tests/reporting/install.sh
	$(RUN) -m pytest -m browser tests/reporting

# Digests, bit for bit, on an emulated processor of another make.
test-aarch64: $(READY)
	@sh tests/aarch64/run.sh build/aarch64 $(RUN) -q -m "not slow" -k "machine or million or definition or blocks or interleaved or release" \
		tests/test_reproducibility.py tests/compiled $(patsubst %,tests/covariance/test_%.py,cholesky \
		digests_of_structures band_triangle triangular_inverse hartley_transform fourier_tables sparse)

# The site, in build/docs: each warning is an error, and nothing is fetched.
docs: $(VENV)/ready-docs-$(VERSION)
	$(RUN) -m sphinx -b html --fail-on-warning --keep-going --jobs auto --quiet -d build/doctrees docs build/docs
	$(RUN) docs/check_site.py build/docs
	$(RUN) -m pytest -m "docs or not (faults or slow or slurm or browser or package)" --ignore=docs/covariances.md \
		--ignore=docs/estimates.md docs tests/docs/test_reference.py tests/docs/test_extensions.py \
		tests/docs/test_earlier_builds.py

# Man pages of the command into docs/man, from its help texts; the wheel takes them from there.
man: $(READY)
	$(RUN) docs/make_man_pages.py docs/man

# Builds the sdist and the wheel into build/package, and tries the wheel alone in an empty environment.
test-package: $(VENV)/ready-package-$(VERSION)
	$(RUN) -m pytest -m package tests/packaging

# The tests, with the lowest version of everything that pyproject.toml names. Old libraries use what newer ones deprecate.
LOWEST := build/lowest-$(VERSION)
test-lower-bounds: $(VENV)/ready-package-$(VERSION)
	$(VENV)/bin/uv venv --quiet --clear --python $(RUN) $(LOWEST)
	$(VENV)/bin/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct -e '.[test,dashboard,sparse]'
	$(LOWEST)/bin/python -m pytest -n logical --maxprocesses 8 --dist worksteal \
		$(foreach kind,Deprecation PendingDeprecation Future,-W ignore::$(kind)Warning)

bench: $(READY)
	$(RUN) -m benchmarks --output build/bench

# uv downloads and unpacks side by side, in a fifth of pip's time. It reads none of pip's settings: where it finds no
# index, or there is no uv, pip does it all. Bytecode is left to the first import, since most files have none.
INSTALL := $(RUN) -m pip install --quiet --disable-pip-version-check --no-compile

# Another Python, or other dependencies, begin a new environment.
$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "mvn_dask needs Python 3.11 or later: make $(MAKECMDGOALS) PYTHON=python3.11")'
	$(PYTHON) -m venv --clear $(VENV)
	@$(INSTALL) --only-binary uv uv && $(VENV)/bin/uv pip install --quiet --python $(RUN) -e '.[test]' || \
		$(INSTALL) -e '.[test]'
	@touch $@

# Dependencies of a lane, by its extra; the package itself is not installed again beside lanes that run.
$(VENV)/ready-%-$(VERSION): $(READY)
	@$(VENV)/bin/uv pip install --quiet --python $(RUN) --requirements pyproject.toml --extra $* || \
		$(INSTALL) -e '.[$*]'
	@touch $@

clean:
	rm -rf $(VENV) build dist docs/reference/generated .mypy_cache .ruff_cache .pytest_cache .hypothesis
