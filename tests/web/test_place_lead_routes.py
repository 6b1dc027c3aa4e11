"""The same place in another item: found when somebody asks, with its reason and a drawing; nothing of it is stored."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from asking import Client
from PIL import Image
from secret_case import Visitors
from sqlalchemy import func, select

from varde.core.account import Role
from varde.core.case import Keeping
from varde.store import item_lists, tables
from varde.store.site import Site, open_site
from varde.testing.pictures import make_photo
from varde.web.app import create_app
from varde.workflows.actor import Actor
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import process_case

ACTOR = Actor("A. Operator")


def make_picture(seed: int) -> Image.Image:
    return Image.fromarray(make_photo(np.random.default_rng(seed), 640, 480))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[tuple[Site, dict[str, str]]]:
    """Two pictures of one room, another and a text in a case, the room once more in another; headers of an examiner."""
    folder = tmp_path_factory.mktemp("places")
    shutil.copytree(sqlite_template, folder / "site")
    (folder / "site" / "varde.toml").write_text('[matching]\nlocal_features = "always"\n')
    site = open_site(folder / "site")
    made = []
    for name, seeds in (("one", (6, 7)), ("two", (8,))):
        (folder / name).mkdir()
        for number, seed in enumerate(seeds):
            room = make_picture(5)
            room.paste(make_picture(seed).resize((360, 300)), (140, 90))
            room.save(folder / name / f"room {number}.jpg", quality=92)
        made.append(create_case(site, ACTOR, name=name, authorisation="", scheme="vics-us@2.0"))
    make_picture(30).save(folder / "one" / "street.jpg", quality=92)
    (folder / "one" / "note.txt").write_text("Boots, map, thermos.\n", "utf-8")
    for name in ("one", "two"):
        add_exhibit(site, ACTOR, case_name=name, path=folder / name, keeping=Keeping.REFERENCE)
        process_case(site, ACTOR, case_name=name, progress=lambda _: None)
    visitors = Visitors(site)
    yield site, visitors.log_in(visitors.add(Role.EXAMINER, case=made[0]))
    site.close()


def find(site: Site, name: str) -> int:
    with site.database.read() as connection:
        return item_lists.find_by_name(connection, name, None, 1)[0]


def test_the_same_room_is_a_lead_with_its_reason_and_a_recorded_drawing(site: tuple[Site, dict[str, str]]) -> None:
    here, headers = site
    one, other, street = (find(here, name) for name in ("room 0.jpg", "room 1.jpg", "street.jpg"))
    with Client(create_app(here)) as client:
        said = client.get(f"/items/{one}/place-leads", headers=headers)
        assert said.status_code == 200
        assert f'href="/items/{other}"' in said.text
        assert f'href="/items/{street}"' not in said.text
        assert "the same place or object" in said.text and "points agree" in said.text
        assert "Compared with 2 other contents" in said.text
        path = f"/items/{one}/place-leads/items/{other}/drawing"
        assert path in said.text
        drawn = client.get(path, headers=headers)
        assert (drawn.status_code, drawn.headers["content-type"]) == (200, "image/png")
        assert drawn.headers["cache-control"] == "no-store"
        assert client.get(f"/items/{one}/place-leads/items/{street}/drawing", headers=headers).status_code == 404
    with here.database.read() as connection:
        events = tables.audit_events.c
        subjects = list(connection.execute(select(events.subject).where(events.act == "alignment_drawn")).scalars())
        stored = connection.execute(select(func.count()).select_from(tables.findings)).scalar_one()
    assert subjects == [{"case": "one", "item": one, "other_item": other}]
    assert stored == 0


def test_an_item_of_another_case_is_neither_found_nor_drawn(site: tuple[Site, dict[str, str]]) -> None:
    here, headers = site
    with here.database.read() as connection:
        elsewhere = max(connection.execute(select(tables.items.c.id)).scalars())
    one = find(here, "room 0.jpg")
    with Client(create_app(here)) as client:
        assert f"/items/{elsewhere}" not in client.get(f"/items/{one}/place-leads", headers=headers).text
        for path in (f"items/{elsewhere}", "items/9999", "entries/9999"):
            said = client.get(f"/items/{one}/place-leads/{path}/drawing", headers=headers)
            assert said.status_code == 404, path
        assert client.get(f"/items/{elsewhere}/place-leads", headers=headers).status_code == 404


def test_what_cannot_be_compared_says_why(site: tuple[Site, dict[str, str]]) -> None:
    here, headers = site
    with Client(create_app(here)) as client:
        said = client.get(f"/items/{find(here, 'note.txt')}/place-leads", headers=headers).text
    assert "Not comparable" in said and "varde process --features" in said
