import io
import random
import tarfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from varde.core.case import Keeping
from varde.store.cases import PlaceCounts
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import process_case

ACTOR = Actor("examiner", lambda: datetime(2026, 11, 22, 12, 0, tzinfo=UTC))


def picture(seed: int, size: int = 96, kind: str = "JPEG") -> bytes:
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).resize((size, size), Image.Resampling.BICUBIC).save(out, kind)
    return out.getvalue()


def zip_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def tar_gz_of(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def write_mixed_exhibit(folder: Path, *, pictures: int) -> int:
    """Writes pictures, archives in archives, damaged files and others; returns how many places there are."""
    rng = random.Random(7)
    folder.mkdir(parents=True)
    for number in range(pictures):
        (folder / f"{number % 7}").mkdir(exist_ok=True)
        (folder / f"{number % 7}" / f"{number}.jpg").write_bytes(picture(number))
    inner = zip_of({f"in{number}.png": picture(5000 + number, kind="PNG") for number in range(20)})
    members = {f"m{number}.jpg": picture(6000 + number) for number in range(30)}
    (folder / "a.zip").write_bytes(zip_of({**members, "inner.zip": inner, "note.txt": b"hello"}))
    (folder / "b.tar.gz").write_bytes(tar_gz_of({f"t{number}.jpg": picture(7000 + number) for number in range(25)}))
    for number in range(20):
        whole = bytearray(picture(8000 + number))
        (folder / f"cut{number}.jpg").write_bytes(whole[: rng.randrange(2, len(whole))])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_bytes(b"this is no picture\n" * 50)
    return pictures + (1 + 30 + 1 + 20 + 1) + (1 + 25) + 20 + 2


def process(site: Site, exhibit: Path, *, keeping: Keeping = Keeping.REFERENCE) -> PlaceCounts:
    """Processes a folder as the only exhibit of a new case named `case`."""
    create_case(site, ACTOR, name="case", authorisation="", scheme="vics-us@2.0")
    add_exhibit(site, ACTOR, case_name="case", path=exhibit, keeping=keeping)
    return process_case(site, ACTOR, case_name="case", progress=lambda _: None).places
