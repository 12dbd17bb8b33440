# README.md explains both commands, also for Windows without make.
PYTHON ?= python3
BIN := .venv/bin
KEDRO := $(BIN)/kedro
READERS := tests/packages/readers
STACK := tests/catalogue/ckan/stack
UV := $(shell command -v uv 2>/dev/null)
# uv is used where it is there; pip does the same, only slower.
INSTALL := $(if $(UV),$(UV) pip install --python $(BIN)/python --compile-bytecode,$(BIN)/python -m pip install --disable-pip-version-check)
# Without the names of the folders above: with LC_ALL=C, Python 3.11 reads only ASCII there.
SHORTEN = for path in .venv/lib/*/site-packages/__editable__.sumida_data-*.pth; do echo ../../../../src > "$$path"; done
RETURNS := $(shell find data/01_raw/survey data/01_raw/kept_readings -type f ! -name '.*' 2>/dev/null | head -1)

export KEDRO_DISABLE_TELEMETRY := 1
export DO_NOT_TRACK := 1

.PHONY: offline release lines run test test-long test-mutation bench bench-many install docs jupyter format lock clean test-ckan ckan

run: .venv/installed  ## Compute the quarter, on sample data where nothing has been received yet.
ifeq ($(RETURNS),)
	$(KEDRO) run --pipelines=sample
endif
	$(KEDRO) run || [ $$? -eq 2 ]

install: .venv/installed  ## Install without sample data, to put a backup back.

# Three processes for two cores: one of them mostly waits for a CKAN or a browser.
test: .venv/installed-dev  ## Lint, types, import contracts and all tests.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m coverage run -m pytest -n 3 --dist loadgroup --no-loadscope-reorder
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

test-mutation: .venv/installed-dev  ## Damage forms in many more ways at once than the tests do.
	MUTATION_PAIRS=10000 $(BIN)/python -m pytest tests/mutation

ckan:  ## Start a real CKAN on this machine for rehearsals; CKAN_VERSION=2.11 or 2.10 for another.
	$(PYTHON) tests/catalogue/ckan/stack/start.py $(CKAN_VERSION)

# A call that fails in each way, at every request, takes longest, and is tried on the newest.
test-ckan: .venv/installed-dev  ## Publish to and harvest with all three CKAN versions; two hours.
	CKAN_TEST_VERSIONS="2.12 2.11 2.10" $(BIN)/python -m pytest tests/catalogue/ckan -m "long or not long" --ignore tests/catalogue/ckan/test_every_request.py
	$(BIN)/python -m pytest tests/catalogue/ckan/test_every_request.py -m "long or not long"

test-long: .venv/installed-dev  ## Reuse after every kind of change, a city of its own, kills; an hour.
	$(BIN)/python -m pytest -m long --ignore tests/catalogue/ckan
	HYPOTHESIS_PROFILE=default $(BIN)/python -m pytest tests/plan tests/survey/reading tests/sample

bench: .venv/installed-dev run  ## Time reading, hostile files, checks and the figures of a nation, and publishing, beside what one would use instead.
	$(BIN)/python -m benchmarks.hostile
	$(BIN)/python benchmarks/again.py
	$(BIN)/python benchmarks/reading.py
	$(BIN)/python benchmarks/checks.py
	$(BIN)/python benchmarks/national.py
	$(BIN)/python benchmarks/publishing.py

bench-many: .venv/installed-dev  ## Time many municipalities in processes and on Spark, beside bare calamine; COUNT=60 municipalities.
	$(BIN)/python benchmarks/many.py $(or $(COUNT),60) $(SPARK)

jupyter: .venv/installed  ## Open the notebooks, with Kedro's catalogue at hand.
	$(INSTALL) --require-hashes --requirement requirements-notebooks.lock
	PATH="$(CURDIR)/$(BIN):$$PATH" $(KEDRO) jupyter lab --LabApp.extension_manager=readonly notebooks

offline: .venv/installed  ## Make a folder that installs the project where there is no network, and prove it there.
	$(BIN)/python scripts/offline.py
	scripts/prove_offline.sh

release: .venv/installed  ## Make wheel, source archive, bill of materials and offline folder; the same commit gives the same bytes.
	$(BIN)/python scripts/release.py
	$(BIN)/python scripts/offline.py

docs: .venv/installed-dev  ## Write the reference pages anew.
	$(BIN)/python -m sumida_data.reference

lines:  ## Count lines and files of the source by room.
	@find src/sumida_data -name '*.py' -exec wc -l {} + | awk -F '[ /]+' '$$NF != "total" { \
	  room = NF > 5 ? $$5 : "(root)"; lines[room] += $$2; files[room]++; all += $$2; count++ } \
	  END { for (room in lines) printf "%7d %4d  %s\n", lines[room], files[room], room | "sort -k 3"; \
	  close("sort -k 3"); printf "%7d %4d  in all\n", all, count }'

format: .venv/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:  ## Write the lock files anew; needs uv.
	uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --output-file requirements.lock
	uv pip compile pyproject.toml --quiet --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --output-file requirements-dev.lock
	for version in 2.12 2.11 2.10 tools; do uv pip compile $(STACK)/requirements-$$version.in --override $(STACK)/overrides.txt --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --output-file $(STACK)/requirements-$$version.lock || exit 1; done
	uv pip compile $(READERS)/requirements.in --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --output-file $(READERS)/requirements.lock
	npm install --prefix $(READERS) --package-lock-only --omit-lockfile-registry-resolved --silent
	uv pip compile pyproject.toml --quiet --group notebooks --constraint requirements-dev.lock --universal --python-version 3.11 --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --output-file requirements-notebooks.lock

clean:  ## Remove all that was made; what was received, remembered, published and recorded stays.
	rm -rf data/0[2-57-8]_* data/06_catalog/preview data/06_catalog/changes.json data/sumida.duckdb .viz

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/installed: requirements.lock pyproject.toml | .venv/bin/python
	$(INSTALL) --require-hashes --requirement requirements.lock
	$(INSTALL) --no-deps --editable .
	@$(SHORTEN)
	@touch $@

.venv/installed-dev: requirements-dev.lock pyproject.toml | .venv/bin/python
	$(INSTALL) --require-hashes --requirement requirements-dev.lock
	$(INSTALL) --no-deps --editable .
	@$(SHORTEN)
	@touch $@ .venv/installed
