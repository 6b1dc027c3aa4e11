"""What is left out is counted, and named by its first entries."""

from __future__ import annotations

from varde.core.known import KnownEntry
from varde.known.losses import Losses


def test_losses_name_their_first_entries() -> None:
    losses = Losses()
    for number in range(1, 6):
        losses.leave_out("codes", KnownEntry(number, source_id="x" if number == 1 else ""), 2)
    assert losses.as_counts() == {"codes left out": 10}
    assert losses.write() == ["10 codes left out (of x, line 2, line 3 ...)"]


def test_everything_an_entry_has_beside_what_is_held_is_counted() -> None:
    losses = Losses()
    entry = KnownEntry(1, md5=b"\x0a" * 16, code="", size_bytes=0, extra=(("a", "b"), ("c", "d")))
    losses.count_unheld(entry, {"line", "md5"})
    assert losses.as_counts() == {"sizes left out": 1, "further fields left out": 2}
