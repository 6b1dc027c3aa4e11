"""`/openapi.json`: valid, complete about who may call what, and true: what is asked gets the answers it describes."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import schemathesis
import uvicorn
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from varde.core.access import Right
from varde.core.account import Role
from varde.core.case import Keeping
from varde.store import accounts, case_access, sessions
from varde.store.site import Site, open_site
from varde.testing.exhibits import ExhibitWriter
from varde.testing.picture_files import make_small_jpeg
from varde.testing.videos import make_video
from varde.web.app import create_app
from varde.web.openapi import describe
from varde.web.people import compute_csrf
from varde.workflows.actor import Actor
from varde.workflows.grade_items import grade_items
from varde.workflows.make_queue import FirstWork, SecondWork, make_queue
from varde.workflows.manage_tokens import add_token
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import process_case

CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES = 5
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Interface:
    """A site that is served on a socket, with its document."""

    site: Site
    address: str
    document: dict[str, Any]
    token: str


@pytest.fixture(scope="module")
def interface(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Interface]:
    folder = tmp_path_factory.mktemp("openapi")
    shutil.copytree(sqlite_template, folder / "site")
    site = open_site(folder / "site")
    fill(site, folder / "evidence")
    app = create_app(site)
    token = add_token(site, Actor("A. Operator"), name="program", rights=list(Right)).secret
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Interface(site, f"http://127.0.0.1:{port}", describe(app), token)
    server.should_exit = True
    thread.join()
    site.close()


def fill(site: Site, folder: Path) -> None:
    """Makes a case with pictures, copies, a video, decisions and two queues: what exists has the number 1, and more."""
    rng = np.random.default_rng(5)
    writer = ExhibitWriter(folder)
    for number in range(4):
        writer.write(f"camera/{number}.jpg", make_small_jpeg(rng))
    for name in ("a copy.jpg", "b copy.jpg"):
        shutil.copyfile(folder / "camera/0.jpg", folder / name)
    writer.write("walk.mp4", make_video(rng, scenes=2))
    actor = Actor("A. Operator")
    case = create_case(site, actor, name="case", authorisation="order 1", scheme="vics-us@2.0")
    add_exhibit(site, actor, case_name="case", path=folder, keeping=Keeping.REFERENCE)
    process_case(site, actor, case_name="case", progress=lambda _: None)
    grade_items(site, actor, item_ids=[2, 3], code="1", note="")
    for work in (FirstWork(), SecondWork(percent=100.0)):
        make_queue(site, actor, case=case, name=type(work).__name__, work=work)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def log_in(site: Site, number: int) -> dict[str, str]:
    """Returns the headers of a new person with every role and access to every case: no call disturbs another."""
    at, secret, name = datetime.now(UTC), f"secret {number}", f"person{number}"
    with site.database.write() as connection:
        account = accounts.add_account(
            connection,
            name=name,
            full_name="",
            roles=list(Role),
            password_hash="",
            must_change_password=False,
            person="test",
            at=at,
        )
        digest = sessions.compute_session_digest(secret)
        sessions.start_session(connection, account.account_id, digest=digest, at=at, ends_at=at + timedelta(hours=1))
        for case in case_access.list_cases(connection):
            case_access.give_access(connection, case.case_id, account.account_id, person="test", at=at)
    return {"cookie": f"varde={secret}", "x-csrf-token": compute_csrf(secret)}


def test_it_is_open_and_it_is_what_was_made(interface: Interface) -> None:
    import httpx

    said = httpx.get(f"{interface.address}/openapi.json")
    assert said.status_code == 200
    assert said.json() == interface.document
    assert said.json()["openapi"].startswith("3.1.")


def test_it_is_a_valid_document(interface: Interface) -> None:
    schemathesis.openapi.from_dict(interface.document).validate()


def test_every_operation_says_who_may_call_it(interface: Interface) -> None:
    schemes = interface.document["components"]["securitySchemes"]
    found = set()
    for method, path, operation in operations(interface.document):
        named = {name for each in operation["security"] for name in each}
        assert named <= set(schemes), path
        if not named:
            assert operation["description"].endswith("Open to everybody."), path
            found.add(path)
        elif "token" in named:
            assert operation["x-varde-right"] in set(Right), path
        else:
            assert ("csrf" in named) is (method not in ("get", "head")), path
            assert "x-varde-permission" in operation, path
    assert found == {"/livez", "/readyz", "/login", "/openapi.json"}


def test_every_operation_says_how_it_refuses(interface: Interface) -> None:
    for method, path, operation in operations(interface.document):
        answers = set(operation["responses"])
        if operation["security"]:
            assert answers >= {"401", "403", "503"}, path
        if "{" in path:
            assert "404" in answers, path
        if method != "get":
            assert answers >= {"400", "413"}, path
        assert operation["tags"], path
        assert operation["summary"], path


def test_it_holds_nothing_of_the_site_or_of_the_program(interface: Interface) -> None:
    text = str(interface.document)
    assert str(interface.site.folder) not in text
    assert "HTTPValidationError" not in text
    assert "Traceback" not in text


def test_it_names_every_route(interface: Interface) -> None:
    app = create_app(interface.site)
    named = {path for _, path, _ in operations(interface.document)}
    hidden = {route.path_format for route in app.routes if isinstance(route, APIRoute) and not route.include_in_schema}
    assert hidden == {"/static/{digest}/{name}", "/{path}"}
    assert named == {route.path_format for route in app.routes if isinstance(route, APIRoute)} - hidden


def test_answers_are_those_it_describes(interface: Interface) -> None:
    """Sends requests made from the document to every operation, as somebody who may call it."""
    schema = schemathesis.openapi.from_dict(interface.document)
    faults = [
        fault
        for number, found in enumerate(schema.get_all_operations())
        for fault in try_out(interface, found.ok(), number)
    ]
    assert not faults, "\n".join(faults)


def try_out(interface: Interface, operation: schemathesis.APIOperation, number: int) -> set[str]:
    """Returns what is wrong with the answers of an operation."""
    headers = log_in(interface.site, number)
    if {"token": []} in operation.definition.raw["security"]:
        headers = {"authorization": f"Bearer {interface.token}"}
    faults = set()

    @BOUNDED
    @given(case=operation.as_strategy())
    def call(case: schemathesis.Case) -> None:
        use_what_exists(case)
        said = case.call(base_url=interface.address, headers=headers, allow_redirects=False, timeout=20)
        is_full = said.status_code == 503 and "retry-after" in said.headers
        try:
            case.validate_response(said, checks=CHECKS[1:] if is_full else CHECKS)
        except FailureGroup as group:
            for failure in group.exceptions:
                faults.add(f"{operation.label}: {said.status_code} {failure.title}: {failure.message[:300]}")

    call()
    return faults


def use_what_exists(case: schemathesis.Case) -> None:
    """Names things that exist, where the document takes a number: most made-up numbers name none."""
    for name, value in (case.path_parameters or {}).items():
        if isinstance(value, int) and value % 3:
            case.path_parameters[name] = value % 3
