from __future__ import annotations

import subprocess
import sys

import pytest
from evidence_readers import READERS, ZIP

from varde.core.errors import PluginError
from varde.evidence.warm_up import warm_up

_NOTHING_MORE = """
import io, sys
sys.path.insert(0, {tests!r})
from evidence_readers import READERS, unpack
from varde.evidence.warm_up import warm_up
from varde.testing.archives import make_7z, make_tar, make_zip
archives = [
    (make_zip([("a", b"x" * 99)], 14), "application/zip"),
    (make_tar([("a", b"x" * 99)], "xz"), "application/x-xz"),
    (make_7z([("a", b"x" * 99)]), "application/x-7z-compressed"),
]
warm_up(READERS)
events = []
sys.addaudithook(lambda event, args: events.append(event) if event in ("import", "open", "subprocess.Popen") else None)
for data, mime in archives:
    assert unpack(data, mime).contents == {{b"a": b"x" * 99}}
    unpack(data[:-9], mime), unpack(b"nothing", mime)
assert not events, events
"""


def test_nothing_is_imported_or_opened_afterwards() -> None:
    program = _NOTHING_MORE.format(tests=__file__.rpartition("/")[0])
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_codec_that_does_not_work_is_told() -> None:
    warm_up(READERS)
    with pytest.raises(PluginError, match="application/x-7z-compressed archive is not unpacked"):
        warm_up((ZIP,))
