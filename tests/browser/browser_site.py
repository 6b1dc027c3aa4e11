"""A site for browser tests: made-up pictures in a processed case, people of every role, and who is logged in."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np

from varde.core.account import Role
from varde.core.case import Keeping
from varde.core.known import SetRole
from varde.store import accounts, case_access, cases, sessions
from varde.store.site import Site
from varde.testing.exhibits import ExhibitWriter
from varde.testing.picture_files import PictureFormat, encode_picture, make_small_jpeg
from varde.testing.pictures import make_photo
from varde.testing.videos import make_video
from varde.workflows.actor import Actor
from varde.workflows.import_known_set import ImportRequest, import_known_set
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.passwords import hash_password
from varde.workflows.process_case import process_case

SIZES = {"small": (1280, 800), "large": (1920, 1080)}
"""Windows that pages are looked at in, in CSS pixels."""

CASE = "harbour"
OTHER_CASE = "not for everybody"
PASSWORD = "correct horse battery staple"
ACTOR = Actor("A. Operator")
HOSTILE = "<img src=x onerror=document.title='x'>.jpg"
TURNED = "holiday\u202egpj.exe"
PICTURES = 90
COPIES = 12
PEOPLE = {
    "erin": (Role.EXAMINER,),
    "ivan": (Role.EXAMINER, Role.INVESTIGATOR),
    "sara": (Role.SUPERVISOR,),
    "kim": (Role.SET_MANAGER,),
    "ada": (Role.ADMINISTRATOR,),
    "otto": (Role.AUDITOR,),
    "every": tuple(Role),
}
"""Names to log in with, and their roles; those with a role that sees material have access to `CASE`."""

_SECRET_BYTES = 32
_SEED = 2026


@dataclass(frozen=True)
class BrowserSite:
    """A site that is ready to be served.

    Attributes:
        folder: of the site.
        case_id: of `CASE`.
    """

    site: Site
    folder: Path
    case_id: int
    account_ids: dict[str, int] = field(default_factory=dict)

    def start_session(self, name: str) -> str:
        """Returns the secret for the cookie of a new session, without the time a password takes."""
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        at = ACTOR.clock()
        with self.site.database.write() as connection:
            digest = sessions.compute_session_digest(secret)
            ends_at = at + timedelta(hours=1)
            sessions.start_session(connection, self.account_ids[name], digest=digest, at=at, ends_at=ends_at)
        return secret

    def add_person(self, name: str, *roles: Role, has_access: bool = True) -> str:
        """Makes one more account, with access to `CASE`, and returns its name."""
        self.account_ids[name] = add_person(self.site, name, roles, [self.case_id] if has_access else [])
        return name


def make_browser_site(site: Site, folder: Path) -> BrowserSite:
    """Returns a new site with a processed case, and people."""
    known = write_evidence(folder / "evidence")
    digests = folder / "known.txt"
    digests.write_text("".join(f"{digest}\n" for digest in known), "utf-8")
    request = ImportRequest(digests, name="example-set", version="1", role=SetRole.ALERT, confirm=True)
    import_known_set(site, ACTOR, request, lambda _: None)
    for name in (CASE, OTHER_CASE):
        create_case(site, ACTOR, name=name, authorisation="order 17/2026", scheme="vics-us@2.0")
    add_exhibit(site, ACTOR, case_name=CASE, path=folder / "evidence", keeping=Keeping.REFERENCE)
    process_case(site, ACTOR, case_name=CASE, progress=lambda _: None)
    with site.database.read() as connection:
        case_id = cases.get_case(connection, CASE).case_id
    made = BrowserSite(site, folder / "site", case_id)
    for name, roles in PEOPLE.items():
        sees = bool({Role.EXAMINER, Role.INVESTIGATOR, Role.SUPERVISOR} & set(roles))
        made.account_ids[name] = add_person(site, name, roles, [case_id] if sees else [])
    return made


def write_evidence(folder: Path) -> list[str]:
    """Writes an exhibit, and returns the digests of what is to be in the known set."""
    rng = np.random.default_rng(_SEED)
    writer = ExhibitWriter(folder)
    known = []
    for number in range(PICTURES):
        data = make_small_jpeg(rng)
        writer.write(f"camera/day {number // 30 + 1}/IMG_{number:04}.jpg", data)
        if number % 30 == 7:
            known.append(_digest(data))
    copied = encode_picture(make_photo(rng, 320, 240), PictureFormat.JPEG)
    for number in range(COPIES):
        writer.write(f"downloads/copy {number:02}.jpg", copied)
    known.append(_digest(copied))
    for name in (HOSTILE, TURNED, f"{'long ' * 40}name.jpg", "שלום.jpg"):
        writer.write(f"odd/{name}", make_small_jpeg(rng))
    writer.write("clips/walk.mp4", make_video(rng, scenes=2))
    writer.write("texts/packing list.txt", b"Boots, map, thermos, rain jacket.\n")
    return known


def add_person(site: Site, name: str, roles: tuple[Role, ...], case_ids: list[int]) -> int:
    """Makes an account with access to some cases, and returns its row number."""
    at = ACTOR.clock()
    with site.database.write() as connection:
        account = accounts.add_account(
            connection,
            name=name,
            full_name=f"{name.title()} Example",
            roles=roles,
            password_hash=_hash_password(),
            must_change_password=False,
            person=ACTOR.person,
            at=at,
        )
        for case_id in case_ids:
            case_access.give_access(connection, case_id, account.account_id, person=ACTOR.person, at=at)
    return account.account_id


@cache
def _hash_password() -> str:
    """Returns the hash of everybody's password, made once: it takes long on purpose."""
    return hash_password(PASSWORD)


def _digest(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
