"""What files are called where several are named at once: as short as tells them apart."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from varde.core.locator import escape


def name_apart(paths: Sequence[Path]) -> list[str]:
    """Returns a printable name of each file: its own, with as many folders before it as no other file shares.

    One file that is named twice has one name. Nothing is read; links are not followed.
    """
    places = [Path(os.path.abspath(path)).parts for path in paths]  # noqa: PTH100 - Path.resolve follows links
    depths = dict.fromkeys(places, 1)
    unsettled = set(depths)
    while unsettled:
        shared = Counter(place[-depths[place] :] for place in depths)
        unsettled = {place for place in unsettled if shared[place[-depths[place] :]] > 1 and depths[place] < len(place)}
        for place in unsettled:
            depths[place] += 1
    return [escape(os.fsencode(os.path.join(*place[-depths[place] :]))) for place in places]  # noqa: PTH118 - text
