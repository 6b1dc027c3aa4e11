"""A person at a terminal: gives commands, and reads what came on which stream."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from varde.cli.main import main
from varde.testing.pictures import make_photo


@dataclass(frozen=True)
class Said:
    """What a command left: exit code, data for programs, words for people."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """All of stdout as one JSON document."""
        return json.loads(self.out)


class Terminal:
    """Runs commands in this process on one site."""

    def __init__(self, capsys: pytest.CaptureFixture[str], site: Path) -> None:
        self._capsys = capsys
        self.site = site

    def __call__(self, *words: str | Path, site: Path | None = None) -> Said:
        """Runs a command on the site."""
        return self.bare("--site", site or self.site, *words)

    def bare(self, *words: str | Path) -> Said:
        """Runs a command as it is."""
        self._capsys.readouterr()
        code = main([str(word) for word in words])
        return Said(code, *self._capsys.readouterr())

    def json(self, *words: str | Path, code: int = 0, site: Path | None = None) -> Any:
        """Runs a command with ``--json`` and returns its data."""
        said = self(*words, "--json", site=site)
        assert said.code == code, said.err
        return said.data


def make_exhibit(folder: Path, *, seed: int = 1) -> Path:
    """Returns a new folder: two pictures, a copy of one, a broken one, an empty file, a text, a link."""
    random = np.random.default_rng(seed)
    (folder / "album").mkdir(parents=True)
    for name in ("1.jpg", "2.jpg"):
        Image.fromarray(make_photo(random, 160, 120)).save(folder / name, quality=90)
    (folder / "album" / "copy of 1.jpg").write_bytes((folder / "1.jpg").read_bytes())
    (folder / "broken.jpg").write_bytes((folder / "2.jpg").read_bytes()[:400])
    (folder / "empty").touch()
    (folder / "größe.txt").write_text("text")
    (folder / "link").symlink_to("1.jpg")
    return folder
