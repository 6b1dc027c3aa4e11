"""A served site with two cases, a known set, and people who may see one case, both, or none."""

from __future__ import annotations

import hashlib
import io
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import numpy as np
from asking import Client
from PIL import Image

from varde.core.account import Role
from varde.core.case import Keeping
from varde.core.known import SetRole
from varde.store import accounts, case_access, cases, sessions
from varde.store.site import Site
from varde.testing.pictures import make_photo
from varde.web.app import create_app
from varde.web.people import compute_csrf
from varde.workflows.actor import Actor
from varde.workflows.import_known_set import ImportRequest, import_known_set
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import process_case

ACTOR = Actor("A. Operator")
HERE, THERE = "lakeside", "over there"
HOSTILE = "<img src=x onerror=alert(1)>.jpg"
SECRET_NAME = "only there.jpg"
PEOPLE: dict[str, tuple[tuple[Role, ...], tuple[str, ...]]] = {
    "erin": ((Role.EXAMINER,), (HERE,)),
    "ivan": ((Role.EXAMINER, Role.INVESTIGATOR), (HERE,)),
    "sara": ((Role.SUPERVISOR,), (HERE, THERE)),
    "nora": ((Role.INVESTIGATOR,), ()),
    "kim": ((Role.SET_MANAGER,), ()),
    "otto": ((Role.AUDITOR,), ()),
}


@dataclass
class PagedSite:
    """A site that is served in this process.

    Attributes:
        case_ids: by name.
        photo: bytes of a picture that lies in both cases.
    """

    site: Site
    client: Client
    case_ids: dict[str, int]
    photo: bytes
    _secrets: dict[str, str] = field(default_factory=dict)

    @property
    def here(self) -> str:
        return f"/cases/{self.case_ids[HERE]}"

    def get(self, path: str, name: str = "ivan", /, **query: object) -> httpx.Response:
        """Asks for a page as somebody who is logged in."""
        address = f"{path}?{urlencode(query)}" if query else path
        return self.client.get(address, headers={**self.headers(name), "accept": "text/html"})

    def post(self, path: str, name: str = "ivan", /, **fields: Any) -> httpx.Response:
        """Sends a form."""
        return self.client.post(path, data={"csrf": self._csrf(name), **fields}, headers=self.headers(name))

    def upload(self, path: str, data: bytes, name: str = "ivan", /, **fields: str) -> httpx.Response:
        """Sends a file with fields."""
        headers = {**self.headers(name), "x-csrf-token": self._csrf(name)}
        return self.client.post(path, files={"file": ("x.jpg", data)}, data=fields, headers=headers)

    def wait(self, path: str, name: str = "ivan", words: str = "data-waiting") -> str:
        """Returns a page once nothing goes on in the background any more."""
        for _ in range(300):
            text = self.get(path, name).text
            if words not in text:
                return text
            time.sleep(0.1)
        raise AssertionError(f"{path} still waits: {text}")

    def headers(self, name: str) -> dict[str, str]:
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

    def _csrf(self, name: str) -> str:
        self.headers(name)
        return compute_csrf(self._secrets[name])


@dataclass(frozen=True)
class PagedCases:
    """What `make_cases` made.

    Attributes:
        ids: of the cases, by name.
        photo: bytes of a picture that lies in both.
    """

    ids: dict[str, int]
    photo: bytes


def serve_paged(site: Site, folder: Path) -> Iterator[PagedSite]:
    """Serves a new site with processed cases."""
    yield from serve_cases(site, make_cases(site, folder))


def serve_cases(site: Site, cases: PagedCases) -> Iterator[PagedSite]:
    """Serves a site, or a copy of it, with what was made in it."""
    with Client(create_app(site)) as client:
        yield PagedSite(site, client, cases.ids, cases.photo)


def make_cases(site: Site, folder: Path) -> PagedCases:
    """Makes two cases, a known set and people in a new site."""
    rng = np.random.default_rng(3)
    photo = encode(make_photo(rng, 640, 480))
    known = folder / "known.txt"
    known.write_text(f"{hashlib.sha1(photo, usedforsecurity=False).hexdigest()}\n")
    request = ImportRequest(known, name="example-set", version="1", role=SetRole.ALERT, confirm=True)
    import_known_set(site, ACTOR, request, lambda _: None)
    exif = Image.Exif()
    exif[0x0110], exif.get_ifd(0x8769)[0x9003] = "Kamera 5", "2020:05:17 10:20:30"
    files = {
        HERE: {
            "shared.jpg": photo,
            HOSTILE: encode(make_photo(rng, 320, 240)),
            "Børn/camera.jpg": encode(make_photo(rng, 320, 240), exif=exif.tobytes()),
            "broken.jpg": b"\xff\xd8\xff\xe0 is no picture",
            "notes.txt": b"Boots, map, thermos.",
        },
        THERE: {"shared.jpg": photo, SECRET_NAME: encode(make_photo(rng, 320, 240), exif=exif.tobytes())},
    }
    case_ids = {}
    for name, found in files.items():
        evidence = folder / f"evidence {name}"
        for place, data in found.items():
            (evidence / place).parent.mkdir(parents=True, exist_ok=True)
            (evidence / place).write_bytes(data)
        case_ids[name] = create_case(site, ACTOR, name=name, authorisation="order 3", scheme="vics-us@2.0").case_id
        add_exhibit(site, ACTOR, case_name=name, path=evidence, keeping=Keeping.REFERENCE)
        process_case(site, ACTOR, case_name=name, progress=lambda _: None)
    _add_people(site, case_ids)
    return PagedCases(case_ids, photo)


def encode(pixels: np.ndarray[Any, Any], **options: Any) -> bytes:
    """Returns pixels as a JPEG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90, **options)
    return file.getvalue()


def list_hits(page: str) -> list[str]:
    """Returns the names of the hits on a page, as they are written in it."""
    return re.findall(r'<a href="/items/\d+"><bdi class="name">(.*?)</bdi>', page)


def _add_people(site: Site, case_ids: dict[str, int]) -> None:
    at = ACTOR.clock()
    with site.database.write() as connection:
        for name, (roles, seen) in PEOPLE.items():
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
            for case in seen:
                assert cases.get_case(connection, case).case_id == case_ids[case]
                case_access.give_access(connection, case_ids[case], account.account_id, person=ACTOR.person, at=at)
