"""Drawings of where a known picture lies in an item: soft first, sharper on demand, each recorded."""

from __future__ import annotations

import io
import secrets
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from asking import Client
from PIL import Image
from sqlalchemy import select

from varde.core.account import Role
from varde.core.case import Keeping
from varde.core.known import SetRole
from varde.store import accounts, case_access, cases, sessions, tables
from varde.store.site import Site, open_site
from varde.testing.pictures import make_photo
from varde.web.app import create_app
from varde.workflows.actor import Actor
from varde.workflows.import_known_set import ImportRequest, import_known_set
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import process_case

ACTOR = Actor("A. Operator")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Site]:
    """A site with one item that shows a part of a known picture."""
    folder = tmp_path_factory.mktemp("alignment")
    shutil.copytree(sqlite_template, folder / "site")
    site = open_site(folder / "site")
    photo = Image.fromarray(make_photo(np.random.default_rng(21), 800, 600))
    (folder / "known").mkdir()
    (folder / "evidence").mkdir()
    photo.save(folder / "known" / "whole.jpg", quality=92)
    photo.crop((160, 90, 760, 570)).save(folder / "evidence" / "part.jpg", quality=85)
    request = ImportRequest(folder / "known", name="mine", version="1", role=SetRole.OWN)
    import_known_set(site, ACTOR, request, lambda _: None)
    create_case(site, ACTOR, name="one", authorisation="", scheme="vics-us@2.0")
    add_exhibit(site, ACTOR, case_name="one", path=folder / "evidence", keeping=Keeping.REFERENCE)
    process_case(site, ACTOR, case_name="one", progress=lambda _: None)
    yield site
    site.close()


def log_in(site: Site) -> dict[str, str]:
    secret, at = secrets.token_urlsafe(16), ACTOR.clock()
    with site.database.write() as connection:
        account = accounts.add_account(
            connection, name="erin", full_name="", roles=(Role.EXAMINER,), password_hash="none",
            must_change_password=False, person="A. Operator", at=at,
        )  # fmt: skip
        case_id = cases.get_case(connection, "one").case_id
        case_access.give_access(connection, case_id, account.account_id, person="A. Operator", at=at)
        digest = sessions.compute_session_digest(secret)
        sessions.start_session(connection, account.account_id, digest=digest, at=at, ends_at=at + timedelta(hours=1))
    return {"Cookie": f"varde={secret}"}


def measure_detail(data: bytes) -> float:
    with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
        left = np.asarray(image.convert("L")).astype(float)[:, : image.width // 2]
    return float(np.abs(np.diff(left, axis=1)).mean())


def test_it_is_drawn_soft_first_and_each_drawing_is_recorded(site: Site) -> None:
    with site.database.read() as connection:
        entries = list(connection.execute(select(tables.findings.c.entry_id, tables.findings.c.method)))
    (entry_id,) = {row.entry_id for row in entries if row.method == "local-features"}
    headers = log_in(site)
    with Client(create_app(site)) as client:
        path = f"/items/1/alignments/{entry_id}"
        soft = client.get(path, headers=headers)
        sharp = client.get(f"{path}?soft=false", headers=headers)
        assert (soft.status_code, sharp.status_code) == (200, 200)
        assert soft.headers["content-type"] == "image/png"
        assert soft.headers["cache-control"] == "no-store"
        assert "sandbox" in soft.headers["content-security-policy"]
        assert measure_detail(soft.content) < measure_detail(sharp.content)
        assert client.get("/items/1/alignments/77", headers=headers).status_code == 404
        assert f'data-draw="{entry_id}"' in client.get("/items/1", headers=headers).text
    with site.database.read() as connection:
        events = tables.audit_events.c
        query = select(events.person, events.subject).where(events.act == "alignment_drawn")
        drawn = [(row.person, row.subject) for row in connection.execute(query)]
    assert drawn == [("erin", {"case": "one", "item": 1, "entry": entry_id})] * 2
