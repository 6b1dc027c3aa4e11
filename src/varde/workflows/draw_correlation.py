"""Computes the correlation around the place at which a comparison found a file, for a person to look at."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from varde.camera.correlation_surface import compute_surface
from varde.camera.fingerprint_file import read_fingerprint
from varde.camera.pce import Plane
from varde.core.camera import FingerprintKind, SourceScore
from varde.core.camera_comparison import CameraComparison, CompareOrder, ItemToCompare
from varde.core.outcome import NotComparable, Reason
from varde.pipeline.read_residuals import ResidualReader
from varde.store.cameras import fingerprint_path
from varde.store.site import Site
from varde.workflows.take_sources import find_sources, read_source

RADIUS_PX: Final = 24
"""How far around the place is drawn; a peak is a few pixels wide."""


def draw_correlation(
    site: Site, made: CameraComparison, item_id: int, *, case_ids: Collection[int] | None
) -> Plane | NotComparable:
    """Returns the correlation around the peak of a comparison, or why it cannot be computed now.

    Convention: as `varde.camera.correlation_surface.compute_surface`, with a radius of `RADIUS_PX`.

    Args:
        site: where.
        made: the comparison; its score names the place.
        item_id: an item with the very content that was compared.
        case_ids: cases that the person has access to; None for all.

    Raises:
        NotFound: if there is no such item for this person.
        IntegrityFailure: if the fingerprint's file is not what was written.
    """
    if not isinstance(made.outcome, SourceScore) or made.fingerprint is None:
        return NotComparable(Reason.NO_FINGERPRINT, "Nothing was compared, so there is nothing to draw.")
    fingerprint = read_fingerprint(fingerprint_path(site, made.fingerprint.sha256), made.fingerprint.sha256)
    order = CompareOrder(
        made.camera, (ItemToCompare(item_id),), case_ids=None if case_ids is None else frozenset(case_ids)
    )
    with site.database.read() as connection:
        file = find_sources(connection, order, None)[0]
    pattern = fingerprint if made.fingerprint.kind is FingerprintKind.VIDEO else None
    with ResidualReader(site.settings) as reader:
        record = read_source(site, reader, file, None, pattern).record
    if isinstance(record.outcome, NotComparable):
        return record.outcome
    if record.sha256 != made.sha256:
        return NotComparable(Reason.NOT_DECODED, "The file is no longer the one that was compared.")
    radius = min(RADIUS_PX, min(record.outcome.values.shape) // 2)
    return compute_surface(record.outcome, fingerprint, made.outcome.search.geometry, radius)
