"""``varde models``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from varde.cli import output
from varde.cli.calibrate import calibrate
from varde.cli.options import Session, with_session

if TYPE_CHECKING:
    from varde.models.pack import Manifest, ModelCard
    from varde.models.self_test import Check
    from varde.workflows.manage_models import Choice


@click.group()
def models() -> None:
    """Look after the models that find and compare faces."""


models.add_command(calibrate)


@models.command("list")
@with_session
def list_(session: Session) -> None:
    """List the packs of models that are known here, and which one is in use.

    \b
    Example:
      varde models list
    """
    from varde.workflows import manage_models

    found = manage_models.list_packs(session.open() if session.site_folder else None)
    if session.as_json:
        output.write_json([_describe(one.manifest, one.state.value) for one in found])
        return
    rows = [(one.manifest.name, one.manifest.version, one.state.value, one.manifest.title) for one in found]
    output.write_rows(["pack", "version", "state", "title"], rows)


@models.command()
@click.argument("name")
@with_session
def show(session: Session, name: str) -> None:
    """Show the cards of pack NAME: files, digests, sources, licences, training data, thresholds, limits.

    \b
    Example:
      varde models show reference
    """
    from varde.workflows import manage_models

    found = manage_models.show_manifest(session.open() if session.site_folder else None, name)
    if session.as_json:
        output.write_json(_describe(found.manifest, found.state.value))
        return
    output.write_fields({"pack": found.manifest.key, "title": found.manifest.title, "state": found.state.value})
    for card in found.manifest.cards:
        print()
        described = _describe_card(card)
        limits = described.pop("limits")
        output.write_fields(described)
        for limit in limits:
            print(f"limit: {output.to_plain(limit)}")


@models.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--accept-licence", is_flag=True, help="You have read the pack's licences and accept them for the site.")
@click.option("--accept-unknown", is_flag=True, help="Take files that no manifest of Varde names.")
@with_session
def add(session: Session, paths: tuple[Path, ...], accept_licence: bool, accept_unknown: bool) -> None:
    """Add a pack to the site from its files, or from a folder of them, and test it.

    Files are known by their SHA-256. For models that Varde does not know, the folder needs a pack.toml
    (docs/reference/models.md). Nothing is downloaded. Without --accept-licence the licences are shown, and nothing is
    added.

    \b
    Examples:
      varde models add ./reference --accept-licence
      varde models add yunet.onnx sface.onnx --accept-licence
    """
    from varde.models.additions import find_addition
    from varde.workflows import manage_models

    site = session.open()
    if not accept_licence:
        _say_licences(find_addition(paths).manifest)
    done = manage_models.add(site, session.actor, paths, accepts_licence=accept_licence, accepts_unknown=accept_unknown)
    if session.as_json:
        output.write_json({**_describe(done.pack, "ready"), "is_new": done.is_new, "checks": _list_checks(done.checks)})
    output.say(f"Pack {done.pack.key} {'is added' if done.is_new else 'was here already'}.")
    if done.is_new:
        output.say(f"Its {output.count(len(done.checks), 'model')} passed the test.")
    output.say(f"Use it with `varde models use {done.pack.name}`.")


@models.command()
@click.argument("name")
@click.option("--re-embed", "is_re_embedding", is_flag=True, help="Compute the embeddings that are missing now.")
@with_session
def use(session: Session, name: str, is_re_embedding: bool) -> None:
    """Use pack NAME for finding and comparing faces from now on.

    Faces that were found with another pack are kept, and are found by searches once they have an embedding of the new
    one: that is made from their kept crops, with --re-embed now or with `varde faces re-embed` later. Embeddings of
    two models are never compared.

    \b
    Examples:
      varde models use builtin
      varde models use reference --re-embed
    """
    from varde.workflows import manage_models

    site = session.open()
    chosen = manage_models.choose(site, session.actor, name)
    embedded = _re_embed(session) if is_re_embedding else None
    if session.as_json:
        output.write_json(_describe_choice(chosen, embedded))
    _say_choice(chosen, is_re_embedding=is_re_embedding)
    if embedded is not None:
        done = sum(count for kind, count in embedded.items() if kind != "failed")
        output.say(f"Embedded: {output.count(done, 'face')}; {embedded['failed']:,} could not be.")


@models.command()
@click.argument("name", required=False)
@with_session
def test(session: Session, name: str | None) -> int:
    """Test the models of pack NAME, or of a folder; default: the pack in use, else the builtin one. Needs no site.

    Each answers to drawn faces in a process without files or network. Ends with 1 if one is faulty.

    \b
    Example:
      varde models test reference
    """
    from varde.workflows import manage_models

    pack, checks = manage_models.test(session.open() if session.site_folder else None, name)
    if session.as_json:
        output.write_json({"pack": pack.name, "version": pack.version, "checks": _list_checks(checks)})
    else:
        rows = [
            (check.task.value, check.file, "faulty" if check.fault else "good", check.fault or check.detail)
            for check in checks
        ]
        output.write_rows(["task", "file", "state", "detail"], rows)
    return 1 if any(check.fault for check in checks) else 0


@models.command()
@click.argument("name")
@with_session
def remove(session: Session, name: str) -> None:
    """Remove the files of pack NAME from the site. Embeddings made with it stay, and are not searched.

    \b
    Example:
      varde models remove zoo
    """
    from varde.workflows import manage_models

    manifest = manage_models.remove(session.open(), session.actor, name)
    if session.as_json:
        output.write_json({"pack": manifest.name, "version": manifest.version})
    output.say(f"The files of pack {manifest.key} are removed; embeddings made with it stay.")


def _re_embed(session: Session) -> dict[str, int]:
    from varde.workflows.re_embed_faces import re_embed_faces

    done = re_embed_faces(session.open(), session.actor, progress=lambda state: None)
    return {**{kind.value: count for kind, count in done.done.items()}, "failed": sum(done.failed.values())}


def _say_licences(manifest: Manifest) -> None:
    for card in manifest.cards:
        output.say(f"{card.file}: {card.licence}. Commercial use: {card.commercial}. Trained on: {card.training_data}.")


def _say_choice(chosen: Choice, *, is_re_embedding: bool) -> None:
    before = f" instead of {chosen.previous.key}" if chosen.previous and chosen.previous.key != chosen.pack.key else ""
    output.say(f"Pack {chosen.pack.key} is in use{before}.")
    missing = {kind.value: count for kind, count in chosen.missing.items() if count}
    if missing and not is_re_embedding:
        named = ", ".join(f"{count:,} of {kind}" for kind, count in missing.items())
        output.say(f"Stored faces without an embedding of it: {named}. They are not found until they have one:")
        output.say("run `varde faces re-embed` (it works from kept crops and can be stopped at any time).")


def _describe_choice(chosen: Choice, embedded: dict[str, int] | None) -> dict[str, Any]:
    return {
        "pack": chosen.pack.name,
        "version": chosen.pack.version,
        "before": chosen.previous.key if chosen.previous else None,
        "missing": {kind.value: count for kind, count in chosen.missing.items()},
        "re_embedded": embedded,
    }


def _list_checks(checks: Sequence[Check]) -> list[dict[str, str]]:
    return [
        {"task": check.task.value, "file": check.file, "fault": check.fault, "detail": check.detail} for check in checks
    ]


def _describe(manifest: Manifest, state: str) -> dict[str, Any]:
    cards = [_describe_card(card) for card in manifest.cards]
    return {
        "pack": manifest.name,
        "version": manifest.version,
        "title": manifest.title,
        "state": state,
        "models": cards,
    }


def _describe_card(card: ModelCard) -> dict[str, Any]:
    return {
        "task": card.task.value,
        "file": card.file,
        "sha256": card.sha256.hex(),
        "size_bytes": card.size_bytes,
        "source": card.source,
        "licence": card.licence,
        "commercial": card.commercial,
        "training_data": card.training_data,
        "changes": ", ".join(part for part in (card.convert, *card.adapt) if part),
        "thresholds": dict(card.thresholds),
        "measured": card.measured,
        "limits": list(card.limits),
    }
