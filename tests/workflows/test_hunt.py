"""Behaviour of `varde.workflows.hunt`: what it tells, what a release does, and that `kill -9` changes nothing."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from varde.core.errors import NotFound, SiteBusy
from varde.core.known import EntryState, KnownAct, KnownEntry, SetDelta, SetRole
from varde.store import audit, floods, tables
from varde.store.find_known import EntryWords
from varde.store.known_at import read_known_at
from varde.store.settings import FILE_NAME
from varde.store.site import Site, open_site
from varde.workflows.actor import Actor
from varde.workflows.hunt import hunt, release_entry
from varde.workflows.update_known_set import apply_delta, create_set
from varde.workflows.withdraw_known import Target, change_known

ACTOR = Actor("A. Hunter")
AT = datetime(2026, 10, 1, tzinfo=UTC)
_CHILD = """
import sys
from pathlib import Path
from varde.core.known import KnownAct
from varde.store.find_known import EntryWords
from varde.store.site import open_site
from varde.workflows.actor import Actor
from varde.workflows.hunt import hunt
from varde.workflows.withdraw_known import Target, change_known
site = open_site(Path(sys.argv[1]))
actor = Actor("child")
print("ready", flush=True)
if sys.argv[2] == "withdraw":
    change_known(site, actor, KnownAct.WITHDRAWN, Target("list", None, EntryWords(tuple(sys.argv[3:]))), "wrong")
else:
    hunt(site, actor)
print("done", flush=True)
"""


def hash_of(chance: random.Random) -> bytes:
    half = chance.randbytes(16)
    return half + bytes(255 - byte for byte in half)


def add_contents(connection: Connection, hashes: list[bytes]) -> None:
    newest = len(connection.execute(select(tables.contents.c.id)).all())
    fixed = {"size_bytes": 1, "kind": "picture", "mime": "image/jpeg", "metadata": []}
    signal_row = {"method": "pdq", "version": "1", "position": 0, "quality": 100}
    for number, value in enumerate(hashes, newest + 1):
        digest = number.to_bytes(32, "big")
        row = {"id": number, "sha256": digest, "sha1": digest[12:], "md5": digest[16:]}
        connection.execute(insert(tables.contents).values(**row, **fixed))
        connection.execute(insert(tables.signals).values(content_id=number, **signal_row, value=value))


def add_entries(site: Site, hashes: list[bytes], *, name: str = "list") -> int:
    words = {"name": name, "version": "1", "owner": "", "scheme": "", "format": "api", "source": ""}
    set_id = create_set(site, ACTOR, role=SetRole.ALERT, **words)
    entries = [KnownEntry(n, pdq=((value, 100, None),), source_id=f"e{n}") for n, value in enumerate(hashes, 1)]
    apply_delta(site, ACTOR, set_id, SetDelta(upserts=tuple(entries)), "test")
    return set_id


def findings(site: Site) -> list[tuple[object, ...]]:
    table = tables.findings.c
    columns = (table.content_id, table.entry_id, table.family, table.distance, table.suppressed_by)
    with site.database.read() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(*columns[:3]))]


def held(site: Site) -> list[tuple[int, int]]:
    with site.database.read() as connection:
        return [(flood.entry_id, flood.counted) for flood in floods.list_floods(connection) if flood.lasts]


def limit_floods(site: Site, most: int) -> Site:
    site.close()
    path = site.folder / FILE_NAME
    path.write_text(path.read_text("utf-8") + f"[matching]\nflood_limit = {most}\n", "utf-8")
    return open_site(site.folder)


def test_a_hunt_is_audited_where_there_was_something_to_compare(site: Site) -> None:
    chance = random.Random(1)
    values = [hash_of(chance) for _ in range(3)]
    with site.database.write() as connection:
        add_contents(connection, values)
    add_entries(site, values[:2])
    assert hunt(site, ACTOR).count.perceptual == 2
    assert hunt(site, ACTOR).was_up_to_date
    with site.database.read() as connection:
        acts = [event.act for event in audit.list_events(connection) if event.act.startswith("hunt")]
    assert acts == ["hunt_started", "hunt_finished"]


def test_a_hunt_waits_for_no_run(site: Site) -> None:
    with site.processing_lock(), pytest.raises(SiteBusy):
        hunt(site, ACTOR)


def test_a_released_entry_gets_all_its_matches(site: Site) -> None:
    site = limit_floods(site, 3)
    chance = random.Random(2)
    value = hash_of(chance)
    with site.database.write() as connection:
        add_contents(connection, [value] * 8 + [hash_of(chance)])
    add_entries(site, [value])
    assert hunt(site, ACTOR).count.flooded == 5
    assert held(site) == [(1, 5)]
    with pytest.raises(NotFound, match="no entry 'e2'"):
        release_entry(site, ACTOR, "list", None, "e2")
    release_entry(site, ACTOR, "list", None, "e1")
    assert (len(findings(site)), held(site)) == (8, [])
    with pytest.raises(NotFound, match="not in quarantine"):
        release_entry(site, ACTOR, "list", None, "e1")
    with site.database.write() as connection:
        add_contents(connection, [value])
    assert hunt(site, ACTOR).count.flooded == 0
    assert len(findings(site)) == 9
    site.close()


def test_killed_hunts_and_withdrawals_leave_what_undisturbed_ones_do(sqlite_site: Site, tmp_path: Path) -> None:
    site = limit_floods(sqlite_site, 50)
    chance = random.Random(3)
    values = [hash_of(chance) for _ in range(40)]
    with site.database.write() as connection:
        add_contents(connection, [chance.choice(values) for _ in range(1_500)] + [values[0]] * 200)
    hunt(site, ACTOR)
    add_entries(site, values)
    names = [f"e{number}" for number in range(1, 31)]
    site.close()
    shutil.copytree(site.folder, tmp_path / "undisturbed")
    for words in (["hunt"], ["withdraw", *names]):
        kills = 0
        for delay_ms in (0, 2, 5, 10, 20, 40, 80, 160, 320):
            kills += run_and_kill(site.folder, words, delay_ms / 1000)
        assert kills
        finish(site.folder, words)
        finish(tmp_path / "undisturbed", words)
    killed, undisturbed = open_site(site.folder), open_site(tmp_path / "undisturbed")
    assert findings(killed) == findings(undisturbed)
    assert held(killed) == held(undisturbed)
    assert states(killed) == states(undisturbed)
    for one in (killed, undisturbed):
        one.close()


def run_and_kill(folder: Path, words: list[str], delay_s: float) -> bool:
    """Returns whether the child was killed before it was done."""
    command = [sys.executable, "-c", _CHILD, str(folder), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(delay_s)
        child.send_signal(signal.SIGKILL)
        return "done" not in child.stdout.read()


def finish(folder: Path, words: list[str]) -> None:
    site = open_site(folder)
    if words[0] == "hunt":
        hunt(site, ACTOR)
    else:
        target = Target("list", None, EntryWords(tuple(words[1:])))
        change_known(site, ACTOR, KnownAct.WITHDRAWN, target, "wrong")
    site.close()


def states(site: Site) -> list[EntryState | None]:
    with site.database.read() as connection:
        known = read_known_at(connection, datetime.now(UTC))
        table = tables.known_entries.c
        rows = connection.execute(select(table.set_id, table.id, table.state).order_by(table.id)).all()
    assert [known.find_state(row.set_id, row.id) for row in rows] == [EntryState(row.state) for row in rows]
    return [EntryState(row.state) for row in rows]
