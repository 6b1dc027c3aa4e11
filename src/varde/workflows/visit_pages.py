"""Visits the pages of a site over HTTP as a person's browser does, to prove that they answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPException
from http.cookiejar import CookieJar
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, build_opener

from varde.core.errors import VardeError

_LIMIT_S = 30
_TILES: Final = 60
_PICTURES: Final = 5
_PICTURE = "image/"
_ADVICE = "This installation does not work as it should: please report it with the output of `varde doctor`."


@dataclass(frozen=True, slots=True)
class Visit:
    """What a visit saw.

    Attributes:
        tiles: on the first page of the case's grid.
        pictures: of them that were fetched; every one of them was a picture.
    """

    tiles: int
    pictures: int


def visit_pages(address: str, *, name: str, password: str, case_id: int) -> Visit:
    """Returns what a person sees who logs in and opens the grid of a case.

    Args:
        address: of a server that runs, without a slash at its end.
        name: of an account with access to the case.
        password: of the account.
        case_id: of a case with at least one picture.

    Raises:
        VardeError: if the person is not let in, a page does not answer, or there is no picture.
    """
    browser = _Browser(address)
    browser.log_in(name, password)
    for page in (f"/cases/{case_id}", f"/cases/{case_id}/grid"):
        browser.read(page)
    tiles = browser.read_json(f"/cases/{case_id}/tiles?limit={_TILES}")["tiles"]
    with_picture = [tile for tile in tiles if tile["has_picture"]][:_PICTURES]
    for tile in with_picture:
        path = f"/items/{tile['item_id']}/picture/0?k={tile['picture_key']}"
        kind = browser.read(path)[0]
        if not kind.startswith(_PICTURE):
            raise VardeError(f"the pages answered {path} with {kind!r}, which is no picture", advice=_ADVICE)
    if not with_picture:
        raise VardeError("the pages show no picture of the case", advice=_ADVICE)
    return Visit(len(tiles), len(with_picture))


class _Browser:
    """Asks a server, and keeps its cookie."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._opener: OpenerDirector = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))

    def log_in(self, name: str, password: str) -> None:
        """Fills in the form of the login page.

        Raises:
            VardeError: if that lets nobody in.
        """
        form = _HiddenFields()
        form.feed(self.read("/login")[1].decode("utf-8"))
        self.read("/login", urlencode({**form.fields, "name": name, "password": password}).encode())

    def read(self, path: str, form: bytes | None = None) -> tuple[str, bytes]:
        """Returns kind and bytes of what is at a path.

        Raises:
            VardeError: if it answers with an error, with the login page, or not at all.
        """
        try:
            with self._opener.open(self._address + path, form, _LIMIT_S) as answer:
                if form is not None and answer.url.startswith(f"{self._address}/login"):
                    raise VardeError("the pages do not let the person in", advice=_ADVICE)
                return answer.headers.get("content-type", ""), answer.read()
        except HTTPError as error:
            error.close()
            raise VardeError(f"the pages answered {path} with status {error.code}", advice=_ADVICE) from error
        except (OSError, HTTPException) as error:
            raise VardeError(f"the pages did not answer {path}: {error}", advice=_ADVICE) from error

    def read_json(self, path: str) -> Any:
        """Returns the document at a path.

        Raises:
            VardeError: as `read`, or if it is no JSON.
        """
        try:
            return json.loads(self.read(path)[1])
        except ValueError as error:
            raise VardeError(f"the pages answered {path} with something else than JSON", advice=_ADVICE) from error


class _HiddenFields(HTMLParser):
    """Reads the hidden fields of a page's forms."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden":
            self.fields[given.get("name") or ""] = given.get("value") or ""
