"""Makes pages from templates; every page gets the visitor, what the visitor may do, and the headers of a page."""

from __future__ import annotations

import base64
import hashlib
import shlex
from functools import cache
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from jinja2.filters import do_filesizeformat
from markupsafe import Markup

from varde.core.account import Permission
from varde.core.preferences import Preferences
from varde.web.pages.areas import list_areas
from varde.web.pages.assets import find_address, read_asset
from varde.web.people import CSRF_FIELD, Visitor, find_preferences

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""What a page may load: nothing but what this server gives, and no script or style inside the page."""

_HEADERS: Final = {"Content-Security-Policy": PAGE_POLICY, "Referrer-Policy": "same-origin"}
"""Without a referrer browsers say ``Origin: null`` for forms, which cannot be told from another site's."""


def show(request: Request, template: str, *, status: int = 200, **facts: object) -> HTMLResponse:
    """Returns a page.

    Args:
        request: of a visitor, or of nobody on the login page.
        template: file name in ``varde/web/templates``.
        status: of the answer.
        facts: what the template names; a name that is missing is an error.
    """
    visitor: Visitor | None = getattr(request.state, "visitor", None)
    chosen = find_preferences(visitor) if visitor else Preferences()
    shown = {"visitor": visitor, "preferences": chosen, "areas": list_areas(visitor), "here": request.url.path, **facts}
    text = _environment().get_template(template).render({"style": "", **shown})
    return HTMLResponse(text, status, headers=dict(_HEADERS))


def show_to_stranger(request: Request, template: str, *, status: int = 200, **facts: object) -> HTMLResponse:
    """Returns a page for somebody who is not logged in; its style is inside it: strangers are given no other file."""
    style = read_asset("style.css")
    page = show(request, template, status=status, style=style, **facts)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page.headers["Content-Security-Policy"] = PAGE_POLICY.replace("style-src 'self'", f"style-src 'sha256-{digest}'")
    return page


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("varde.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"asset": find_address, "Permission": Permission, "csrf_field": CSRF_FIELD}
    environment.filters |= {"number": "{:,}".format, "minute": "{:%Y-%m-%d %H:%M}".format, "day": "{:%Y-%m-%d}".format}
    environment.filters["size"] = _write_size
    environment.filters["commands"] = _mark_commands
    environment.filters["shell"] = shlex.quote
    return environment


def _mark_commands(text: str) -> Markup:
    """Returns a sentence with what stands between backticks in it as code."""
    parts = str(text).split("`")
    return Markup("").join(Markup("<code>{}</code>").format(one) if at % 2 else one for at, one in enumerate(parts))


def _write_size(size_bytes: int) -> str:
    """Returns a size as people read it, such as ``75 B`` or ``170.0 kB``."""
    return do_filesizeformat(size_bytes).replace("Bytes", "B").replace("Byte", "B")
