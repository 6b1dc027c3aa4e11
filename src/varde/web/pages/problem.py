"""The page that says what is wrong, what can be done about it, and how to go on."""

from __future__ import annotations

from typing import Final

from fastapi import Request, Response

from varde.web.pages.page import show, show_to_stranger

_TITLES: Final = {
    400: "This cannot be done as it was asked",
    401: "Log in first",
    403: "This is not permitted",
    404: "Nothing here",
    405: "This cannot be done here",
    408: "That took too long",
    413: "That is too large",
    429: "Too often",
    503: "Not now",
}
_FAULT = "Something went wrong here"
_ADVICE: Final = {
    400: "Go back with your browser: what you typed is still there.",
    404: "The address may be mistyped, or the case was never, or is no longer, open to you. Whoever leads it can say.",
    405: "Go back with your browser and load the page again.",
    500: "What was recorded stays. Try it once more; if it happens again, tell whoever runs this server when it was.",
    503: "Wait a moment and load the page again.",
}


def show_problem(request: Request, status: int, sentence: str, advice: str) -> Response:
    """Returns the page; for somebody who is not logged in it needs no other file."""
    is_visitor = getattr(request.state, "visitor", None) is not None
    title = _TITLES.get(status, _FAULT if status >= 500 else _TITLES[400])
    chosen = advice if advice and status != 404 else _ADVICE.get(status, "")
    make = show if is_visitor else show_to_stranger
    return make(request, "problem.html", status=status, title=title, sentence=sentence, advice=chosen)
