# Everything a person types: make demo, make test, make check.
UV_VERSION := 0.13.9
PY := .venv/bin/python
export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never

.PHONY: demo test check format clean

.venv/.ready: pyproject.toml uv.lock
	python3 -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	.venv/bin/uv sync --frozen --inexact --quiet
	touch $@

demo: .venv/.ready  ## set up, make a benign exhibit, process it, write a report
	.venv/bin/varde demo .varde-demo

test: .venv/.ready  ## set up and pass all tests
	$(PY) -m pytest

check: .venv/.ready  ## format, lint, types, import contracts, docs tests
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) -m pytest tests/docs tests/test_architecture.py

format: .venv/.ready
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

clean:
	rm -rf .venv .varde-demo
