"""Makes the application that serves a site."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from importlib.metadata import version

import anyio
from fastapi import FastAPI

from varde.pipeline.lookup import Lookup
from varde.store.site import Site
from varde.web.access import check_declarations
from varde.web.api import banks, contents, exchanges, hashing, matching, signal_types, status
from varde.web.body_limit import BodyLimit
from varde.web.errors import add_handlers
from varde.web.examiner import Examiner, Examining
from varde.web.headers import SecurityHeaders
from varde.web.logs import RequestLog
from varde.web.pages import (
    access_to_cases,
    account,
    administration,
    approvals,
    assets,
    audit,
    camera_comparison,
    cameras,
    case,
    case_queues,
    clusters,
    credentials,
    exposure,
    face_crops,
    face_search,
    faces,
    grid,
    health,
    home,
    item,
    item_cameras,
    known,
    leads,
    login,
    models,
    nowhere,
    pictures,
    place_leads,
    queue_work,
    queues,
    reports,
    search,
    sources,
    tiles,
    tokens,
    victims,
)
from varde.web.pages.problem import show_problem
from varde.web.people import check_case_routes
from varde.web.renderer import Renderer
from varde.web.services import Services
from varde.workflows.actor import now

_AREAS = (
    pictures,  # first: asked for by the dozen, and routes are tried in order
    hashing,
    matching,
    banks,
    contents,
    exchanges,
    signal_types,
    status,
    login,
    account,
    credentials,
    administration,
    access_to_cases,
    approvals,
    tokens,
    models,
    health,
    home,
    grid,
    tiles,
    item,
    place_leads,
    face_crops,
    faces,
    face_search,
    victims,
    leads,
    search,
    audit,
    known,
    reports,
    case,
    queues,
    queue_work,
    camera_comparison,
    cameras,
    item_cameras,
    sources,
    case_queues,
    clusters,
    exposure,
    assets,
)


def create_app(
    site: Site,
    *,
    examiner: Examining | None = None,
    clock: Callable[[], datetime] = now,
) -> FastAPI:
    """Returns the application of a site; nothing is started before it is served.

    Args:
        site: open; whoever opened it closes it.
        examiner: of uploaded files; None takes sandboxed decoder processes.
        clock: returns aware UTC times.

    Raises:
        TypeError: if a route does not declare who may call it.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            chosen = examiner or stack.enter_context(Examiner(site.settings))
            renderer = stack.enter_context(Renderer(site.settings))
            app.state.services = Services(site, Lookup(site), chosen, renderer, clock)
            stack.enter_context(app.state.services.faces)
            stack.callback(app.state.services.counters.write)
            group = await stack.enter_async_context(anyio.create_task_group())
            stack.callback(group.cancel_scope.cancel)
            group.start_soon(app.state.services.open_index)
            group.start_soon(app.state.services.sightings.keep)
            yield

    app = FastAPI(
        title="Varde",
        version=version("varde"),
        description="Of a site: for programs with a token, hashing, matching and known sets, compatible with "
        "hasher-matcher-actioner; for people who logged in, cases, items, review, search and administration.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    for area in _AREAS:
        app.router.routes.extend(area.router.routes)
    app.router.routes.extend(nowhere.router.routes)
    check_declarations(app.routes)
    check_case_routes(app.routes)
    add_handlers(app, show_problem)
    settings = site.settings.web
    app.add_middleware(BodyLimit, most_bytes=settings.max_body_mib << 20, time_limit_s=settings.body_time_limit_s)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(RequestLog)
    return app
