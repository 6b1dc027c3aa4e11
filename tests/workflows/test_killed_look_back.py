"""Comparing new faces with victims in a process that is killed for real, with leads written and not yet kept."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from face_cases import add_case, make_face, use_made_up_pack
from varde.store import audit, face_leads
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.answer_leads import list_leads
from varde.workflows.enrol_victim import add_victim, enrol_face
from varde.workflows.look_back import look_back

ACTOR = Actor("bodil")
FACES, BATCH, KILLED_AT = 7, 2, 3
CHILD = f"""
import os, signal, sys
from pathlib import Path
from varde.pipeline import retro_search
from varde.store import face_leads
from varde.store.site import open_site
from varde.workflows.actor import Actor
from varde.workflows.look_back import look_back

retro_search._BATCH = {BATCH}
move_mark, calls = face_leads.move_mark, []

def kill_third(*given):
    calls.append(given)
    move_mark(*given)
    if len(calls) == {KILLED_AT}:
        os.kill(os.getpid(), signal.SIGKILL)

face_leads.move_mark = kill_third
look_back(open_site(Path(sys.argv[1])), Actor("bodil"))
"""


def look_back_and_die(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", CHILD, str(folder)], capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def test_killed_comparison_keeps_whole_batches_and_is_gone_on_with(sqlite_site: Site) -> None:
    site, models = sqlite_site, use_made_up_pack(sqlite_site, ACTOR)
    (own,) = add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(0),)})
    words = {"authorisation": "order 7", "purpose": "identification"}
    victim = add_victim(site, ACTOR, "harbour", "B", retain_until=None, case_ids=None, **words)
    enrol_face(site, ACTOR, victim.victim_id, own, case_ids=None)
    new = {f"{number}.jpg": (make_face(0, 0.01 * number),) for number in range(1, FACES + 1)}
    ids = add_case(site, ACTOR, "meadow", models, new)

    look_back_and_die(site.folder)

    kept = sorted(one.sight.face_id for one in list_leads(site, case_ids=None) if one.sight)
    assert kept == ids[: BATCH * (KILLED_AT - 1)]
    with site.database.read() as connection:
        assert face_leads.read_mark(connection, models.embedder_id, "victims") == kept[-1]
    assert look_back(site, ACTOR).leads == FACES - len(kept)
    assert sorted(one.sight.face_id for one in list_leads(site, case_ids=None) if one.sight) == ids
    with site.database.read() as connection:
        told = [event.subject["leads"] for event in audit.list_events(connection) if event.act == "face_leads_found"]
    assert sum(int(leads or 0) for leads in told) == FACES
