"""Says whether this machine and this site can do their work."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from varde.core.errors import IntegrityFailure, NotFound, VardeError
from varde.media.pool import Pool
from varde.media.sandbox import SandboxLimits
from varde.models.registry import find_pack
from varde.pipeline.index_faults import find_index_faults
from varde.pipeline.machine import count_cores, list_software
from varde.pipeline.sketch_sources import open_files
from varde.store import audit, item_lists, keys
from varde.store.site import Site
from varde.workflows.manage_models import PackState, find_choice, list_packs
from varde.workflows.read_cameras import verify_fingerprints

_LAYERS = ("rlimits", "landlock", "seccomp")
_START_ATTEMPTS = 300
_LOW_SPACE_BYTES = 5 << 30
_COPIES_READ = 20


class HealthState(StrEnum):
    """How a check went."""

    GOOD = "good"
    LOOK = "look"
    BROKEN = "broken"

    @property
    def exit_code(self) -> int:
        """What the command ends with."""
        return {"good": 0, "look": 1, "broken": 3}[self.value]


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One thing that was looked at.

    Attributes:
        detail: what was found, and what to do where it is not good.
    """

    name: str
    state: HealthState
    detail: str


def check_health(site: Site | None) -> list[HealthCheck]:
    """Returns every check of the machine and, where one is given, of the site."""
    checks = [_check_python(), _check_sandbox("varde.pipeline.examine:prepare"), _check_software()]
    if site:
        checks += [_check_space(site), _check_part("database", site.database.check_integrity)]
        checks.append(_check_part("audit log", lambda: _verify(site)))
        checks.append(_check_part("signing key", lambda: keys.check_key(site.key_path, site.public_key())))
        checks.append(_check_part("copies", lambda: _verify_copies(site)))
        checks.append(_check_indexes(site))
        checks.append(_check_part("fingerprints", lambda: verify_fingerprints(site)))
        checks.append(_check_sketches(site))
    checks.append(_check_models(site))
    return checks


def _check_python() -> HealthCheck:
    detail = f"Python {sys.version.split()[0]} on {count_cores()} cores"
    return HealthCheck("machine", HealthState.GOOD, detail)


def _check_sandbox(target: str) -> HealthCheck:
    try:
        with Pool(target, 1, SandboxLimits(4 << 30)) as pool:
            for _ in range(_START_ATTEMPTS):
                pool.wait(0.1)
                if pool.layers:
                    break
            active = pool.layers
    except VardeError as error:
        return HealthCheck("decoders", HealthState.BROKEN, str(error))
    missing = [layer for layer in _LAYERS if layer not in active]
    detail = f"decoder processes start, sandbox: {', '.join(active) or 'none'}"
    if missing:
        advice = {"landlock": "a kernel with Landlock", "seccomp": "the package libseccomp2", "rlimits": "Linux"}
        detail += f"; missing: {', '.join(f'{layer} (needs {advice[layer]})' for layer in missing)}"
    return HealthCheck("decoders", HealthState.LOOK if missing else HealthState.GOOD, detail)


def _check_software() -> HealthCheck:
    versions = ", ".join(f"{name} {number}" for name, number in list_software().items())
    return HealthCheck("software", HealthState.GOOD, versions)


def _check_models(site: Site | None) -> HealthCheck:
    """Names the packs of models that are here; of the one in use, every file is compared with its digest."""
    listed = [
        f"{one.manifest.key} ({one.state.value})" for one in list_packs(site) if one.state is not PackState.NOT_ADDED
    ]
    chosen = find_choice(site) if site else None
    try:
        if site and chosen:
            find_pack(site.folder, chosen.key)
    except VardeError as error:
        return HealthCheck("models", HealthState.BROKEN, f"{error}. {error.advice}")
    return HealthCheck("models", HealthState.GOOD, ", ".join(listed))


def _check_space(site: Site) -> HealthCheck:
    free = shutil.disk_usage(site.folder).free
    detail = f"{free / 1e9:.1f} GB free where the site is"
    return HealthCheck("disk", HealthState.GOOD if free > _LOW_SPACE_BYTES else HealthState.LOOK, detail)


def _check_part(name: str, check: Callable[[], object]) -> HealthCheck:
    try:
        check()
    except (IntegrityFailure, NotFound) as error:
        return HealthCheck(name, HealthState.BROKEN, str(error))
    return HealthCheck(name, HealthState.GOOD, "intact")


def _check_indexes(site: Site) -> HealthCheck:
    """Looks whether the disk keeps what is written: an index itself is only a copy, and made again."""
    faults = find_index_faults(site.indexes)
    return HealthCheck("indexes", HealthState.LOOK if faults else HealthState.GOOD, "; ".join(faults) or "intact")


def _check_sketches(site: Site) -> HealthCheck:
    """Reads the newest sketches of each shape: they can be made again from the exhibits."""
    faults = open_files(site).find_faults()
    advice = f"{'; '.join(faults)}. Remove the folder sketches, then `varde process CASE --sources` makes them again."
    return HealthCheck("sketches", HealthState.LOOK if faults else HealthState.GOOD, advice if faults else "intact")


def _verify_copies(site: Site) -> None:
    """Reads a few of the copies that are kept, the newest ones: a folder that is lost or a disk that rots shows."""
    with site.database.read() as connection:
        newest = item_lists.list_copied_contents(connection, _COPIES_READ)
    for sha256 in newest:
        site.contents.verify(sha256)


def _verify(site: Site) -> None:
    with site.database.read() as connection:
        audit.verify_chain(connection)
