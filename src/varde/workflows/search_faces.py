"""Searches for a face in one case or everywhere. The result is a list of candidates: a person identifies, not Varde."""

from __future__ import annotations

import hashlib
import math
from dataclasses import replace
from typing import Final

import numpy as np

from varde.core.audit import Act
from varde.core.case import Case
from varde.core.errors import WrongUse
from varde.core.face import SearchScope
from varde.core.face_search import FaceSearch, SearchOrder
from varde.store import audit, cases, face_searches
from varde.store.face_searches import NewSearch
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.approve import demand
from varde.workflows.face_models import FaceModelsInUse, ensure_models, open_models
from varde.workflows.list_candidates import CandidateList, make_list
from varde.workflows.read_searches import read_search
from varde.workflows.take_probes import TakenProbe, take_probes

MOST_PROBES: Final = 20
MOST_LISTED: Final = 200
MOST_CHARACTERS: Final = 500
"""Of a purpose, and of an authorisation."""

Facts = dict[str, str | int | None]


def search(
    site: Site, actor: Actor, order: SearchOrder, *, builtin: bool = False, rng: np.random.Generator | None = None
) -> FaceSearch:
    """Returns the candidates of a search, now kept and audited, or why there are none and what to do.

    Args:
        site, actor: where and who.
        order: what is searched.
        builtin: whether the builtin models are taken into use where none are; the result says so.
        rng: draws fillers.

    Raises:
        NotFound: if the case, a file, an item or a face is not there, or not for this person to see.
        WrongUse: if something is missing or out of range.
        ApprovalNeeded: if the site leaves searches of everything to nobody alone.
        Refused: if no models are in use.
    """
    case = _check_order(site, order)
    taken_up = builtin and ensure_models(site, actor)
    models = open_models(site, actor)
    taken = take_probes(site, order, models.pack, models.model_id)
    if order.scope is SearchScope.EVERYWHERE:
        subject: Facts = {"authorisation": order.authorisation, "probes": _digest(taken, order)}
        demand(site, actor, act=Act.FACES_SEARCHED_EVERYWHERE, case=case, subject=subject, reason=order.purpose)
    listed = make_list(site, models, order, case, taken, rng or np.random.default_rng(), actor.clock())
    if taken_up:
        notes = ("No face models were chosen: the builtin ones are used (`varde models list` shows others).",)
        listed = replace(listed, notes=(*notes, *listed.notes))
    search_id = _record(site, actor, order, case, models, taken, listed)
    found = read_search(site, search_id, person=actor.person, case_ids=order.case_ids)
    names = {one.new.probe.position: one.new.probe.name for one in taken}
    return replace(found, probes=tuple(replace(probe, name=names[probe.position]) for probe in found.probes))


def _check_order(site: Site, order: SearchOrder) -> Case | None:
    if not 1 <= len(order.probes) <= MOST_PROBES:
        raise WrongUse(f"search with 1 to {MOST_PROBES} probes", advice="Each should show the same person.")
    if not 1 <= order.top_k <= MOST_LISTED or not 0 < order.far <= 1 or order.fillers < 0:
        raise WrongUse(
            f"a list has 1 to {MOST_LISTED} candidates, and a false-alarm rate is above 0 and at most 1",
            advice="A rate of 1 lists the closest faces whatever they score.",
        )
    if order.scope is SearchScope.EVERYWHERE:
        for name, text in (("purpose", order.purpose), ("authorisation", order.authorisation)):
            if not text.strip() or len(text) > MOST_CHARACTERS or not text.isprintable():
                raise WrongUse(
                    f"a search of everything needs a {name} of 1 to {MOST_CHARACTERS} printable characters",
                    advice="Both are kept in the audit log.",
                )
    elif order.case is None:
        raise WrongUse("say which case is searched")
    if order.case is None:
        return None
    with site.database.read() as connection:
        return cases.get_case(connection, order.case, order.case_ids)


def _digest(taken: list[TakenProbe], order: SearchOrder) -> str:
    """Returns what an approval is about: these probes, these faces of them."""
    digest = hashlib.sha256(order.rule.value.encode())
    for one in taken:
        digest.update(one.new.source_sha256 + one.new.probe.used.to_bytes(4, "big"))
    return digest.hexdigest()[:16]


def _record(
    site: Site,
    actor: Actor,
    order: SearchOrder,
    case: Case | None,
    models: FaceModelsInUse,
    taken: list[TakenProbe],
    listed: CandidateList,
) -> int:
    at = actor.clock()
    new = NewSearch(
        case_id=case.case_id if case else None,
        scope=order.scope,
        rule=order.rule,
        purpose=order.purpose,
        authorisation=order.authorisation or (case.authorisation.reference if case else ""),
        model_id=models.model_id,
        calibration_id=models.scale.calibration_id,
        gallery_faces=listed.gallery_faces,
        settings=listed.describe() | {"calibration": models.scale.words, "far": order.far},
        reason=listed.empty.reason.value if listed.empty else None,
    )
    everywhere = order.scope is SearchScope.EVERYWHERE
    act = Act.FACES_SEARCHED_EVERYWHERE if everywhere else Act.FACES_SEARCHED
    with site.database.write() as connection:
        search_id = face_searches.record_search(
            connection, new, [one.new for one in taken], listed.candidates, person=actor.person, at=at
        )
        subject: Facts = {
            "search": search_id,
            "case": case.name if case else None,
            "model": str(models.model),
            "calibration": models.scale.words,
            "threshold": f"{listed.threshold:.4f}" if math.isfinite(listed.threshold) else "none",
            "far": f"{order.far:g}",
            "gallery": listed.gallery_faces,
            "not_examined": listed.not_examined,
            "probes": len(taken),
            "rule": order.rule.value,
            "candidates": len(listed.candidates),
            "elsewhere": len(listed.elsewhere),
            "reason": new.reason,
        }
        if everywhere:
            subject |= {"purpose": order.purpose, "authorisation": order.authorisation}
        audit.append_event(connection, at=at, person=actor.person, act=act, subject=subject)
    return search_id
