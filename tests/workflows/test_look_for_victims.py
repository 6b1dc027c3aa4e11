from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from people import Clock
from sqlalchemy import func, select

from face_cases import add_case, calibrate, make_face, make_vector, use_made_up_pack
from varde.core.case import Case
from varde.core.errors import NotFound, Refused, WrongUse
from varde.core.face import AgeBracket, Verdict
from varde.core.face_search import ScoreBand, Victim
from varde.pipeline import retro_search
from varde.store import audit, cases, face_leads
from varde.store.face_tables import victim_embeddings, victim_faces
from varde.store.face_writing import FaceModels
from varde.store.site import Site
from varde.workflows import look_back as looking
from varde.workflows.actor import Actor
from varde.workflows.answer_leads import answer_lead, list_leads
from varde.workflows.enrol_victim import add_victim, close_victim, delete_enrolment, enrol_face, expire, read_victim
from varde.workflows.identify import identify, link_cases, list_identifications, list_links

CLOCK = Clock()
ACTOR = Actor("bodil", CLOCK)


@pytest.fixture
def models(site: Site) -> FaceModels:
    return use_made_up_pack(site, ACTOR)


def find_case(site: Site, name: str) -> Case:
    with site.database.read() as connection:
        return cases.get_case(connection, name)


def make_victim(site: Site, case: str = "harbour", **more: object) -> Victim:
    words = {"authorisation": "order 7", "purpose": "identification", "retain_until": None, "case_ids": None, **more}
    return add_victim(site, ACTOR, case, "B", **words)  # type: ignore[arg-type]


def count_acts(site: Site, act: str) -> int:
    with site.database.read() as connection:
        return sum(event.act == act for event in audit.list_events(connection))


def test_new_enrolment_is_compared_with_every_face_once(site: Site, models: FaceModels) -> None:
    (own,) = add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(0),)})
    near, _ = add_case(site, ACTOR, "meadow", models, {"b.jpg": (make_face(0, 0.3),), "c.jpg": (make_face(1),)})
    enrol_face(site, ACTOR, make_victim(site).victim_id, own, case_ids=None)
    (lead,) = list_leads(site, case_ids=None)
    assert lead.sight is not None and lead.sight.face_id == near
    assert lead.score == pytest.approx(0.955, abs=1e-3)
    assert looking.look_back(site, ACTOR).leads == 0 and len(list_leads(site, case_ids=None)) == 1
    assert count_acts(site, "face_leads_found") == 1


def test_new_face_is_compared_with_every_open_victim(site: Site, models: FaceModels) -> None:
    (own,) = add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(0),)})
    enrol_face(site, ACTOR, make_victim(site).victim_id, own, case_ids=None)
    add_case(site, ACTOR, "meadow", models, {"b.jpg": (make_face(0, 0.3),), "c.jpg": (make_face(1),)})
    assert looking.look_back(site, ACTOR).leads == 1
    assert looking.look_back(site, ACTOR) == retro_search.RetroSearch()


def test_lead_is_weighed_as_a_candidate_would_be(site: Site, models: FaceModels) -> None:
    calibrate(site, models)
    adult = AgeBracket(25, 30, 35)
    (own,) = add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(0, age=adult),)})
    pictures = {"b.jpg": (make_face(0, 0.3, age=adult),), "c.jpg": (make_face(0, 0.9),)}
    add_case(site, ACTOR, "meadow", models, pictures)
    enrol_face(site, ACTOR, make_victim(site).victim_id, own, case_ids=None)
    of_child, of_adult = sorted(list_leads(site, case_ids=None), key=lambda one: one.score or 0)
    assert of_adult.log10_lr == pytest.approx(8 * 0.9553 - 4, abs=1e-3) and of_adult.band is ScoreBand.ABOVE
    assert of_child.log10_lr is None


def test_lead_keeps_the_band_its_score_had(site: Site, models: FaceModels) -> None:
    (own,) = add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(0),)})
    pictures = {"b.jpg": (make_face(0, 0.1),), "c.jpg": (make_face(0, 0.95),)}
    add_case(site, ACTOR, "meadow", models, pictures)
    enrol_face(site, ACTOR, make_victim(site).victim_id, own, case_ids=None)
    bands = {round(one.score or 0, 2): one.band for one in list_leads(site, case_ids=None)}
    assert bands == {1.0: ScoreBand.FAR_ABOVE, 0.58: ScoreBand.ABOVE}


def test_models_without_a_threshold_make_no_leads_and_say_why(site: Site) -> None:
    models = use_made_up_pack(site, ACTOR, with_thresholds=False)
    (own,) = add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(0),)})
    add_case(site, ACTOR, "meadow", models, {"b.jpg": (make_face(0, 0.3),), "c.jpg": (make_face(1),)})
    assert looking.explain_no_leads(site, ACTOR) is None  # nobody is looked for
    enrol_face(site, ACTOR, make_victim(site).victim_id, own, case_ids=None)
    refused = looking.look_back(site, ACTOR).refused
    assert refused is not None and "threshold" in refused.detail and "varde models" in refused.detail
    assert looking.explain_no_leads(site, ACTOR) == refused
    assert list_leads(site, case_ids=None) == []
    calibrate(site, models)  # which has thresholds: nothing was marked as compared
    assert looking.look_back(site, ACTOR).leads == 1


def test_each_side_of_a_lead_sees_whom_to_ask(site: Site, models: FaceModels) -> None:
    (own,) = add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(0),)})
    add_case(site, ACTOR, "meadow", models, {"secret.jpg": (make_face(0, 0.3),)})
    enrol_face(site, ACTOR, make_victim(site).victim_id, own, case_ids=None)
    harbour, meadow = (frozenset({find_case(site, name).case_id}) for name in ("harbour", "meadow"))
    (of_victim,) = list_leads(site, case_ids=harbour)
    assert of_victim.victim is not None and of_victim.sight is None and of_victim.score is None
    assert "secret" not in repr(of_victim) and "meadow" not in repr(of_victim)
    (of_face,) = list_leads(site, case_ids=meadow)
    assert of_face.victim is None and of_face.sight is not None and "harbour" not in repr(of_face)
    assert list_leads(site, case_ids=frozenset()) == []
    for side in (harbour, meadow):
        with pytest.raises(NotFound):
            answer_lead(site, ACTOR, of_face.lead_id, Verdict.SAME, case_ids=side)
    assert answer_lead(site, ACTOR, of_face.lead_id, Verdict.SAME, case_ids=harbour | meadow).verdict is Verdict.SAME
    assert list_leads(site, case_ids=None) == []


def test_comparing_goes_on_where_it_was_cut_off(
    site: Site, models: FaceModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    (own,) = add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(0),)})
    enrol_face(site, ACTOR, make_victim(site).victim_id, own, case_ids=None)
    pictures = {f"{number}.jpg": (make_face(0, 0.01 * number),) for number in range(1, 7)}
    add_case(site, ACTOR, "meadow", models, pictures)
    monkeypatch.setattr(retro_search, "_BATCH", 2)
    move_mark, calls = face_leads.move_mark, []

    def stop_third(*given: object) -> None:
        calls.append(given)
        if len(calls) == 3:
            raise KeyboardInterrupt
        move_mark(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(face_leads, "move_mark", stop_third)
    with pytest.raises(KeyboardInterrupt):
        looking.look_back(site, ACTOR)
    before = len(list_leads(site, case_ids=None))
    monkeypatch.setattr(face_leads, "move_mark", move_mark)
    looking.look_back(site, ACTOR)
    assert 0 < before < 6 and len(list_leads(site, case_ids=None)) == 6


def test_deleted_enrolment_leaves_no_row_and_no_bytes(sqlite_site: Site) -> None:
    site, models = sqlite_site, use_made_up_pack(sqlite_site, ACTOR)
    (own,) = add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(0, 0.123),)})
    made = enrol_face(site, ACTOR, make_victim(site).victim_id, own, case_ids=None)
    vector = make_vector(0, 0.123).tobytes()
    copies = count_bytes(site.folder, vector)
    delete_enrolment(site, ACTOR, made.enrolment_id, case_ids=None)
    with site.database.read() as connection:
        for table in (victim_faces, victim_embeddings):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0
    with site.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    assert count_bytes(site.folder, vector) < copies
    assert count_acts(site, "enrolment_deleted") == 1


def count_bytes(folder: Path, wanted: bytes) -> int:
    return sum(file.read_bytes().count(wanted) for file in folder.rglob("*") if file.is_file())


def test_enrolments_expire_at_their_end(site: Site, models: FaceModels) -> None:
    (own,) = add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(0),)})
    victim = make_victim(site, retain_until=CLOCK() + timedelta(days=2))
    enrol_face(site, ACTOR, victim.victim_id, own, case_ids=None)
    assert expire(site, ACTOR).enrolments == 0
    CLOCK.forward(days=3)
    done = expire(site, ACTOR)
    assert (done.enrolments, done.victims) == (1, 1)
    assert read_victim(site, victim.victim_id, case_ids=None)[1] == ()


def test_closed_victim_is_looked_for_no_more(site: Site, models: FaceModels) -> None:
    (own,) = add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(0),)})
    victim = make_victim(site)
    enrol_face(site, ACTOR, victim.victim_id, own, case_ids=None)
    close_victim(site, ACTOR, victim.victim_id, case_ids=None)
    add_case(site, ACTOR, "meadow", models, {"b.jpg": (make_face(0, 0.3),)})
    assert looking.look_back(site, ACTOR).leads == 0
    with pytest.raises(Refused, match="closed"):
        enrol_face(site, ACTOR, victim.victim_id, own, case_ids=None)


def test_alias_is_taken_once_in_a_case(site: Site, models: FaceModels) -> None:
    add_case(site, ACTOR, "harbour", models, {"a.jpg": ()})
    make_victim(site)
    with pytest.raises(WrongUse, match="already"):
        make_victim(site)
    with pytest.raises(NotFound):
        make_victim(site, case_ids=frozenset())


def test_identification_is_revoked_by_a_later_one(site: Site, models: FaceModels) -> None:
    (own,) = add_case(site, ACTOR, "harbour", models, {"a.jpg": (make_face(0),)})
    victim = make_victim(site)
    for verdict in (Verdict.SAME, Verdict.DIFFERENT):
        identify(site, ACTOR, victim.victim_id, own, verdict=verdict, note="seen twice", case_ids=None)
    decided = list_identifications(site, victim_id=victim.victim_id, case_ids=None)
    assert [one.verdict for one in decided] == [Verdict.SAME, Verdict.DIFFERENT]
    with pytest.raises(WrongUse, match="note"):
        identify(site, ACTOR, victim.victim_id, own, verdict=Verdict.SAME, note=" ", case_ids=None)
    with pytest.raises(WrongUse, match="printable"):
        identify(site, ACTOR, victim.victim_id, own, verdict=Verdict.SAME, note="a\x00\x1b[2J", case_ids=None)
    with pytest.raises(NotFound):
        identify(site, ACTOR, victim.victim_id, own, verdict=Verdict.SAME, note="x", case_ids=frozenset())


def test_cases_are_linked_by_people_who_see_both(site: Site, models: FaceModels) -> None:
    for name in ("harbour", "meadow"):
        add_case(site, ACTOR, name, models, {f"{name}.jpg": ()})
    one = frozenset({find_case(site, "harbour").case_id})
    with pytest.raises(NotFound):
        link_cases(site, ACTOR, "harbour", "meadow", is_linked=True, note="one child", case_ids=one)
    link_cases(site, ACTOR, "harbour", "meadow", is_linked=True, note="one child", case_ids=None)
    assert len(list_links(site, case_ids=None)) == 1 and list_links(site, case_ids=one) == ()
    with pytest.raises(WrongUse, match="itself"):
        link_cases(site, ACTOR, "harbour", "harbour", is_linked=True, note="x", case_ids=None)
