"""The jobs of `test_killed`: commands as people give them, a delta, and filling the index from nothing."""

from __future__ import annotations

import random
from pathlib import Path

from varde.cli.main import main
from varde.core.known import KnownEntry, SetDelta
from varde.pipeline import site_indexes
from varde.pipeline.matching import describe_matching
from varde.pipeline.site_indexes import open_known_hashes
from varde.segments import merging
from varde.store.site import open_site
from varde.workflows.actor import Actor
from varde.workflows.update_known_set import apply_delta

ACTOR = Actor("A. Changer")


def prepare() -> None:
    """Makes an index of a few thousand hashes be written in many appends and then merged."""
    site_indexes._BATCH = 150
    merging.TAIL_ROWS = 16  # type: ignore[misc]
    merging.APPEND_ROWS = 200  # type: ignore[misc]


def run(words: list[str]) -> int:
    """Returns the exit code of one job: ``SITE delta``, ``SITE index``, or ``SITE`` and a command."""
    folder = Path(words[0])
    if words[1:] == ["delta"]:
        site = open_site(folder)
        apply_delta(site, ACTOR, 1, make_delta(), "test")
        return 0
    if words[1:] == ["index"]:
        site = open_site(folder)
        point = describe_matching(site).point
        open_known_hashes(site.database, site.indexes, point).discard()
        open_known_hashes(site.database, site.indexes, point)
        return 0
    return main(["--site", *words])


def make_hash(chance: random.Random) -> bytes:
    """Returns a hash with 128 of 256 bits set, as a picture's has."""
    half = chance.randbytes(16)
    return half + bytes(255 - byte for byte in half)


def make_delta() -> SetDelta:
    """Returns 1,500 new entries, of which 300 describe earlier ones anew, and 200 that are taken back."""
    chance = random.Random(5)
    entries = [
        KnownEntry(line, pdq=((make_hash(chance), 100, None),), source_id=f"e{200 + line}") for line in range(1, 1_501)
    ]
    return SetDelta(upserts=tuple(entries), removals=tuple(f"e{number}" for number in range(1, 201)))
