"""``varde camera list`` and ``varde camera show``."""

from __future__ import annotations

from typing import Any

import click

from varde.cli import output
from varde.cli.options import Session, with_session
from varde.core.camera import Reference
from varde.store.cameras import Camera, StoredFingerprint
from varde.store.types import write_utc

_COLUMNS = ("name", "case", "exhibit", "make", "model", "photo", "video", "size", "withdrawn_at")
REFERENCE_COLUMNS = ("file", "state", "pce", "reason", "detail", "sha256")


@click.command("list")
@click.option("--case", "case_name", help="Only cameras of this case.")
@click.option("--withdrawn", "with_withdrawn", is_flag=True, help="Also those that nothing is compared with any more.")
@with_session
def list_(session: Session, case_name: str | None, with_withdrawn: bool) -> None:
    """List the cameras that files can be compared with.

    \b
    Example:
      varde camera list
    """
    from varde.workflows import read_cameras

    site = session.open()
    found = read_cameras.iterate_cameras(site, case=case_name, with_withdrawn=with_withdrawn, case_ids=None)
    if session.as_json:
        output.write_json_list(_list_row(*each) for each in found)
        return
    rows = [_list_row(*each) for each in found]
    output.write_rows(_COLUMNS, ([row[column] for column in _COLUMNS] for row in rows))
    if not rows:
        output.say("No camera is enrolled. `varde camera enrol NAME PHOTO...` makes the fingerprint of one.")


@click.command("show")
@click.argument("name")
@with_session
def show(session: Session, name: str) -> None:
    """Show camera NAME, its fingerprints, and every file they were to be made from.

    \b
    Example:
      varde camera show "seized phone"
    """
    from varde.workflows import read_cameras

    shown = read_cameras.read_camera(session.open(), name, case_ids=None)
    document = describe_camera(shown.camera)
    document["fingerprints"] = [
        describe_fingerprint(each.stored) | {"references": [describe_reference(one) for one in each.references]}
        for each in shown.versions
    ]
    if session.as_json:
        output.write_json(document)
        return
    output.write_fields({name: value for name, value in document.items() if name != "fingerprints"})
    for each in document["fingerprints"]:
        print()
        output.write_fields({name: value for name, value in each.items() if name not in ("references", "facts")})
        output.write_fields(each["facts"])
        rows = each["references"]
        output.write_rows(REFERENCE_COLUMNS, ([row[column] for column in REFERENCE_COLUMNS] for row in rows))


def describe_camera(camera: Camera) -> dict[str, Any]:
    """Returns a camera as data."""
    return {
        "name": camera.name,
        "case": camera.case,
        "exhibit": camera.exhibit or None,
        "make": camera.make or None,
        "model": camera.model or None,
        "serial": camera.serial or None,
        "authorisation": camera.authorisation or None,
        "note": camera.note or None,
        "added_at": write_utc(camera.added_at),
        "added_by": camera.added_by,
        "withdrawn_at": write_utc(camera.withdrawn_at) if camera.withdrawn_at else None,
        "withdrawn_by": camera.withdrawn_by,
        "withdrawn_because": camera.withdrawn_because,
        "deleted_at": write_utc(camera.deleted_at) if camera.deleted_at else None,
    }


def describe_fingerprint(found: StoredFingerprint) -> dict[str, Any]:
    """Returns a version of a fingerprint as data."""
    return {
        "kind": found.kind.value,
        "version": found.version,
        "method": found.method,
        "size": f"{found.width_px}x{found.height_px}",
        "used": found.used,
        "sha256": found.sha256.hex(),
        "made_at": write_utc(found.made_at),
        "made_by": found.made_by,
        "replaced_at": write_utc(found.replaced_at) if found.replaced_at else None,
        "facts": found.facts,
    }


def describe_reference(reference: Reference) -> dict[str, Any]:
    """Returns a file that a fingerprint was to be made from as data."""
    return {
        "file": reference.name,
        "sha256": reference.sha256.hex() or None,
        "state": reference.state.value,
        "reason": reference.refused.reason.value if reference.refused else None,
        "detail": reference.refused.detail if reference.refused else None,
        "pce": None if reference.pce is None else round(reference.pce, 1),
        "facts": reference.facts,
    }


def _list_row(camera: Camera, found: list[StoredFingerprint]) -> dict[str, Any]:
    by_kind = {each.kind.value: each for each in found}
    return {
        **describe_camera(camera),
        "photo": by_kind["photo"].version if "photo" in by_kind else None,
        "video": by_kind["video"].version if "video" in by_kind else None,
        "size": [f"{each.width_px}x{each.height_px}" for each in found],
    }
