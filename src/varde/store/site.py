"""A site: one folder with its settings, database, keys, copies and spool."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, insert, select

from varde.core.audit import Act
from varde.core.errors import NotFound, SiteBusy, VardeError
from varde.store import audit, keys, schemes, spool, tables
from varde.store.content_store import ContentStore
from varde.store.database import Database
from varde.store.settings import FILE_NAME, Settings, read_settings

_SETTINGS_TEXT = """# Settings of this Varde site. Everything has a default; docs/reference/settings.md lists them.

[processing]
# workers = 0            # decoder processes; 0 means one per CPU core
"""


class Site:
    """An installation's data. Open one with `open_site`, make one with `create_site`."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self.database = Database(settings.database.url or _make_address(self.database_path))
        self.contents = ContentStore(folder / "contents")

    @property
    def database_path(self) -> Path:
        """The SQLite file, unless the settings name another database."""
        return self.folder / "varde.db"

    @property
    def key_path(self) -> Path:
        """The private key that signs checkpoints."""
        return self.folder / "keys" / "site.pem"

    @property
    def spool(self) -> Path:
        """Where archive members lie while they are examined."""
        return self.folder / "spool"

    @property
    def indexes(self) -> Path:
        """Where the indexes of known material lie; they can be deleted at any time."""
        return self.folder / "indexes"

    @property
    def cameras(self) -> Path:
        """Where the files of cameras' fingerprints lie, named by their digests; made with the first of them."""
        return self.folder / "cameras"

    @contextmanager
    def processing_lock(self) -> Iterator[None]:
        """Holds the right to process exhibits of this site; freed if the holder dies.

        It is a lock on a file, and on PostgreSQL also one in the database: two site folders may share it.

        Raises:
            SiteBusy: if another process holds it.
        """
        with (self.folder / "processing.lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise SiteBusy(
                    "another `varde process` is running on this site",
                    advice="Wait until it is done, or stop it: it can be resumed at any time.",
                ) from error
            with self.database.processing_lock():
                yield

    def clear_spool(self) -> None:
        """Removes what killed processes left in the spool. Only call while holding the processing lock."""
        spool.clear_spool(self.spool)

    def name(self) -> str:
        """The name the site was created with."""
        with self.database.read() as connection:
            return str(connection.execute(select(tables.site.c.name)).scalar_one())

    def public_key(self) -> bytes:
        """Raw Ed25519 public key."""
        with self.database.read() as connection:
            return bytes(connection.execute(select(tables.site.c.public_key)).scalar_one())

    def close(self) -> None:
        """Closes the database."""
        self.database.close()


def _make_address(path: Path) -> URL:
    """Returns the address of a site's SQLite file; one that may not be written to is opened as what it is.

    Raises:
        VardeError: if such a file has changes beside it that only a writer could take in.
    """
    if not path.exists() or _may_write(path.parent):
        return URL.create("sqlite", database=str(path))
    unfinished = path.with_name(f"{path.name}-wal")
    if unfinished.exists() and unfinished.stat().st_size:
        raise VardeError(
            f"the site in {path.parent} cannot be written to, and {unfinished.name} holds changes not taken in",
            advice="Copy the whole folder to a place that can be written to, and open that.",
        )
    return URL.create(
        "sqlite", database=path.absolute().as_uri(), query={"mode": "ro", "immutable": "1", "uri": "true"}
    )


def _may_write(folder: Path) -> bool:
    return os.access(folder, os.W_OK)


def create_site(folder: Path, *, name: str, person: str, at: datetime) -> tuple[Site, bool]:
    """Returns the site in a folder and whether it is new; an older one is brought up to this version.

    Creating is safe to repeat after an interruption at any point.
    """
    folder = folder.absolute()
    for part in (folder, folder / "keys", folder / "spool", folder / "contents"):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings_path = folder / FILE_NAME
    if not settings_path.exists():
        settings_path.write_text(_SETTINGS_TEXT, "utf-8")
    site = Site(folder, read_settings(settings_path))
    site.database.migrate()
    with site.database.write() as connection:
        is_new = connection.execute(select(tables.site.c.id)).first() is None
        if is_new:
            if site.key_path.exists():  # of a database that was lost: checkpoints of it can still be proved with it
                site.key_path.rename(site.key_path.with_name(f"site-{at:%Y%m%dT%H%M%SZ}.pem"))
            public_key = keys.create_key(site.key_path)
            connection.execute(insert(tables.site).values(id=1, name=name, created_at=at, public_key=public_key))
            schemes.add_builtin(connection)
            audit.append_event(connection, at=at, person=person, act=Act.SITE_CREATED, subject={"name": name})
    return site, is_new


def open_site(folder: Path) -> Site:
    """Returns the site in a folder.

    Raises:
        NotFound: if there is none, or its database is gone.
        SettingsError: if its settings cannot be read.
        VardeError: if its database is of another version.
    """
    if not (folder / FILE_NAME).exists():
        raise NotFound(
            f"{folder} is not a Varde site",
            advice="Make one with `varde init DIR`, or choose another with --site DIR or VARDE_SITE.",
        )
    site = Site(folder.absolute(), read_settings(folder / FILE_NAME))
    if not site.settings.database.url and not site.database_path.exists():
        raise NotFound(
            f"the site in {folder} has lost its database varde.db",
            advice="If the site was just being made, run `varde init` on it again; otherwise restore it from a backup.",
        )
    site.database.check_version()
    return site
