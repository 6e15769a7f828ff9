# Each target makes .venv with the machine's python3 where there is none, and installs what it needs there.
PYTHON := .venv/bin/python

.PHONY: train test test-slow lint bench

train: .venv/installed
	.venv/bin/handgrad train
	.venv/bin/handgrad evaluate

test: .venv/installed-dev
	$(PYTHON) -m pytest

test-slow: .venv/installed-dev
	$(PYTHON) -m pytest -m slow

lint: .venv/installed-dev
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

bench: .venv/installed-bench
	$(PYTHON) benchmarks/conv.py
	$(PYTHON) benchmarks/predict.py
	$(PYTHON) benchmarks/dense.py
	$(PYTHON) benchmarks/augment.py

.venv/bin/python:
	python3 -m venv .venv

.venv/installed: pyproject.toml | .venv/bin/python
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/installed-dev: pyproject.toml | .venv/bin/python
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ .venv/installed

.venv/installed-bench: pyproject.toml | .venv/bin/python
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $@ .venv/installed
