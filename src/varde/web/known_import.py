"""Takes in the file of a known set from a page, and imports it in the background."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from fastapi import Request

from varde.core.errors import WrongUse
from varde.core.known import SetRole
from varde.store import spool
from varde.web.errors import refuse
from varde.web.services import Services
from varde.web.uploads import receive_upload
from varde.workflows.actor import Actor
from varde.workflows.import_known_set import ImportRequest, import_known_set

_MOST_CHARACTERS = 120


async def begin_import(request: Request, services: Services, actor: Actor, account_id: int) -> str:
    """Returns the id of the job that imports the file of a request.

    Raises:
        HTTPException: 400 if there is no file or a field does not fit, 503 if there is too much to do.
    """
    async with services.uploads.take(), receive_upload(request, services.site.spool) as upload:
        if not upload.size_bytes:
            raise refuse(400, "The file is empty.")
        texts = dict(upload.texts)
        _read_role(texts)
        descriptor = os.dup(upload.descriptor)  # the file has no name: it is gone when the last descriptor is closed
    counted = {"entries": 0}

    def work(job_id: str) -> str:
        try:
            return _import(services, actor, texts, descriptor, counted)
        finally:
            os.close(descriptor)

    title = f"Importing {_name_file(texts)}"
    try:
        job = services.jobs.start(
            "known", title, work, account_id=account_id, watch=lambda _: f"{counted['entries']:,} entries read"
        )
    except BaseException:
        os.close(descriptor)
        raise
    return job.job_id


def _import(
    services: Services, actor: Actor, texts: Mapping[str, str], descriptor: int, counted: dict[str, int]
) -> str:
    with spool.lend_folder(services.site.spool) as folder:
        path = folder / _name_file(texts)
        with open(descriptor, "rb", closefd=False) as source, path.open("wb") as file:
            source.seek(0)
            shutil.copyfileobj(source, file, 1 << 20)
        wanted = ImportRequest(
            path,
            name=texts.get("name", "").strip(),
            version=texts.get("version", "").strip(),
            owner=texts.get("owner", "").strip(),
            role=_read_role(texts),
            scheme=texts.get("scheme", "").strip(),
            confirm=texts.get("confirm") == "true",
        )
        result = import_known_set(services.site, actor, wanted, lambda count: counted.update(entries=count))
    done = result.known_set
    said = f"Imported {done.entries:,} entries into {done.name} {done.version} (role {done.role.value})."
    if done.warning:
        said += f" Mind: {done.warning}"
    if result.notes:
        said += f" Notes: {'; '.join(result.notes[:5])}."
    return f"{said} Earlier items are compared with it by `varde hunt`, or at the end of the next `varde process`."


def _read_role(texts: Mapping[str, str]) -> SetRole | None:
    role = texts.get("role", "")
    if role and role not in set(SetRole):
        raise WrongUse("there is no such role of a known set")
    return SetRole(role) if role else None


def _name_file(texts: Mapping[str, str]) -> str:
    """Returns what the file was called on the person's machine, as a name that is safe here."""
    name = texts.get("file_name", "").replace("\\", "/").rsplit("/", 1)[-1].strip().lstrip(".")
    is_fit = name and name.isprintable() and len(name.encode()) <= _MOST_CHARACTERS * 2
    return name[:_MOST_CHARACTERS] if is_fit else "known-set"
