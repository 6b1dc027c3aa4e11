"""Behaviour of `varde.workflows.update_known_set`: sets that grow, all of a delta or nothing, audited."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from varde.core.errors import NotFound, WrongUse
from varde.core.known import KnownEntry, SetDelta, SetRole
from varde.store import audit, known_history, known_sets
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.update_known_set import apply_delta, create_set

AT = datetime(2026, 10, 1, tzinfo=UTC)
ACTOR = Actor("A. Examiner", lambda: AT)
DELTA = SetDelta(upserts=(KnownEntry(1, md5=bytes(16), source_id="a"),), checkpoint={"next": "7"})


def make(site: Site, *, scheme: str = "", name: str = "exchange one") -> int:
    words = {"name": name, "version": "1", "owner": "", "scheme": scheme, "format": "api", "source": "by hand"}
    return create_set(site, ACTOR, role=SetRole.ALERT, **words)


def test_a_set_is_made_empty_and_filled_by_deltas(site: Site) -> None:
    set_id = make(site, scheme="vics-us@2.0")
    assert apply_delta(site, ACTOR, set_id, DELTA, "exchange one").added == 1
    with site.database.read() as connection:
        found = known_sets.get_set_by_id(connection, set_id)
        (revision,) = known_history.list_revisions(connection, set_id)
        acts = [(event.act, event.subject.get("added")) for event in audit.list_events(connection, after=1)]
    assert (found.entries, found.scheme, found.scheme_version, found.format) == (1, "vics-us", "2.0", "api")
    assert (revision.at, revision.person, revision.source) == (AT, "A. Examiner", "exchange one")
    assert (revision.first_entry_id, revision.last_entry_id, revision.checkpoint) == (1, 1, {"next": "7"})
    assert acts == [("known_set_created", None), ("known_set_changed", 1)]


def test_a_delta_that_changes_nothing_is_not_audited_again(site: Site) -> None:
    set_id = make(site)
    for _ in range(2):
        apply_delta(site, ACTOR, set_id, DELTA, "exchange one")
    with site.database.read() as connection:
        assert audit.get_head(connection).number == 3


def test_codes_without_a_scheme_are_refused_and_nothing_is_kept(site: Site) -> None:
    set_id = make(site)
    with pytest.raises(WrongUse, match="no grade scheme"):
        apply_delta(site, ACTOR, set_id, SetDelta(upserts=(KnownEntry(1, md5=bytes(16), code="1"),)), "x")
    with pytest.raises(NotFound, match="no known set with number 99"):
        apply_delta(site, ACTOR, 99, DELTA, "x")
    with site.database.read() as connection:
        assert known_sets.get_set_by_id(connection, set_id).entries == 0


@pytest.mark.parametrize("wrong", [{"name": " "}, {"name": "a\nb"}, {"scheme": "vics-us"}, {"name": "x" * 201}])
def test_names_that_would_spoil_a_list_are_refused(site: Site, wrong: dict[str, str]) -> None:
    with pytest.raises(WrongUse):
        make(site, **wrong)


def test_a_set_is_made_once(site: Site) -> None:
    make(site)
    with pytest.raises(WrongUse, match="imported already"):
        make(site)
