"""The wheel holds all that the pages need: installed elsewhere, it serves them from an empty folder."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from varde.core.account import Role
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.manage_accounts import add_account
from varde.workflows.own_account import change_password

ROOT = Path(__file__).parents[1]
PASSWORD = "benign material for everybody"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`varde` of the wheel, in an environment of its own that borrows only what the wheel depends on."""
    folder = tmp_path_factory.mktemp("elsewhere")
    venv.create(folder, with_pip=False, symlinks=True)
    places = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    with zipfile.ZipFile(wheel) as file:
        file.extractall(places)
    (places / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    script = folder / "bin/varde"
    script.write_text(f"#!{folder}/bin/python\nimport sys\nfrom varde.cli.main import run\nsys.exit(run())\n")
    script.chmod(0o755)
    return script


@pytest.fixture
def address(program: Path, sqlite_site: Site, tmp_path: Path) -> Iterator[str]:
    actor = Actor("A. Operator")
    made = add_account(sqlite_site, actor, name="somebody else", full_name="", roles=list(Role))
    change_password(sqlite_site, Actor("somebody else"), old=made.password, new=PASSWORD, session_id=0)
    empty = tmp_path / "empty"
    empty.mkdir()
    command = [str(program), "--site", str(sqlite_site.folder), "serve", "--port", "0", "--json"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    log = tmp_path / "log"
    with log.open("w") as file:
        process = subprocess.Popen(command, cwd=empty, env=clean, stdout=subprocess.PIPE, stderr=file, text=True)
    with process:
        try:
            yield read_address(process, log)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    assert not list(empty.iterdir())


def read_address(process: subprocess.Popen[str], log: Path) -> str:
    assert process.stdout is not None
    said = ""
    while "}" not in said:
        line = process.stdout.readline()
        assert line, log.read_text()
        said += line
    return str(json.loads(said)["address"])


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as file:
        held = set(file.namelist())
    package = ROOT / "src"
    wanted = {
        path.relative_to(package).as_posix()
        for path in (package / "varde").rglob("*")
        if path.is_file() and path.suffix not in {".pyc"} and "__pycache__" not in path.parts
    }
    assert wanted <= held
    assert "varde/web/static/style.css" in held
    assert "varde/web/templates/base.html" in held


def test_the_installed_program_is_the_wheels(program: Path) -> None:
    asked = "import varde.web.pages.page as page; print(page.__file__)"
    done = subprocess.run(
        [str(program.with_name("python")), "-c", asked], cwd="/", capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()).is_relative_to(program.parents[1])


def test_it_serves_pages_with_their_style_and_scripts(address: str) -> None:
    with httpx.Client(base_url=address, follow_redirects=True, headers={"accept": "text/html"}) as browser:
        login = browser.get("/login")
        assert "<style>" in login.text
        assert "--" in login.text, "the login page has no style"
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', login.text))
        home = browser.post("/login", data={**fields, "name": "somebody else", "password": PASSWORD})
        assert home.status_code == 200, home.text
        assert home.url.path == "/"
        begin = re.findall(r'href="(/static/[^"/]+/)style.css"', home.text)[0]
        static = ROOT / "src/varde/web/static"
        for file in [path for path in static.rglob("*") if path.is_file()]:
            said = browser.get(begin + file.name)
            assert said.status_code == 200, file
            assert said.content == file.read_bytes()
