"""Turns errors into answers: a status, one sentence for a person, and nothing of what is inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as RoutingError

from varde.core.errors import IntegrityFailure, NotFound, Refused, SiteBusy, VardeError, WrongUse
from varde.web.headers import SECURITY_HEADERS

RETRY_AFTER_S: Final = 1
_MOST_CHARACTERS = 600
_LEAST_ERROR = 400
_FAULT = "This is a fault of the server; its log says more."


def refuse(status: int, message: str, headers: Mapping[str, str] | None = None) -> HTTPException:
    """Returns the error that ends a request with a status and a sentence."""
    return HTTPException(status, message[:_MOST_CHARACTERS], headers=dict(headers) if headers else None)


def refuse_for_now(message: str, retry_after_s: int = RETRY_AFTER_S) -> HTTPException:
    """Returns the error of a request that the server has no room for now."""
    return refuse(503, message, {"Retry-After": str(retry_after_s)})


def explain(error: VardeError) -> str:
    """Returns what is wrong and what to do about it, as sentences for a person."""
    return f"{begin_large(str(error))}. {error.advice}".strip()


def begin_large(text: str) -> str:
    """Returns a text as the beginning of a sentence."""
    return text[:1].upper() + text[1:]


def wants_page(request: Request) -> bool:
    """Returns whether a person's browser asked for a page, rather than a script or a program for data."""
    return "text/html" in request.headers.get("accept", "") and "authorization" not in request.headers


class ShowProblem(Protocol):
    """Makes the page that says what is wrong."""

    def __call__(self, request: Request, status: int, sentence: str, advice: str) -> Response:
        """Returns a page in the design, with a way back."""
        ...


def add_handlers(app: FastAPI, show_problem: ShowProblem) -> None:
    """Makes every error of an app end as a page for people who asked for one, and else as ``{"message": ...}``."""
    answers = _Answers(show_problem)
    app.add_exception_handler(RoutingError, answers.answer_refusal)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, answers.answer_unfit_request)  # type: ignore[arg-type]
    app.add_exception_handler(VardeError, answers.answer_error)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, answers.answer_fault)


class _Answers:
    def __init__(self, show_problem: ShowProblem) -> None:
        self._show_problem = show_problem

    async def answer_refusal(self, request: Request, error: RoutingError) -> Response:
        return self._answer(request, error.status_code, str(error.detail), headers=error.headers)

    async def answer_unfit_request(self, request: Request, error: RequestValidationError) -> Response:
        """Says where and why without repeating what was sent, which may be a hash."""
        problems = (f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}" for found in error.errors())
        return self._answer(request, 400, "; ".join(problems)[:_MOST_CHARACTERS])

    async def answer_error(self, request: Request, error: VardeError) -> Response:
        request.scope["varde.error"] = error.code
        if isinstance(error, SiteBusy):
            return self._answer(request, 503, str(error), headers={"Retry-After": str(RETRY_AFTER_S)})
        if isinstance(error, WrongUse) and error.code != "settings":
            status = 404 if isinstance(error, NotFound) else 403 if isinstance(error, Refused) else 400
            return self._answer(request, status, str(error), error.advice)
        if isinstance(error, IntegrityFailure):
            request.app.state.services.stop_trusting(error)
        return self._answer(request, 500, _FAULT)

    async def answer_fault(self, request: Request, error: Exception) -> Response:
        answer = self._answer(request, 500, _FAULT)
        for name, value in SECURITY_HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    def _answer(
        self,
        request: Request,
        status: int,
        sentence: str,
        advice: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        if status < _LEAST_ERROR or not wants_page(request):
            message = f"{sentence.removesuffix('.')}. {advice}" if advice else sentence
            return JSONResponse({"message": message}, status, headers=headers)
        page = self._show_problem(request, status, sentence, advice)
        for name, value in (headers or {}).items():
            page.headers[name] = value
        return page
