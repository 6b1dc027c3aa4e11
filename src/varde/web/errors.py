"""Turns errors into answers: a status, one sentence for a person, and nothing of what is inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as RoutingError

from varde.core.errors import IntegrityFailure, NotFound, Refused, SiteBusy, VardeError, WrongUse
from varde.web.headers import SECURITY_HEADERS

RETRY_AFTER_S: Final = 1
_MOST_CHARACTERS = 600
_FAULT = "This is a fault of the server; its log says more."


def refuse(status: int, message: str, headers: Mapping[str, str] | None = None) -> HTTPException:
    """Returns the error that ends a request with a status and a sentence."""
    return HTTPException(status, message[:_MOST_CHARACTERS], headers=dict(headers) if headers else None)


def refuse_for_now(message: str, retry_after_s: int = RETRY_AFTER_S) -> HTTPException:
    """Returns the error of a request that the server has no room for now."""
    return refuse(503, message, {"Retry-After": str(retry_after_s)})


def add_handlers(app: FastAPI) -> None:
    """Makes every error of an app end as ``{"message": ...}``."""
    app.add_exception_handler(RoutingError, _answer_refusal)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _answer_unfit_request)  # type: ignore[arg-type]
    app.add_exception_handler(VardeError, _answer_error)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, _answer_fault)


def _answer_refusal(request: Request, error: RoutingError) -> JSONResponse:
    return JSONResponse({"message": str(error.detail)}, error.status_code, headers=error.headers)


def _answer_unfit_request(request: Request, error: RequestValidationError) -> JSONResponse:
    """Says where and why without repeating what was sent, which may be a hash."""
    problems = (f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}" for found in error.errors())
    return JSONResponse({"message": "; ".join(problems)[:_MOST_CHARACTERS]}, 400)


def _answer_error(request: Request, error: VardeError) -> JSONResponse:
    request.scope["varde.error"] = error.code
    if isinstance(error, SiteBusy):
        return JSONResponse({"message": str(error)}, 503, headers={"Retry-After": str(RETRY_AFTER_S)})
    if isinstance(error, WrongUse) and error.code != "settings":
        status = 404 if isinstance(error, NotFound) else 403 if isinstance(error, Refused) else 400
        return JSONResponse({"message": " ".join(part for part in (str(error), error.advice) if part)}, status)
    if isinstance(error, IntegrityFailure):
        request.app.state.services.stop_trusting(error)
    return JSONResponse({"message": _FAULT}, 500)


def _answer_fault(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"message": _FAULT}, 500, headers=SECURITY_HEADERS)
