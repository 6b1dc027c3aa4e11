"""Behaviour of `varde.store.spool`: what is in use stays, what a killed process left is cleared."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from varde.store.spool import clear_spool, lend_folder

_KILLED = """
import os, pathlib, sys
from varde.store.spool import lend_folder
with lend_folder(pathlib.Path(sys.argv[1])) as folder:
    (folder / "part").write_bytes(bytes(1000))
    os._exit(9)
"""


def test_a_folder_is_there_while_it_is_used(tmp_path: Path) -> None:
    with lend_folder(tmp_path) as first, lend_folder(tmp_path) as second:
        (first / "a" / "b").mkdir(parents=True)
        clear_spool(tmp_path)
        assert (first / "a" / "b").is_dir()
        assert first != second
        assert second.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    clear_spool(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_only_old_files_are_cleared(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).touch()
    os.utime(tmp_path / "old", (time.time() - 7200,) * 2)
    clear_spool(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    spool, outside = tmp_path / "spool", tmp_path / "outside"
    spool.mkdir()
    outside.mkdir()
    (outside / "kept").touch()
    (spool / "link").symlink_to(outside)
    clear_spool(spool)
    assert (outside / "kept").exists()
