# Each target makes VENV with the machine's python3 where there is none, and installs what it needs there.
# WHEEL=dist/handgrad-....whl tests that wheel in place of the checkout, as CI does.
VENV := .venv
PYTHON := $(VENV)/bin/python
unexport PYTHONDONTWRITEBYTECODE  # else every test process compiles all modules again
INSTALL := $(PYTHON) -m pip install --quiet --disable-pip-version-check

.PHONY: train test test-slow lint docs pictures wheel bench

train: $(VENV)/installed
	$(VENV)/bin/handgrad train
	$(VENV)/bin/handgrad evaluate

test: $(VENV)/installed-dev
	$(PYTHON) -m pytest -n auto --dist worksteal

test-slow: $(VENV)/installed-dev
	$(PYTHON) -m pytest -m slow -n auto --dist worksteal

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

wheel: $(VENV)/bin/python
	$(PYTHON) -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .

bench: $(VENV)/installed-bench
	$(PYTHON) benchmarks/conv.py
	$(PYTHON) benchmarks/predict.py
	$(PYTHON) benchmarks/dense.py
	$(PYTHON) benchmarks/augment.py

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
