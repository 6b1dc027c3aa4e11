"""A served case whose pictures and videos have known colours, and people with and without access to it."""

from __future__ import annotations

import io
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import numpy as np
from asking import Client
from PIL import Image

from varde.core.account import Role
from varde.core.case import Keeping
from varde.store import accounts, case_access, cases, item_lists, sessions
from varde.store.site import Site, open_site
from varde.testing.archives import make_zip
from varde.testing.pictures import make_photo
from varde.testing.videos import HEIGHT_PX, WIDTH_PX, write_video
from varde.web.app import create_app
from varde.web.people import compute_csrf
from varde.workflows.actor import Actor
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import process_case

ACTOR = Actor("A. Operator")
CASE = "lakeside"
COLOURS = ((200, 30, 30), (30, 180, 30), (30, 30, 220), (220, 220, 40))
"""Of the video's scenes, a second each."""

EXIF_WORD = b"Example Camera Works"


@dataclass
class ShownSite:
    """A site that is served in this process.

    Attributes:
        items: row numbers by the file's name.
    """

    site: Site
    client: Client
    evidence: Path
    case_id: int
    items: dict[str, int] = field(default_factory=dict)
    _secrets: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, name: str = "erin", **headers: str) -> httpx.Response:
        """Asks as somebody who is logged in; as nobody with ``""``."""
        return self.client.get(path, headers={**self._cookie(name), **headers})

    def post(self, path: str, body: object, name: str = "erin") -> httpx.Response:
        """Sends JSON with what protects against forged requests."""
        cookie = self._cookie(name)
        return self.client.post(path, json=body, headers={**cookie, "x-csrf-token": compute_csrf(self._secrets[name])})

    def _cookie(self, name: str) -> dict[str, str]:
        if not name:
            return {}
        if name not in self._secrets:
            self._secrets[name] = secrets.token_urlsafe(16)
            at = ACTOR.clock()
            with self.site.database.write() as connection:
                sessions.start_session(
                    connection,
                    accounts.get_account(connection, name).account_id,
                    digest=sessions.compute_session_digest(self._secrets[name]),
                    at=at,
                    ends_at=at + timedelta(hours=1),
                )
        return {"Cookie": f"varde={self._secrets[name]}"}


def serve_shown(folder: Path, template: Path) -> Iterator[ShownSite]:
    """Serves a site with a processed case."""
    shutil.copytree(template, folder / "site")
    site = open_site(folder / "site")
    evidence = folder / "evidence"
    write_shown_evidence(evidence)
    create_case(site, ACTOR, name=CASE, authorisation="order 3/2026", scheme="vics-us@2.0")
    add_exhibit(site, ACTOR, case_name=CASE, path=evidence, keeping=Keeping.REFERENCE)
    process_case(site, ACTOR, case_name=CASE, progress=lambda _: None)
    with site.database.read() as connection:
        case_id = cases.get_case(connection, CASE).case_id
        items = {name: _find(site, name) for name in _NAMES}
    for name, roles, has_access in (
        ("erin", (Role.EXAMINER,), True),
        ("ivan", (Role.EXAMINER, Role.INVESTIGATOR), True),
        ("nora", (Role.EXAMINER, Role.INVESTIGATOR), False),
        ("ada", (Role.ADMINISTRATOR,), True),
    ):
        _add_person(site, name, roles, [case_id] if has_access else [])
    with Client(create_app(site)) as client:
        yield ShownSite(site, client, evidence, case_id, items)
    site.close()


_NAMES = ("colours.jpg", "turned.jpg", "deep.jpg", "film.mp4", "list.txt", "broken.jpg", "changed.jpg", "gone.jpg")


def write_shown_evidence(folder: Path) -> None:
    """Writes the exhibit."""
    folder.mkdir()
    rng = np.random.default_rng(11)
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = EXIF_WORD.decode(), 6
    halves = np.zeros((900, 1200, 3), np.uint8)
    halves[:, :600], halves[:, 600:] = (220, 20, 20), (20, 20, 220)
    _save(folder / "colours.jpg", halves)
    _save(folder / "turned.jpg", halves, exif=exif.tobytes(), comment=b"secret comment")
    for name in ("changed.jpg", "gone.jpg"):
        _save(folder / name, make_photo(rng, 320, 240))
    with io.BytesIO() as file:
        Image.fromarray(make_photo(rng, 640, 480)).save(file, "JPEG")
        inner = make_zip([("deep.jpg", file.getvalue())])
    (folder / "backup.zip").write_bytes(make_zip([("inner.zip", inner)]))
    scenes = [[np.full((HEIGHT_PX, WIDTH_PX, 3), colour, np.uint8)] * 12 for colour in COLOURS]
    (folder / "film.mp4").write_bytes(write_video(scenes))
    (folder / "list.txt").write_text("map, boots, thermos\n")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 nothing to see")


def _save(path: Path, pixels: np.ndarray, **options: object) -> None:
    Image.fromarray(pixels).save(path, "JPEG", quality=92, **options)


def _find(site: Site, name: str) -> int:
    with site.database.read() as connection:
        return item_lists.find_by_name(connection, name, None, 1)[0]


def _add_person(site: Site, name: str, roles: tuple[Role, ...], case_ids: list[int]) -> None:
    at = ACTOR.clock()
    with site.database.write() as connection:
        account = accounts.add_account(
            connection,
            name=name,
            full_name="",
            roles=roles,
            password_hash="none",
            must_change_password=False,
            person=ACTOR.person,
            at=at,
        )
        for case_id in case_ids:
            case_access.give_access(connection, case_id, account.account_id, person=ACTOR.person, at=at)
