# Everything a person types: make demo, make test, make check.
UV_VERSION := 0.13.9
PY := .venv/bin/python
export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never

.PHONY: demo test check format screens browser clean

.venv/.ready: pyproject.toml uv.lock
	python3 -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	.venv/bin/uv sync --frozen --inexact --extra face --quiet
	touch $@

demo: .venv/.ready  ## set up, make a benign exhibit, process it, write a report, open the pages
	.venv/bin/varde demo .varde-demo

browser:  ## install Chromium for the tests of the pages, where it is missing and we may
	@if ! command -v chromium >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y chromium fonts-dejavu-core; fi; \
	command -v chromium >/dev/null || echo "No Chromium: tests of the pages are skipped. Debian: apt-get install chromium"

test: .venv/.ready browser  ## set up and pass all tests; says which are skipped, and why
	$(PY) -m pytest -rs -n 2 --dist loadfile

screens: .venv/.ready browser  ## make the pictures of the pages in docs/screens anew, from the demo case
	$(PY) docs/screens/make_screens.py

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
