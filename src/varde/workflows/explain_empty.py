"""Why a candidate list is empty, and what to do: never an empty list without a reason."""

from __future__ import annotations

from collections.abc import Sequence

from varde.core.face_search import EmptyList, EmptyReason, ScoreBand
from varde.core.outcome import Reason
from varde.pipeline.probe_faces import advise
from varde.workflows.take_probes import TakenProbe

_UNREADABLE = {Reason.NOT_DECODED, Reason.NOT_A_PICTURE, Reason.TOO_LARGE}


def for_probes(taken: Sequence[TakenProbe]) -> EmptyList:
    """Returns why no probe could be searched with, by the first of them."""
    why = next(one.new.probe.unused for one in taken if one.new.probe.unused is not None)
    reason = EmptyReason.PROBE_NOT_COMPARABLE
    if why.reason is Reason.NO_FACE:
        reason = EmptyReason.NO_FACE_IN_PROBE
    elif why.reason in _UNREADABLE:
        reason = EmptyReason.PROBE_UNREADABLE
    return EmptyList(reason, why.detail, advise(why.reason) or "Search with another picture of the person.")


def for_scope(unexamined: int, *, in_case: bool) -> EmptyList:
    """Returns why there was nothing to compare the probes with."""
    where = "this case" if in_case else "this site"
    if unexamined:
        return EmptyList(
            EmptyReason.NOTHING_EXAMINED,
            f"{unexamined:,} pictures and videos of {where} wait to be looked at for faces; none was yet.",
            "`varde process CASE --faces` looks at them. Then search again.",
        )
    return EmptyList(
        EmptyReason.NO_FACES_IN_SCOPE,
        f"{where.capitalize()} has no face that can be compared by the models in use.",
        "`varde item list CASE` shows what the case has, `varde issue list CASE` what could not be examined; after a "
        "change of models `varde faces re-embed` makes faces comparable again.",
    )


def for_threshold(band: ScoreBand | None, *, elsewhere: int, dropped: bool) -> EmptyList:
    """Returns why no face was close enough.

    Args:
        band: of the nearest face that the person may see; None where there was none.
        elsewhere: how many cases without access have candidates.
        dropped: whether any face was compared.
    """
    if elsewhere:
        return EmptyList(
            EmptyReason.ONLY_ELSEWHERE,
            f"Nobody close enough is in what was searched and is yours to see; {elsewhere} other "
            f"{'case has' if elsewhere == 1 else 'cases have'} candidates.",
            "Ask the people named beside them.",
        )
    if not dropped or band is None:
        return EmptyList(
            EmptyReason.NO_FACES_IN_SCOPE,
            "There is no other face to compare with than the probe's own picture.",
            "Search in another case, or everywhere.",
        )
    near = "just below" if band is ScoreBand.JUST_BELOW else "far below"
    return EmptyList(
        EmptyReason.BELOW_THRESHOLD,
        f"No face is close enough for a gallery of this size; the nearest is {near} the threshold.",
        "Search with another picture of the person, with several, or with a higher --far, which lists more people "
        "who are not the one; --far 1 lists the closest whatever they score. That nobody is listed does not say that "
        "the person is not there.",
    )
