"""The architecture as a test: the import-linter contracts, and what contracts cannot say."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "varde"

# What an organisation's installation may carry: no face, camera or triage code.
GUARD_MAY_REACH = {"guard", "known", "hashing", "media", "segments", "core"}

# Data formats that run code when they are read, or modules that hand objects over in such a format.
CODE_CARRIERS = ("pickle", "shelve", "marshal", "dbm", "multiprocessing", "dill", "cloudpickle", "joblib")

HEAVY = ("numpy", "PIL", "av", "cv2", "onnxruntime", "sqlalchemy", "alembic", "pydantic", "jinja2", "cryptography")

# The real edges between packages. If one vanishes, a contract about it holds without saying anything.
EXPECTED_EDGES = {
    ("cli", "workflows"),
    ("workflows", "pipeline"),
    ("workflows", "store"),
    ("workflows", "reports"),
    ("workflows", "known"),
    ("pipeline", "store"),
    ("pipeline", "evidence"),
    ("pipeline", "hashing"),
    ("pipeline", "media"),
    ("pipeline", "known"),
    ("pipeline", "review"),
    ("evidence", "media"),
    ("store", "core"),
    ("review", "core"),
    ("reports", "core"),
    ("known", "core"),
    ("evidence", "core"),
    ("media", "core"),
    ("hashing", "core"),
    ("faces", "measures"),
    ("measures", "core"),
}
LEAST_EDGES = 550


@cache
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("varde", include_external_packages=True, cache_dir=None)


def edges() -> Iterator[tuple[str, str]]:
    for module in sorted(graph().modules):
        if module == "varde" or module.startswith("varde."):
            for imported in sorted(graph().find_modules_directly_imported_by(module)):
                yield module, imported


def package_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def source_files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def test_import_contracts_are_kept() -> None:
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--no-cache", "--no-logo", "--config", str(ROOT / ".importlinter")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_core_imports_only_the_standard_library() -> None:
    strangers = {
        (module, imported)
        for module, imported in edges()
        if package_of(module) == "core"
        and not imported.startswith("varde.core")
        and imported.split(".")[0] not in sys.stdlib_module_names
    }
    assert not strangers


def test_graph_has_the_edges_the_contracts_speak_of() -> None:
    internal = [(package_of(a), package_of(b)) for a, b in edges() if b.startswith("varde.")]
    assert set(internal) >= EXPECTED_EDGES
    assert len(internal) >= LEAST_EDGES


@pytest.mark.parametrize("carrier", CODE_CARRIERS)
def test_no_module_imports_a_format_that_carries_code(carrier: str) -> None:
    assert not [module for module, imported in edges() if imported.split(".")[0] == carrier]


def test_only_the_item_boundary_catches_everything() -> None:
    broad = [
        path.relative_to(SOURCE).as_posix()
        for path in source_files()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ExceptHandler) and _catches_everything(node)
    ]
    silenced = [path.relative_to(SOURCE).as_posix() for path in source_files() if "BLE001" in path.read_text("utf-8")]
    assert broad == silenced == ["pipeline/examine.py"]


def _catches_everything(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {kind.id for kind in kinds if isinstance(kind, ast.Name)}
    tidies_up_and_raises_on = isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None
    return (handler.type is None or bool(names & {"Exception", "BaseException"})) and not tidies_up_and_raises_on


def test_only_the_store_speaks_sql() -> None:
    # The pipeline and the workflows pass transactions on; they may name the type, and nothing else.
    spoken = {
        (path.relative_to(SOURCE).as_posix(), name.name)
        for path in source_files()
        if path.relative_to(SOURCE).parts[0] not in {"store", "testing"}
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom | ast.Import) and "sqlalchemy" in ast.dump(node)
        for name in node.names
    }
    assert {name for _, name in spoken} <= {"Connection"}


def test_network_is_imported_only_where_exchanges_and_pages_are() -> None:
    clients = {"http", "urllib", "ftplib", "smtplib", "requests", "httpx", "aiohttp", "asyncio", "ssl", "urllib3"}
    clients.add("threatexchange")
    exchanges = ("varde.known.exchanges.", "varde.testing.exchange_servers", "varde.testing.ncmec_server")
    # The last only asks the server that `varde demo` has just started on this machine, to prove that its pages answer.
    may = (*exchanges, "varde.web.", "varde.workflows.visit_pages")
    found = {(module, imported) for module, imported in edges() if imported.split(".")[0] in clients}
    assert not {edge for edge in found if not edge[0].startswith(may)}


def test_guard_reaches_only_what_an_organisation_may_have() -> None:
    if "varde.guard" not in graph().modules:
        pytest.skip("there is no varde.guard yet; a later part of the plan adds it")
    reached = {
        module
        for root in graph().find_descendants("varde.guard") | {"varde.guard"}
        for module in graph().find_upstream_modules(root)
        if module.startswith("varde.")
    }
    assert {package_of(module) for module in reached} <= GUARD_MAY_REACH


def test_command_line_starts_without_heavy_libraries() -> None:
    code = f"import sys, varde.cli.main; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_is_shown_without_heavy_libraries() -> None:
    code = (
        "import sys, varde.cli.main as m; m.main(['--help']); "
        f"print('LOADED', sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty_words = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
    assert not [path.name for path in source_files() if path.stem in empty_words]
