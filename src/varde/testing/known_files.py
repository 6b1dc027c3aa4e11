"""Made-up known sets of any size, written as streams: digests of nothing, for tests and benchmarks."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

_CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{region}/$metadata#{kind}"


def write_vics(
    path: Path,
    count: int,
    *,
    seed: int = 1,
    region: str = "US",
    wrapping: str = "set",
    minified: bool = False,
    pdq_share: float = 0.0,
) -> None:
    """Writes a VICS 2.0 file of random digests; the same arguments give the same bytes.

    Args:
        path: file to write.
        count: number of Media objects.
        seed: of the randomness.
        region: region profile in the context.
        wrapping: ``set`` for a flat hash set, ``case`` for one case that holds all Media, ``wrapped`` for a hash set
        in which
            every Media is alone in an object of its own.
        minified: everything on one line.
        pdq_share: share of the entries that carry a PDQ hash, 0 to 1.
    """
    end = "" if minified else "\n"
    kind = "Cases" if wrapping == "case" else "Media"
    begin, between, close = {
        "set": ("[", "{}", "]"),
        "case": (f'[{{"CaseNumber":"made-up","TotalMediaFiles":{count},"Media":[', "{}", "]}]"),
        "wrapped": ("[", '{{"Media":[{}]}}', "]"),
    }[wrapping]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f'{{"@odata.context":"{_CONTEXT.format(region=region, kind=kind)}",{end}"value":{begin}{end}')
        for number, media in enumerate(make_media(count, seed=seed, pdq_share=pdq_share)):
            file.write(f",{end}" if number else "")
            file.write(between.format(media))
        file.write(f"{end}{close}}}{end}")


def make_media(count: int, *, seed: int = 1, pdq_share: float = 0.0) -> Iterator[str]:
    """Yields Media objects as JSON text, about 400 characters each, as exporters write them."""
    randomness = random.Random(seed)  # noqa: S311 - made-up digests
    for number in range(1, count + 1):
        pdq = f',"AlternativeHashes":[{{"HashName":"PDQ","HashValue":"{randomness.randbytes(32).hex()}"}}]'
        yield (
            f'{{"MediaID":{number},"Category":{randomness.choice(("1", "2", "3", "null"))},'
            f'"MD5":"{randomness.randbytes(16).hex().upper()}","SHA1":"{randomness.randbytes(20).hex().upper()}",'
            f'"MediaSize":{randomness.randrange(1, 1 << 22)},"MimeType":"image/jpeg","VictimIdentified":"false",'
            f'"OffenderIdentified":"false","IsDistributed":true,"IsPrecategorized":false,"Series":"","Tags":"",'
            f'"RelativeFilePath":"files\\\\{number:08d}.jpg"{pdq if randomness.random() < pdq_share else ""},'
            f'"MediaFiles":[{{"FileName":"{number:08d}.jpg","FilePath":"C:\\\\made\\\\up","Unallocated":false}}]}}'
        )
