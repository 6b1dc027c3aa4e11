"""Behaviour of `varde.pipeline.writer`: what was handed over is kept until it could be recorded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from varde.core.case import Exhibit, Keeping
from varde.core.errors import SiteBusy
from varde.core.item import Origin
from varde.core.locator import path_locator
from varde.pipeline.writer import Writer
from varde.store import cases, items, tables
from varde.store.database import Database
from varde.store.items import ExaminedItem, NewItem
from varde.store.site import Site
from varde.workflows.actor import Actor

ACTOR = Actor("A. Examiner")


@pytest.fixture
def exhibit(site: Site) -> Exhibit:
    """An exhibit with one waiting item."""
    with site.database.write() as connection:
        person, at = ACTOR.person, ACTOR.clock()
        case = cases.create_case(connection, name="c", authorisation="", scheme="vics-us@2.0", person=person, at=at)
        path = Path("/evidence")
        made = cases.add_exhibit(connection, case=case, path=path, keeping=Keeping.REFERENCE, person=person, at=at)
        found = [NewItem(path_locator(b"a"), Origin.FILE, 1, None)]
        items.add_items(connection, made.exhibit_id, found)
    return made


@pytest.fixture
def impatient(site: Site) -> Iterator[Database]:
    database = Database(site.database.engine.url, busy_limit_s=0.1)
    yield database
    database.close()


def examined(site: Site) -> ExaminedItem:
    with site.database.read() as connection:
        return ExaminedItem(connection.execute(select(tables.items.c.id)).scalar_one(), "a", None, ())


def is_done(site: Site) -> bool:
    with site.database.read() as connection:
        return bool(connection.execute(select(tables.items.c.state)).scalar_one() == "done")


def test_what_cannot_be_recorded_now_is_kept(site: Site, exhibit: Exhibit, impatient: Database) -> None:
    writer = Writer(impatient, exhibit.exhibit_id, patience_s=0.2)
    writer.add(examined(site))
    with site.database.write(), pytest.raises(SiteBusy):
        writer.flush()
    assert not is_done(site)
    writer.flush()
    assert is_done(site)


@pytest.mark.parametrize("in_transaction", [False, True])
def test_a_long_writer_elsewhere_is_outlasted(
    site: Site, exhibit: Exhibit, impatient: Database, in_transaction: bool
) -> None:
    writer = Writer(impatient, exhibit.exhibit_id)
    writer.add(examined(site))
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        with site.database.write():
            held.set()
            free.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(30)
    threading.Timer(0.5, free.set).start()
    if in_transaction:
        with writer.transaction():
            pass
    else:
        writer.flush()
    holder.join()
    assert is_done(site)
