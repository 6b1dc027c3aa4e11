"""What tests of several packages share: sites, on SQLite and, where its programs are installed, on PostgreSQL.

One PostgreSQL server is started for the whole run, in a private folder and on a private socket, without any network;
every test that asks for it gets a database of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, make_url

from site_copies import CopyFilled, FilledSites, T
from varde.models.builtin import make_builtin
from varde.models.pack import Pack
from varde.store.database import Database
from varde.store.settings import FILE_NAME
from varde.store.site import Site, create_site, open_site

AT = datetime(2026, 10, 1, 12, 30, tzinfo=UTC)
PERSON = "A. Examiner"
BACKENDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]
_UNPRIVILEGED = ("postgres", "nobody")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[DatabaseMaker]:
    """Gives what makes new, empty databases."""
    programs = _find_programs()
    if programs is None:
        pytest.skip("PostgreSQL's programs (initdb, pg_ctl) are not on this machine")
    prefix = _find_user()
    if prefix is None:
        pytest.skip("PostgreSQL refuses to run as root, and there is no runuser and unprivileged user to run it as")
    folder = Path(tempfile.mkdtemp(prefix="varde-pg-", dir="/tmp"))
    if prefix:
        shutil.chown(folder, prefix[2])

    def run(*command: str) -> None:
        done = subprocess.run([*prefix, *command], cwd="/", capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"

    data, settings = folder / "data", "fsync=off synchronous_commit=off full_page_writes=off max_connections=50"
    options = " ".join(f"-c {setting}" for setting in settings.split())
    options += f" -c listen_addresses='' -c unix_socket_directories={folder} -c unix_socket_permissions=0777"
    try:
        folder.chmod(0o755)  # the socket is in it; the data folder itself is closed by initdb
        run(programs["initdb"], "-D", str(data), "-U", "varde", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        run(programs["pg_ctl"], "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
        try:
            with closing(DatabaseMaker(folder)) as maker:
                yield maker
        finally:
            run(programs["pg_ctl"], "-D", str(data), "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class DatabaseMaker:
    """Makes databases on a server that listens on a socket in a folder, and drops them: one is 750 files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._engine = create_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        self._count = 0

    def make(self, template: str = "template0") -> str:
        """Returns the address of a new database that is a copy of another."""
        self._count += 1
        name = f"varde_{self._count}"
        with self._engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return self._url(name)

    @contextmanager
    def for_a_while(self) -> Iterator[Callable[..., str]]:
        """Gives a `make` whose databases are dropped afterwards."""
        made: list[str] = []

        def make(template: str = "template0") -> str:
            made.append(self.make(template))
            return made[-1]

        try:
            yield make
        finally:
            with self._engine.connect() as connection:
                for address in made:
                    name = make_url(address).database
                    connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        self._engine.dispose()

    def _url(self, name: str) -> str:
        query = {"host": str(self._folder)}
        return URL.create("postgresql+psycopg", "varde", database=name, query=query).render_as_string(False)


def _find_programs() -> dict[str, str] | None:
    places = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    path = os.pathsep.join([*(str(place) for place in places), os.environ.get("PATH", os.defpath)])
    found = {name: shutil.which(name, path=path) for name in ("initdb", "pg_ctl")}
    return {name: where for name, where in found.items() if where} if all(found.values()) else None


def _find_user() -> list[str] | None:
    """Returns what to put before a command so that it does not run as root; None where there is no way."""
    if os.geteuid() != 0:
        return []
    for user in _UNPRIVILEGED:
        tried = ["runuser", "-u", user, "--", "true"]
        if shutil.which("runuser") and subprocess.run(tried, capture_output=True, check=False).returncode == 0:
            return tried[:-1]
    return None


@pytest.fixture
def postgres_url(postgres_server: DatabaseMaker) -> Iterator[Callable[..., str]]:
    """Gives a function that makes a database for one test and returns its address."""
    with postgres_server.for_a_while() as make:
        yield make


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that was just made, to be copied: making one takes longer."""
    folder = tmp_path_factory.mktemp("template") / "site"
    site, _ = create_site(folder, name="Test unit", person=PERSON, at=AT)
    site.close()
    return folder


@pytest.fixture(scope="session")
def postgres_template(tmp_path_factory: pytest.TempPathFactory, postgres_server: DatabaseMaker) -> Path:
    """The same on PostgreSQL."""
    folder = tmp_path_factory.mktemp("template") / "site"
    folder.mkdir()
    (folder / FILE_NAME).write_text(f'[database]\nurl = "{postgres_server.make()}"\n')
    site, _ = create_site(folder, name="Test unit", person=PERSON, at=AT)
    site.close()
    return folder


@pytest.fixture
def sqlite_site(tmp_path: Path, sqlite_template: Path) -> Iterator[Site]:
    """A new site on SQLite."""
    shutil.copytree(sqlite_template, tmp_path / "site")
    site = open_site(tmp_path / "site")
    yield site
    site.close()


@pytest.fixture(scope="session")
def filled_sites(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FilledSites:
    """What functions made of new sites, to be copied."""
    return FilledSites(request, tmp_path_factory.mktemp("filled"))


@pytest.fixture(params=BACKENDS)
def copy_filled(request: pytest.FixtureRequest, filled_sites: FilledSites, tmp_path: Path) -> Iterator[CopyFilled]:
    """Gives a function that opens a copy of a filled site, once on SQLite and once on PostgreSQL."""
    make = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    opened: list[Site] = []

    def copy(fill: Callable[[Site], T]) -> tuple[Site, T]:
        made = filled_sites.copy(fill, tmp_path / "site", request.param, make)
        opened.append(open_site(tmp_path / "site"))
        return opened[0], made

    yield copy
    for site in opened:
        site.close()


@pytest.fixture
def site(copy_filled: CopyFilled) -> Site:
    """A new site, once on SQLite and once on PostgreSQL."""
    return copy_filled(_leave_empty)[0]


def _leave_empty(site: Site) -> None:
    """Fills a site with nothing."""


@pytest.fixture
def database(site: Site) -> Database:
    """The database of a new site, once on SQLite and once on PostgreSQL."""
    return site.database


@pytest.fixture(scope="session")
def builtin_pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The builtin face models, converted once for all tests: that takes two seconds."""
    return make_builtin(tmp_path_factory.mktemp("models"))
