from hypothesis import given
from hypothesis import strategies as st

from varde.core.known import CarriedHash, KnownEntry
from varde.known.repeats import Prefixes, Repeats

ONE, OTHER = b"\x01" * 32, b"\x02" * 32


def say(*entries: KnownEntry, most: int = 100) -> list[str]:
    repeats = Repeats(most)
    for entry in entries:
        repeats.add(entry)
    return repeats.write()


def with_pdq(*hashes: bytes) -> KnownEntry:
    return KnownEntry(line=1, pdq=tuple((value, 100, None) for value in hashes))


def test_nothing_is_said_of_a_set_without_repeats() -> None:
    assert say() == []
    assert say(KnownEntry(line=1, md5=ONE[:16]), KnownEntry(line=2, md5=OTHER[:16])) == []


def test_entries_that_repeat_a_digest_are_counted() -> None:
    md5, sha1, sha256 = KnownEntry(line=1, md5=b"a" * 16), KnownEntry(line=1, sha1=b"b" * 20), KnownEntry(1, sha256=ONE)
    assert say(md5, md5)[0].startswith("1 entry repeats the hash of an earlier one; all are kept")
    assert say(md5, sha1, sha256, md5, sha1, sha256, md5)[0].startswith("4 entries repeat")


def test_pdq_hashes_that_only_begin_alike_are_no_repeats() -> None:
    assert say(with_pdq(ONE), with_pdq(ONE[:31] + b"x")) == []
    assert len(say(with_pdq(ONE), with_pdq(ONE))) == 1


def test_entries_without_one_hash_are_not_looked_at() -> None:
    carried = KnownEntry(line=1, carried=(CarriedHash("photodna", "x"),))
    assert say(carried, carried, with_pdq(ONE, OTHER), with_pdq(ONE, OTHER)) == []


def test_a_set_too_large_to_look_at_says_so_where_it_matters() -> None:
    md5 = KnownEntry(line=1, md5=ONE[:16])
    assert say(md5, md5, md5, most=2)[0].startswith("1 entry repeats the hash of an earlier one (of the first 2; later")


@given(st.lists(st.binary(min_size=8, max_size=8), max_size=30))
def test_different_digests_are_counted_as_a_set_counts_them(digests: list[bytes]) -> None:
    prefixes = Prefixes()
    for digest in digests:
        prefixes.add(digest)
    assert (len(prefixes), prefixes.count_different()) == (len(digests), len(set(digests)))
