"""Behaviour of `varde.workflows.keep_audit`: whatever interrupts an export, no file names an event that is gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from varde.core.errors import IntegrityFailure, WrongUse
from varde.store import audit, keys
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.keep_audit import export_checkpoint, verify_audit
from varde.workflows.open_case import create_case

ACTOR = Actor("A. Examiner")


def count_events(site: Site) -> int:
    with site.database.read() as connection:
        return audit.get_head(connection).number


def test_a_checkpoint_is_written_after_its_event_was_committed(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed: list[tuple[int, int]] = []
    write = keys.write_checkpoint

    def watch(key_path: Path, name: str, head: audit.AuditHead, *words: object) -> str:
        committed.append((head.number, count_events(site)))
        return write(key_path, name, head, *words)  # type: ignore[arg-type]

    monkeypatch.setattr(keys, "write_checkpoint", watch)
    head = export_checkpoint(site, ACTOR, tmp_path / "c.json")
    assert committed[-1] == (head.number, head.number)
    create_case(site, ACTOR, name="later", authorisation="", scheme="vics-us@2.0")
    verified = verify_audit(site, tmp_path / "c.json")
    assert verified.checkpoint is not None
    assert verified.checkpoint.head == head


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_an_interrupted_export_leaves_no_half_of_a_file(
    sqlite_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = count_events(sqlite_site)
    with monkeypatch.context() as patch:
        patch.setattr(*{"fsync": (os, "fsync"), "rename": (Path, "rename")}[step], interrupt)
        with pytest.raises(KeyboardInterrupt):
            export_checkpoint(sqlite_site, ACTOR, tmp_path / "out" / "c.json")
    assert list((tmp_path / "out").iterdir()) == []
    assert count_events(sqlite_site) == before + 1
    verify_audit(sqlite_site, None)


@pytest.fixture(autouse=True)
def _out(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()


def test_a_checkpoint_that_cannot_be_written_is_not_in_the_log(sqlite_site: Site, tmp_path: Path) -> None:
    before = count_events(sqlite_site)
    (tmp_path / "there").write_text("kept")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name in ("there", "dangling", "no/such/folder"):
        with pytest.raises(WrongUse, match="cannot be written"):
            export_checkpoint(sqlite_site, ACTOR, tmp_path / name)
    sqlite_site.key_path.unlink()
    with pytest.raises(IntegrityFailure):
        export_checkpoint(sqlite_site, ACTOR, tmp_path / "out" / "c.json")
    assert (tmp_path / "there").read_text() == "kept"
    assert (count_events(sqlite_site), list((tmp_path / "out").iterdir())) == (before, [])
