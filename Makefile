# Every command sets up what it needs first. PYTHON=python3.12 make setup takes another Python.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup run test check fuzz faults browser-test format docs bench bench-model train clean

setup: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@

run: setup  ## The main job on the dumps in raw/, by the Prefect flow
	$(BIN)/python flows/ingest.py --raw raw --processed processed

test: setup
	$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/build.py --check

fuzz: setup  ## 10,000 damaged dumps, and those that atheris makes where there is a wheel of it
	$(BIN)/python tests/fuzz/fuzz_split.py
	-$(BIN)/pip install --quiet --only-binary :all: atheris
	$(BIN)/python tests/fuzz/atheris_split.py

faults: setup  ## 1,000 kills, every call that fails, full disks, readers; goes on where it stopped
	$(BIN)/python tests/faults/long.py

browser-test: setup  ## The report in headless Chromium, which root gets from Debian
	command -v chromedriver || { apt-get update && apt-get install --yes --no-install-recommends chromium chromium-driver; }
	$(BIN)/pip install --quiet selenium
	npm install --silent --prefix .venv/axe axe-core || $(BIN)/pip install --quiet axe-core-python
	$(BIN)/python -m pytest tests/browser/drive.py

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: setup  ## Write docs/data-dictionary.md anew
	$(BIN)/python docs/build.py

bench: setup  ## The race against the script that one would write; writes benchmarks/RESULTS.md
	$(BIN)/python benchmarks/bench_start.py
	$(BIN)/python benchmarks/bench.py

bench-model: setup
	$(BIN)/python benchmarks/bench_model.py

train: setup
	$(BIN)/python training/train.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
