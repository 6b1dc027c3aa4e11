"""The real decoder, with everything it imports, inside its sandbox."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from varde.media.pool import Pool
from varde.media.sandbox import SandboxLimits


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells about threads on Linux only")
def test_no_library_leaves_a_thread_outside_of_the_sandbox() -> None:
    """Landlock and seccomp bind the thread that asks for them and those it starts afterwards, no earlier one."""
    with Pool("varde.pipeline.examine:prepare", 1, SandboxLimits(4 << 30)) as pool:
        while not pool.layers:
            pool.wait(1.0)
        if "seccomp" not in pool.layers:
            pytest.skip("this machine has no seccomp")
        threads = list(Path(f"/proc/{pool.pids[0]}/task").iterdir())
        for thread in threads:
            status = dict(
                line.split(":\t", 1) for line in (thread / "status").read_text().splitlines() if ":\t" in line
            )
            assert (status["Seccomp"], status["NoNewPrivs"]) == ("2", "1")
    assert len(threads) == 1
