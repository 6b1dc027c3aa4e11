from dataclasses import replace

import pytest
from sqlalchemy import func, select
from stored import AT, PDQ, add_files, examine, make_case, make_content, make_digests, make_set

from varde.core.errors import IntegrityFailure
from varde.core.known import KnownEntry
from varde.core.media import Facts
from varde.core.signal import PerceptualHash, Signal
from varde.pipeline.matching import is_up_to_date, match_all
from varde.store import tables
from varde.store.database import Database
from varde.store.records import get_record
from varde.store.site import Site


def test_a_content_that_could_not_be_decoded_is_completed_and_compared_when_it_can(site: Site) -> None:
    database = site.database
    value = make_digests(b"what a picture shows").sha256
    bare = replace(make_content(b"a"), facts=None, thumbnail=None, signals=())
    whole = replace(bare, facts=Facts(4, 3), signals=(Signal(PDQ, (PerceptualHash(value, 100),)),))
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"killed.jpg", b"decoded.jpg")
        make_set(connection, KnownEntry(1, pdq=((value, 100, None),)))
        examine(connection, exhibit, "killed.jpg", bare)
    assert match_all(site, AT).perceptual == 0
    assert is_up_to_date(site)
    with database.write() as connection:
        second = examine(connection, exhibit, "decoded.jpg", whole)
    assert not is_up_to_date(site)
    assert match_all(site, AT).perceptual == 1
    with database.read() as connection:
        record = get_record(connection, second.item_id)
        contents = connection.execute(select(func.count()).select_from(tables.contents)).scalar_one()
    assert contents == 1
    assert record.content == whole
    assert [match.distance for match in record.matches] == [0]


def test_a_complete_content_is_left_as_it_is(database: Database) -> None:
    content = make_content(b"a")
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"a.jpg", b"b.jpg")
        first = examine(connection, exhibit, "a.jpg", content)
        examine(connection, exhibit, "b.jpg", replace(content, facts=None, signals=()))
        record = get_record(connection, first.item_id)
    assert record.content == replace(content, thumbnail=None)


def test_a_content_whose_other_digests_differ_stops_at_once(database: Database) -> None:
    honest = make_content(b"a")
    lie = replace(honest, digests=replace(honest.digests, md5=bytes(16)))
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"a.jpg", b"b.jpg")
        examine(connection, exhibit, "a.jpg", lie)
        with pytest.raises(IntegrityFailure, match="other digests"):
            examine(connection, exhibit, "b.jpg", honest)


def test_variants_are_recorded_beside_their_hash(database: Database) -> None:
    variants = b"\1" + bytes(32)
    content = make_content(b"varied")
    signals = (Signal(PDQ, (PerceptualHash(bytes(32), 90, variants=variants),)),)
    with database.write() as connection:
        _, (exhibit,) = make_case(connection)
        add_files(connection, exhibit, b"a.jpg")
        examine(connection, exhibit, "a.jpg", replace(content, signals=signals))
    with database.read() as connection:
        assert connection.execute(select(tables.signals.c.variants)).scalars().all() == [variants]
