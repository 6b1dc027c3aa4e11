"""Kills a run at random moments until it has been killed often enough, and compares its end with an undisturbed run's.

Usage: python benchmarks/resume.py FOLDER [--kills 20] [--pictures 8000] [--seed 1]

The exhibit holds small pictures beside one of everything `varde.testing.exhibits` makes: nested archives, damaged
files, odd names. The kill is SIGKILL of the main process; the state is compared row by row without row numbers.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from scale import command, make_pictures

from varde.store.site import open_site
from varde.testing.exhibits import write_exhibit
from varde.testing.site_state import describe_state
from varde.workflows.keep_audit import verify_audit

LONGEST_S = 3.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--pictures", type=int, default=8000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    evidence = arguments.folder / "evidence"
    if not evidence.exists():
        write_exhibit(evidence / "mixed", np.random.default_rng(arguments.seed))
        make_pictures(evidence / "small", arguments.pictures)
    stamp = int(time.time())
    undisturbed = prepare(arguments.folder / f"undisturbed-{stamp}", evidence)
    seconds = time.perf_counter()
    finish(undisturbed)
    print(f"undisturbed run: {time.perf_counter() - seconds:.1f} s", flush=True)
    killed = prepare(arguments.folder / f"killed-{stamp}", evidence)
    kills = kill_often(killed, arguments.kills, random.Random(arguments.seed))
    finish(killed)
    compare(undisturbed, killed, kills)


def prepare(site: Path, evidence: Path) -> Path:
    for words in (("init", str(site)), ("case", "new", "case"), ("exhibit", "add", "case", str(evidence))):
        subprocess.run(command(site, *words), check=True, capture_output=True)
    return site


def finish(site: Path) -> None:
    done = subprocess.run(command(site, "process", "case"), capture_output=True, text=True)
    if done.returncode not in {0, 1}:
        sys.exit(done.stderr)


def kill_often(site: Path, wanted: int, rng: random.Random) -> int:
    """Returns how often the run was killed before it came to its end."""
    for kills in range(wanted):
        with subprocess.Popen(command(site, "process", "case"), stderr=subprocess.DEVNULL) as running:
            try:
                running.wait(rng.uniform(0.2, LONGEST_S))
            except subprocess.TimeoutExpired:
                running.kill()
            else:
                return kills
    return wanted


def compare(undisturbed: Path, killed: Path, kills: int) -> None:
    first, second = open_site(undisturbed), open_site(killed)
    states = describe_state(first), describe_state(second)
    for table, rows in states[0].items():
        print(f"{table}: {len(rows)} rows, {'equal' if rows == states[1][table] else 'DIFFERENT'}")
    verify_audit(second, None)
    left = [path.name for path in second.spool.iterdir()]
    equal = states[0] == states[1] and not left
    print(f"killed {kills} times; final state {'equals' if equal else 'DIFFERS FROM'} the undisturbed one's")
    sys.exit(0 if equal else 1)


if __name__ == "__main__":
    main()
