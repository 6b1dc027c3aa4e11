"""Faces of a whole case, in the sandbox, with the reference models: found, kept, counted, embedded again."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from mixed_exhibit import ACTOR, picture, process
from sqlalchemy import delete, func, select

from varde.core.case import Keeping
from varde.core.outcome import NotComparable, Reason
from varde.media.pool import Pool
from varde.models.pack import Pack, open_pack
from varde.models.registry import models_folder
from varde.pipeline.face_setup import NoFaces
from varde.pipeline.probe_faces import ProbeExaminer, advise
from varde.pipeline.re_embed import re_embed
from varde.store import cases, faces, tables
from varde.store.audit import list_events
from varde.store.face_tables import face_embeddings, face_frames
from varde.store.settings import FILE_NAME
from varde.store.site import Site, open_site
from varde.testing.site_state import describe_state
from varde.workflows.manage_models import add, choose
from varde.workflows.process_case import process_case

SHARED = Path(__file__).parents[3] / "shared"
PHOTOS = SHARED / "data" / "faces" / "photos"

pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not PHOTOS.is_dir(), reason="the shared test material is not beside this repository"),
]
MakeSite = Callable[..., Site]


@pytest.fixture(scope="module")
def added(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    folder = tmp_path_factory.mktemp("models") / "site"
    shutil.copytree(sqlite_template, folder)
    site = open_site(folder)
    pack = add(site, ACTOR, [SHARED / "models"], accepts_licence=True).pack
    site.close()
    return pack.folder


@pytest.fixture(scope="module")
def pack(added: Path) -> Pack:
    return open_pack(added)


@pytest.fixture
def exhibit(tmp_path: Path) -> Path:
    folder = tmp_path / "exhibit"
    folder.mkdir()
    for name in ("two_people.jpg", "short_hamilton_clip.mp4"):
        shutil.copy(PHOTOS / name, folder)
    (folder / "nobody.jpg").write_bytes(picture(1))
    (folder / "note.txt").write_text("no picture")
    return folder


def use(site: Site, added: Path) -> None:
    """Puts the reference pack into a site, as it lies there after it was added once, and chooses it."""
    shutil.copytree(added, models_folder(site.folder) / added.name)
    choose(site, ACTOR, added.name)


@pytest.fixture
def make_lean(make_site: MakeSite) -> Iterator[MakeSite]:
    """Makes sites with one decoder process: loading models takes longer than these few files."""
    made: list[Site] = []

    def make(name: str = "site") -> Site:
        folder = make_site(name).folder
        (folder / FILE_NAME).write_text("[processing]\nworkers = 1\n")
        made.append(open_site(folder))
        return made[-1]

    yield make
    for site in made:
        site.close()


def count(site: Site) -> int:
    with site.database.read() as connection:
        return faces.count_unexamined(connection, cases.get_case(connection, "case").case_id)


def test_a_case_is_looked_at_once_models_are_in_use(make_lean: MakeSite, exhibit: Path, added: Path) -> None:
    site = make_lean()
    process(site, exhibit)
    before = process_case(site, ACTOR, case_name="case", progress=lambda _: None, faces=True)
    assert (before.run.no_faces, before.without_faces) == (NoFaces.NO_PACK, 3)
    assert count(site) == 3
    use(site, added)
    done = process_case(site, ACTOR, case_name="case", progress=lambda _: None, faces=True)
    assert (done.run.items, done.run.no_faces, done.without_faces) == (3, None, 0)
    assert done.run.cpu_s["faces"] > 0
    with site.database.read() as connection:
        found = faces.read_faces(connection, list(connection.execute(select(tables.contents.c.id)).scalars()))
        embeddings = connection.execute(select(func.count()).select_from(face_embeddings)).scalar_one()
    numbers = sorted(len(examination.faces) for examination in found.values())
    assert numbers[0] == 0
    assert numbers[1] >= 2
    assert numbers[2] >= 5
    assert embeddings >= 6
    check_embedding_again(site, open_pack(added))


def check_embedding_again(site: Site, pack: Pack) -> None:
    """Embeddings made again from crops are the same; a crop that is damaged costs only its face."""
    with site.database.write() as connection:
        before = connection.execute(select(face_embeddings).order_by(face_embeddings.c.face_id)).all()
        connection.execute(delete(face_embeddings).where(face_embeddings.c.face_id > before[1].face_id))
        broken = (face_frames.c.face_id == before[-1].face_id, face_frames.c.position == 0)
        connection.execute(face_frames.update().where(*broken).values(crop=b"\xff\xd8 no picture"))
    seen: list[int] = []
    done = re_embed(site, pack, person="test", clock=ACTOR.clock, progress=lambda state: seen.append(state.ended))
    assert (done.total, sum(done.done.values()), sum(done.failed.values())) == (len(before) - 2, len(before) - 3, 1)
    assert seen[-1] == done.total
    with site.database.read() as connection:
        after = connection.execute(select(face_embeddings).order_by(face_embeddings.c.face_id)).all()
        last = list(list_events(connection))[-1]
    assert [row.face_id for row in after] == [row.face_id for row in before[:-1]]
    vectors = [np.frombuffer(b"".join(row.vector for row in rows), "<f4") for rows in (after, before[:-1])]
    np.testing.assert_allclose(*vectors, atol=1e-6)  # sums of equal numbers in another order
    assert last.act == "faces_re_embedded"
    assert last.subject["items"] == len(before) - 3


def test_a_probe_is_answered_with_faces_or_with_what_to_do(pack: Pack, make_site: MakeSite) -> None:
    whole = (PHOTOS / "biden2.jpg").read_bytes()
    with ProbeExaminer(make_site().settings, pack) as examiner:
        wait_for_models(examiner._pool)
        two = examiner.examine(PHOTOS / "two_people.jpg")
        assert not isinstance(two, NotComparable)
        assert len(two.faces) >= 2
        refused = [examiner.examine(data) for data in (picture(3), b"plain text\n", b"", whole[:300], PHOTOS)]
    reasons = [one.reason for one in refused if isinstance(one, NotComparable)]
    assert reasons == [
        Reason.NO_FACE,
        Reason.NOT_A_PICTURE,
        Reason.NOT_A_PICTURE,
        Reason.NOT_DECODED,
        Reason.NOT_A_PICTURE,
    ]
    assert all(advise(reason) for reason in reasons)
    assert isinstance(refused[0], NotComparable)
    assert "0/90/180/270" in refused[0].detail


def wait_for_models(pool: Pool) -> None:
    """Landlock and seccomp bind the thread that asks for them: the models may not have started another before."""
    while not pool.layers:
        pool.wait(1.0)
    if sys.platform == "linux":
        assert len(list(Path(f"/proc/{pool.pids[0]}/task").iterdir())) == 1


@pytest.mark.slow
def test_a_killed_run_finds_the_faces_of_an_undisturbed_one(make_lean: MakeSite, exhibit: Path, added: Path) -> None:
    from test_resume import run_until_killed

    from varde.workflows.open_case import add_exhibit, create_case

    shutil.rmtree(exhibit)
    exhibit.mkdir()
    for path in sorted((SHARED / "data" / "faces" / "lfw").glob("*/*.jpg"))[:40]:
        shutil.copy(path, exhibit)
    undisturbed, killed = make_lean("undisturbed"), make_lean("killed")
    for site in (undisturbed, killed):
        use(site, added)
    process(undisturbed, exhibit)
    create_case(killed, ACTOR, name="case", authorisation="", scheme="vics-us@2.0")
    add_exhibit(killed, ACTOR, case_name="case", path=exhibit, keeping=Keeping.REFERENCE)
    killed.close()
    assert not run_until_killed(killed.folder, 2.9)
    assert run_until_killed(killed.folder, 120)
    resumed = open_site(killed.folder)
    assert describe_state(resumed) == describe_state(undisturbed)
    resumed.close()
