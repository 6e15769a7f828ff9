# Each target makes VENV with the machine's python3 where there is none, and installs what it needs there.
# WHEEL=dist/handgrad-....whl tests that wheel in place of the checkout, as CI does.
VENV := .venv
PYTHON := $(VENV)/bin/python
unexport PYTHONDONTWRITEBYTECODE  # else every test process compiles all modules again
OLDEST := build/oldest
SECONDS := 60
SEED := 0
INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check

.PHONY: train test test-slow test-oldest coverage lint docs pictures wheel sdist bench fuzz campaign mutants

train: $(VENV)/installed
	$(VENV)/bin/handgrad train
	$(VENV)/bin/handgrad evaluate

test: $(VENV)/installed-dev
	$(PYTHON) -m pytest -n auto --dist worksteal

test-slow: $(VENV)/installed-dev
	$(PYTHON) -m pytest -m slow -n auto --dist worksteal

# The oldest versions of what handgrad needs that pyproject.toml allows, as far as the tests' own tools let them be.
# What these need is new, so they tell of deprecations.
test-oldest: $(OLDEST)/bin/uv
	$(OLDEST)/bin/uv pip install --python $(OLDEST) --resolution lowest-direct --editable '.[all]'
	$(OLDEST)/bin/uv pip install --python $(OLDEST) --editable '.[dev]'
	$(OLDEST)/bin/python -m pytest -n auto --dist worksteal \
	-W ignore::pyparsing.warnings.PyparsingDeprecationWarning -W ignore::pytest.PytestRemovedIn10Warning

# Lines and branches that the quick tests reach, of the packages that pyproject.toml names; fails where a package has less.
coverage: $(VENV)/installed-dev
	$(PYTHON) -m coverage erase
	$(PYTHON) -m coverage run -m pytest -n auto --dist worksteal
	$(PYTHON) -m coverage combine --quiet
	failed=; for package in nn model training reading; do $(PYTHON) -m coverage report \
	--include="*/handgrad/$$package/*" --fail-under=95 || failed=1; done; test -z "$$failed"

lint: $(VENV)/installed-dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -m pytest tests/test_docstrings.py

docs: $(VENV)/installed-docs
	$(PYTHON) docs/recipes.py
	$(PYTHON) -m sphinx -q -W --keep-going -b html docs docs/_build/html

pictures: $(VENV)/installed-dev
	$(PYTHON) docs/reading.py
	$(PYTHON) docs/page.py
	$(PYTHON) docs/strip.py

fuzz: $(VENV)/installed-dev
	PYTHONPATH=tests $(PYTHON) tests/campaign/fuzz.py --seconds $(SECONDS) --seed $(SEED)

# Every script there, each for so long; the next one runs even where one finds something.
campaign: SECONDS := 1800
campaign: $(VENV)/installed-dev
	failed=; for script in $$(grep -l __main__ tests/campaign/*.py); do echo "$$script"; \
	PYTHONPATH=tests $(PYTHON) $$script --seconds $(SECONDS) --seed $(SEED) || failed=1; done; test -z "$$failed"

mutants: SECONDS := 1800
mutants: $(VENV)/installed-dev
	PYTHONPATH=tests $(PYTHON) tests/campaign/mutants.py --seconds $(SECONDS) --seed $(SEED)

wheel: $(VENV)/bin/python
	$(PYTHON) -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

sdist: $(VENV)/installed-build
	$(PYTHON) -m hatchling build --target sdist --directory dist

bench: $(VENV)/installed-bench
	$(PYTHON) benchmarks/conv.py
	$(PYTHON) benchmarks/predict.py
	$(PYTHON) benchmarks/dense.py
	$(PYTHON) benchmarks/augment.py

$(OLDEST)/bin/uv:
	python3 -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/installed-build: pyproject.toml | $(VENV)/bin/python
	$(INSTALL) hatchling
	touch $@

$(VENV)/bin/python:
	python3 -m venv $(VENV)

$(VENV)/installed: pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --editable .
	touch $@

$(VENV)/installed-dev: pyproject.toml | $(VENV)/bin/python
	$(INSTALL) $(if $(WHEEL),'$(WHEEL)[dev]',--editable '.[dev]')
	touch $@ $(VENV)/installed

$(VENV)/installed-docs: pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --editable '.[docs]'
	touch $@ $(VENV)/installed

$(VENV)/installed-bench: pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --editable '.[bench]'
	touch $@ $(VENV)/installed
