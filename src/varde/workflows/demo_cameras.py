"""Compares a small second case of the demo with a synthetic camera, to show it and to check an installation.

It comes before the faces: once face models are in use, processing looks for faces in this case too, which takes longer
than all the rest of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from varde.core.camera import LikelihoodRatio
from varde.core.camera_comparison import CameraComparison, CompareOrder, ItemToCompare
from varde.core.case import Keeping
from varde.core.errors import VardeError
from varde.reports.camera_words import write_ratio
from varde.store import records
from varde.store.site import Site
from varde.testing.demo_cameras import CAMERA, CameraMaterial, write_cameras
from varde.testing.demo_material import SCHEME
from varde.workflows.actor import Actor
from varde.workflows.compare_camera import compare_camera, list_comparable_items
from varde.workflows.enrol_camera import EnrolOrder, enrol_camera
from varde.workflows.give_access import give_access
from varde.workflows.open_case import add_exhibit, create_case
from varde.workflows.process_case import process_case

CASE = "cameras"
_AUTHORISATION = "none needed: synthetic sensors"
_ADVICE = "This installation does not work as it should: please report it with the output of `varde doctor`."


@dataclass(frozen=True, slots=True)
class CamerasShown:
    """What the demo's comparison with a camera found: all that its material promised.

    Attributes:
        camera: name of the camera.
        references: pictures that its fingerprint was made from.
        supporting: pictures whose likelihood ratio supports that the camera took them.
        least: the lowest of those ratios.
        not_supporting: pictures with a ratio that does not.
        not_assessable: pictures without a ratio.
    """

    camera: str
    references: int
    supporting: int
    least: LikelihoodRatio
    not_supporting: int
    not_assessable: int


def show_cameras(site: Site, folder: Path, actor: Actor, account: str) -> CamerasShown:
    """Returns what comparing the pictures of the case `CASE` with a camera gave.

    Args:
        site, actor: where and who.
        folder: of the demo; gets the exhibit and the references.
        account: who gets access to the case.

    Raises:
        VardeError: if the camera cannot be enrolled, or if not exactly the pictures that it took speak for it.
    """
    material = write_cameras(folder)
    create_case(site, actor, name=CASE, authorisation=_AUTHORISATION, scheme=SCHEME)
    give_access(site, actor, case_name=CASE, account_name=account)
    add_exhibit(site, actor, case_name=CASE, path=material.evidence, keeping=Keeping.REFERENCE)
    process_case(site, actor, case_name=CASE, progress=lambda _: None)
    references = _enrol(site, material, actor)
    return check_comparisons(_compare(site, actor), material, references)


def check_comparisons(made: Mapping[str, CameraComparison], material: CameraMaterial, references: int) -> CamerasShown:
    """Returns what comparisons of the demo's pictures with its camera gave.

    Args:
        made: by the locator of the picture.
        material: what they must show.
        references: pictures that the camera's fingerprint was made from.

    Raises:
        VardeError: if not exactly the pictures that the camera took speak for it, or one was not compared.
    """
    weighed = {place: one.likelihood for place, one in made.items() if isinstance(one.likelihood, LikelihoodRatio)}
    supporting = {place: ratio for place, ratio in weighed.items() if ratio.log10_lr > 0}
    everything = material.by_camera | material.by_other | material.by_none
    wrong = (supporting.keys() ^ material.by_camera) | (made.keys() ^ everything)
    if wrong:
        told = "; ".join(f"{place}: {_tell(made.get(place))}" for place in sorted(wrong))
        raise VardeError(f"the comparison with camera {CAMERA} went wrong: {told}", advice=_ADVICE)
    return CamerasShown(
        camera=CAMERA,
        references=references,
        supporting=len(supporting),
        least=min(supporting.values(), key=lambda ratio: ratio.log10_lr),
        not_supporting=len(weighed) - len(supporting),
        not_assessable=len(made) - len(weighed),
    )


def _enrol(site: Site, material: CameraMaterial, actor: Actor) -> int:
    """Returns how many references the camera's fingerprint was made from."""
    note = "a synthetic sensor, made up by varde demo"
    order = EnrolOrder(CAMERA, (material.flat_fields,), case=CASE, authorisation=_AUTHORISATION, note=note)
    done = enrol_camera(site, actor, order, case_ids=None)
    if done.fingerprint is None:
        why = done.refused.detail if done.refused else "no reason was given"
        raise VardeError(f"the demo's camera cannot be enrolled: {why}", advice=_ADVICE)
    return done.fingerprint.used


def _compare(site: Site, actor: Actor) -> dict[str, CameraComparison]:
    """Returns what comparing each picture of the case with the camera gave, by its locator."""
    ids = list_comparable_items(site, CASE)
    with site.database.read() as connection:
        locators = {record.item_id: record.locator for record in records.load_records(connection, ids)}
    order = CompareOrder(CAMERA, tuple(ItemToCompare(item_id) for item_id in ids), case=CASE)
    made = compare_camera(site, actor, order) if ids else ()
    return {locators[item_id]: one for item_id, one in zip(ids, made, strict=True)}


def _tell(one: CameraComparison | None) -> str:
    if one is None:
        return "not compared"
    if isinstance(one.likelihood, LikelihoodRatio):
        return f"log10 likelihood ratio {write_ratio(one.likelihood)}, {one.likelihood.words}"
    return f"not assessable, {one.likelihood.detail}"
