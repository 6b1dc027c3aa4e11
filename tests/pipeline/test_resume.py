import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from mixed_exhibit import ACTOR, process, write_mixed_exhibit

from varde.core.case import Keeping
from varde.store.site import Site, open_site
from varde.testing.site_state import describe_state
from varde.workflows.keep_audit import verify_audit
from varde.workflows.open_case import add_exhibit, create_case

MakeSite = Callable[..., Site]


def run_until_killed(site: Path, after_s: float) -> bool:
    """Starts a run in a process of its own and kills it after a time; returns whether it came to its end before."""
    command = [sys.executable, "-m", "varde.cli.main", "--site", str(site), "process", "case"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as running:
        try:
            running.communicate(timeout=after_s)
        except subprocess.TimeoutExpired:
            running.kill()
            running.communicate()
    return running.returncode in {0, 1}


@pytest.mark.slow
@pytest.mark.parametrize("keeping", [Keeping.REFERENCE, Keeping.COPY])
def test_a_run_killed_at_random_moments_ends_in_the_state_of_an_undisturbed_one(
    make_site: MakeSite, tmp_path: Path, keeping: Keeping
) -> None:
    write_mixed_exhibit(tmp_path / "exhibit", pictures=400)
    undisturbed = make_site("undisturbed")
    process(undisturbed, tmp_path / "exhibit", keeping=keeping)
    killed = make_site("killed")
    create_case(killed, ACTOR, name="case", authorisation="", scheme="vics-us@2.0")
    add_exhibit(killed, ACTOR, case_name="case", path=tmp_path / "exhibit", keeping=keeping)
    killed.close()
    rng = random.Random(11)
    kills = 0
    while kills < 6:
        if run_until_killed(killed.folder, rng.uniform(0.3, 2.5)):
            break
        kills += 1
    assert run_until_killed(killed.folder, 120)
    assert kills >= 1
    resumed = open_site(killed.folder)
    assert describe_state(resumed) == describe_state(undisturbed)
    verify_audit(resumed, None)
    assert list(resumed.spool.iterdir()) == []
    resumed.close()


@pytest.mark.slow
def test_killed_decoder_processes_cost_at_most_the_file_they_had(make_site: MakeSite, tmp_path: Path) -> None:
    write_mixed_exhibit(tmp_path / "exhibit", pictures=300)
    site = make_site()
    create_case(site, ACTOR, name="case", authorisation="", scheme="vics-us@2.0")
    add_exhibit(site, ACTOR, case_name="case", path=tmp_path / "exhibit", keeping=Keeping.REFERENCE)
    command = [sys.executable, "-m", "varde.cli.main", "--site", str(site.folder), "process", "case"]
    kills = done = 0
    with subprocess.Popen(command, stderr=subprocess.PIPE) as running:
        while running.poll() is None and kills < 5:
            time.sleep(0.02)
            done, before = _count_done(site), done
            if done > before:  # those that are killed while they start end the run after the third, as they should
                with suppress(psutil.Error, ValueError):
                    max(psutil.Process(running.pid).children(), key=lambda child: child.cpu_times().user).kill()
                    kills += 1
        running.communicate(timeout=120)
    assert kills
    assert running.returncode in {0, 1}
    with site.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT state, count(*) FROM items GROUP BY state").all()
        blamed = connection.exec_driver_sql("SELECT count(*) FROM issues WHERE code = 'decoder_crashed'").scalar_one()
    assert [state for state, _ in rows] == ["done"]
    assert blamed <= kills


def _count_done(site: Site) -> int:
    with site.database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM items WHERE state = 'done'").scalar_one())
