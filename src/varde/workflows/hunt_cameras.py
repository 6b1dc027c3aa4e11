"""Looks for enrolled cameras in the pictures of earlier cases, and for new pictures' cameras among those enrolled.

Sketches say which pictures are close; those are read again, compared exactly and kept as any comparison. What speaks
strongly enough becomes a lead. How far the hunt is, is recorded with what it found: a kill costs a batch at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Final

from varde.camera.sketch_hunt import SketchHunter
from varde.core.audit import Act
from varde.core.camera import FingerprintKind, SearchExtent
from varde.core.camera_comparison import CameraComparison, CompareOrder, ItemToCompare
from varde.core.camera_hunt import CameraHunt, CameraHunted, CameraHuntOrder
from varde.core.case import Case
from varde.core.errors import Refused
from varde.core.outcome import NotComparable
from varde.pipeline.camera_hunt import Close, Looked, look_at_sketches
from varde.pipeline.read_residuals import ResidualReader
from varde.pipeline.weigh_source import SourceScale, WeighedSource
from varde.store import audit, camera_leads, camera_marks, cameras, cases
from varde.store.cameras import Camera, StoredFingerprint
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.calibrate_camera import CalibrationInForce, find_calibration
from varde.workflows.keep_comparison import Compared, keep_comparison, keep_lead
from varde.workflows.take_sources import drop_planes, find_sources, read_source

EXTENT: Final = SearchExtent.TURNED
"""How far a picture that is close by its sketch is looked for: it has the sensor's size."""

_CAMERAS_AT_ONCE: Final = 1_000

Watch = Callable[[str, int], None]
"""Takes the name of a camera and how many sketches were compared with it."""


def hunt_cameras(
    site: Site,
    actor: Actor,
    order: CameraHuntOrder,
    *,
    watch: Watch | None = None,
    reader: ResidualReader | None = None,
) -> CameraHunt:
    """Compares each camera with every sketched picture that it was not compared with, and keeps leads.

    Args:
        site, actor: where and who.
        order: which cameras, and in which pictures.
        watch: is told how far it is.
        reader: reads pictures again; None starts one for this hunt.

    Raises:
        NotFound: if a camera or the case is not there, or not for this person.
        Refused: if a camera that was named is withdrawn.
        IntegrityFailure: if a fingerprint's file is not what was stored.
    """
    with site.database.read() as connection:
        case = cases.get_case(connection, order.case, order.case_ids) if order.case is not None else None
        named = [cameras.get_camera(connection, name, order.case_ids) for name in order.cameras]
    for camera in named:
        if camera.withdrawn_at is not None:
            raise Refused(
                f"camera {camera.name} was withdrawn", advice="Leave it out, or enrol it again under another name."
            )
    in_force, hunted, videos_only = find_calibration(site), [], []
    with ResidualReader(site.settings) if reader is None else nullcontext(reader) as reading:
        for camera in named or _list_cameras(site, order):
            with site.database.read() as connection:
                stored = cameras.find_fingerprint(connection, camera.camera_id, FingerprintKind.PHOTO)
                video = cameras.find_fingerprint(connection, camera.camera_id, FingerprintKind.VIDEO)
            if stored is not None:
                hunter = _Hunt(site, actor, order, case, camera, stored, in_force, reading)
                hunted.append(hunter.run(watch))
            elif video is not None:
                videos_only.append(camera.name)
    with site.database.read() as connection:
        left = camera_marks.count_not_hunted(connection, case.case_id if case else None)
    return CameraHunt(tuple(hunted), tuple(videos_only), left.pictures, left.refused, left.videos)


def _list_cameras(site: Site, order: CameraHuntOrder) -> Iterator[Camera]:
    after = ""
    while True:
        with site.database.read() as connection:
            some = cameras.list_cameras(connection, order.case_ids, after=after, limit=_CAMERAS_AT_ONCE)
        if not some:
            return
        yield from some
        after = some[-1].name


@dataclass(slots=True)
class _Hunt:
    """One camera that is looked for."""

    site: Site
    actor: Actor
    order: CameraHuntOrder
    case: Case | None
    camera: Camera
    stored: StoredFingerprint
    in_force: CalibrationInForce
    reader: ResidualReader
    made: list[CameraComparison] = field(default_factory=list)
    sketches: int = 0
    missing: int = 0
    read: int = 0
    known: int = 0
    leads: int = 0
    unreadable: list[int] = field(default_factory=list)

    def run(self, watch: Watch | None) -> CameraHunted:
        """Looks at every batch of sketches and returns what it gave."""
        number = self.stored.fingerprint_id
        with self.site.database.read() as connection:
            after = 0 if self.order.again or self.case else camera_marks.read_mark(connection, number)
            complete = camera_marks.find_newest_complete(connection, after)
        scale = SourceScale(self.site, self.stored, self.in_force.calibration, case_ids=self.order.case_ids)
        hunter = SketchHunter(scale.fingerprint.values)
        case_id = self.case.case_id if self.case else None
        last = after
        for looked in look_at_sketches(self.site, hunter, after=after, case_id=case_id):
            compared = self._compare_all(scale, looked)
            self._keep(compared, min(looked.up_to, complete))
            last = looked.up_to
            if watch is not None:
                watch(self.camera.name, self.sketches)
        if last < complete:
            self._keep([], complete)
        best = sorted(self.made, key=lambda one: -_strength(one))
        return CameraHunted(
            camera=self.camera.name,
            kind=self.stored.kind,
            version=self.stored.version,
            sketches=self.sketches,
            missing=self.missing,
            read=self.read,
            known=self.known,
            unreadable=len(self.unreadable),
            comparisons=tuple(best),
            leads=self.leads,
        )

    def _compare_all(self, scale: SourceScale, looked: Looked) -> list[Compared]:
        """Reads what is close again and returns what comparing it exactly gives."""
        self.sketches += looked.sketches
        self.missing += looked.missing
        ids = [one.content.content_id for one in looked.close]
        with self.site.database.read() as connection:
            done = camera_marks.find_compared(connection, self.stored.fingerprint_id, ids)
        if self.order.again:
            done = set()
        compared = []
        for close in looked.close:
            if close.content.content_id in done or self._is_reference(close):
                self.known += 1
            elif one := self._compare(scale, close):
                compared.append(one)
        return compared

    def _is_reference(self, close: Close) -> bool:
        with self.site.database.read() as connection:
            return cameras.is_reference(connection, self.stored.fingerprint_id, close.content.sha256)

    def _compare(self, scale: SourceScale, close: Close) -> Compared | None:
        """Returns what one picture gives; None where it cannot be read now."""
        content_id = close.content.content_id
        with self.site.database.read() as connection:
            case_ids = {self.case.case_id} if self.case else None
            places = camera_leads.list_file_places(connection, content_id, case_ids=case_ids, most=1)
            if not places:
                return None
            probe = ItemToCompare(places[0].item_id)
            source = find_sources(connection, CompareOrder("", (probe,), None, None, None), None)[0]
        taken = read_source(self.site, self.reader, source, None)
        if not taken.is_readable or taken.record.sha256 != close.content.sha256:
            self.unreadable.append(content_id)
            return None
        self.read += 1
        residual = taken.record.outcome
        if isinstance(residual, NotComparable):
            weighed = WeighedSource(residual, residual)
        else:
            weighed = scale.weigh(residual, EXTENT)
        return Compared(drop_planes(taken), self.camera, self.stored, weighed, self.in_force.calibration_id, self.case)

    def _keep(self, compared: list[Compared], up_to: int) -> None:
        """Keeps comparisons, leads, how far the hunt is, and the event about them: all or nothing."""
        at, least, new = self.actor.clock(), self.site.settings.camera.lead_log10_lr, 0
        if self.unreadable:
            up_to = min(up_to, min(self.unreadable) - 1)
        with self.site.database.write() as connection:
            if cameras.get_camera_by_id(connection, self.camera.camera_id, None).withdrawn_at is not None:
                raise Refused(f"camera {self.camera.name} was withdrawn meanwhile", advice="Start the hunt again.")
            for one in compared:
                kept = keep_comparison(connection, one, person=self.actor.person, at=at)
                new += keep_lead(connection, kept, least_log10_lr=least, at=at)
                if self.order.case_ids is None or kept.case_id in self.order.case_ids:
                    self.made.append(kept)
            if self.case is None:
                mark = camera_marks.read_mark(connection, self.stored.fingerprint_id)
                camera_marks.set_mark(connection, self.stored.fingerprint_id, max(mark, up_to))
            if compared:
                subject: dict[str, str | int | None] = {
                    "camera": self.camera.name,
                    "fingerprint": f"{self.stored.kind.value} {self.stored.version}",
                    "case": self.case.name if self.case else None,
                    "files": len(compared),
                    "leads": new,
                }
                act = Act.CAMERA_LEADS_FOUND
                audit.append_event(connection, at=at, person=self.actor.person, act=act, subject=subject)
        self.leads += new


def _strength(one: CameraComparison) -> float:
    worth = getattr(one.likelihood, "log10_lr", None)
    return float(worth) if worth is not None else float("-inf")
