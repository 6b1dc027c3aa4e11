"""Behaviour of `varde.store.site`: making a site can be repeated after an interruption at any point."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from stored import AT, PERSON, make_case

from varde.core.errors import NotFound, SiteBusy, VardeError
from varde.store import audit, cases, keys
from varde.store.site import Site, create_site, open_site


def make(folder: Path) -> tuple[Site, bool]:
    return create_site(folder, name="Unit 4", person=PERSON, at=AT)


def test_a_new_site_is_for_its_owner_only(sqlite_site: Site) -> None:
    assert sqlite_site.name() == "Test unit"
    assert sqlite_site.key_path.stat().st_mode & 0o777 == 0o600
    assert len(sqlite_site.public_key()) == 32


def test_the_key_in_the_database_is_the_key_in_the_folder(site: Site) -> None:
    head = audit.AuditHead(1, bytes(32))
    text = keys.write_checkpoint(site.key_path, site.name(), head, AT)
    assert keys.read_checkpoint(text, site.public_key()).head == head


def test_the_log_begins_with_the_site(site: Site) -> None:
    with site.database.read() as connection:
        (event,) = audit.list_events(connection)
        audit.verify_chain(connection)
    assert (event.act, event.subject, event.person) == ("site_created", {"name": "Test unit"}, PERSON)


@pytest.mark.parametrize("step", ["varde.store.keys.create_key", "varde.store.audit.append_event"])
def test_making_it_again_after_an_interruption_is_safe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(step, interrupt)
        with pytest.raises(KeyboardInterrupt):
            make(tmp_path / "site")
    site, is_new = make(tmp_path / "site")
    assert is_new
    text = keys.write_checkpoint(site.key_path, site.name(), audit.AuditHead(1, bytes(32)), AT)
    keys.read_checkpoint(text, site.public_key())
    site.close()


def test_an_existing_site_is_left_as_it_is(sqlite_site: Site) -> None:
    with sqlite_site.database.write() as connection:
        make_case(connection)
    key, public_key = sqlite_site.key_path.read_bytes(), sqlite_site.public_key()
    again, is_new = make(sqlite_site.folder)
    assert (is_new, again.name(), again.public_key()) == (False, "Test unit", public_key)
    assert again.key_path.read_bytes() == key
    with again.database.read() as connection:
        assert len(cases.list_cases(connection)) == 1
    again.close()


def test_a_folder_without_a_site_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="is not a Varde site") as caught:
        open_site(tmp_path)
    assert "varde init DIR" in caught.value.advice
    assert list(tmp_path.iterdir()) == []


def test_one_run_at_a_time(sqlite_site: Site) -> None:
    other = open_site(sqlite_site.folder)
    with sqlite_site.processing_lock(), pytest.raises(SiteBusy), other.processing_lock():
        pass
    with other.processing_lock():
        pass
    other.close()


def test_one_run_at_a_time_on_a_database_that_two_folders_share(site: Site, tmp_path: Path) -> None:
    if site.database.engine.dialect.name != "postgresql":
        pytest.skip("an SQLite database is in its site's folder")
    shutil.copytree(site.folder, tmp_path / "other")
    other = open_site(tmp_path / "other")
    with site.processing_lock(), pytest.raises(SiteBusy, match="from another folder"), other.processing_lock():
        pass
    with other.processing_lock(), site.database.write():
        pass
    with site.processing_lock():
        pass
    other.close()


def test_what_a_killed_run_left_in_the_spool_is_cleared(sqlite_site: Site) -> None:
    (sqlite_site.spool / "import-dead" / "part").mkdir(parents=True)
    sqlite_site.clear_spool()
    assert list(sqlite_site.spool.iterdir()) == []


def test_a_site_that_cannot_be_written_to_can_still_be_read(sqlite_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite_site.close()
    monkeypatch.setattr("varde.store.site._may_write", lambda _: False)
    sealed = open_site(sqlite_site.folder)
    before = sorted(path.name for path in sqlite_site.folder.iterdir())
    with sealed.database.read() as connection:
        assert audit.verify_chain(connection).number > 0
    with pytest.raises(VardeError, match="written"), sealed.database.write() as connection:
        make_case(connection)
    sealed.close()
    assert sorted(path.name for path in sqlite_site.folder.iterdir()) == before
    (sqlite_site.folder / "varde.db-wal").write_bytes(b"changes")
    with pytest.raises(VardeError, match="holds changes"):
        open_site(sqlite_site.folder)
