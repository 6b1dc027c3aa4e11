"""What scores against cameras are worth at a site: its own calibration, else the shipped one, in its own words."""

from __future__ import annotations

from dataclasses import dataclass

from varde.camera.calibration import SourceCalibration
from varde.camera.calibration_format import default_calibration, read_calibration
from varde.camera.verbal_scale import make_scale
from varde.store import camera_calibrations
from varde.store.site import Site


@dataclass(frozen=True, slots=True)
class CalibrationInForce:
    """The calibration that counts at a site.

    Attributes:
        calibration_id: of the site's own; None for the shipped one.
        calibration: with the site's verbal scale.
    """

    calibration_id: int | None
    calibration: SourceCalibration


def find_calibration(site: Site) -> CalibrationInForce:
    """Returns the calibration that counts at a site, and its number.

    Raises:
        FormatError: if the one that is stored cannot be read.
    """
    with site.database.read() as connection:
        found = camera_calibrations.find_in_force(connection)
    number, made = (found[0], read_calibration(found[1])) if found else (None, default_calibration())
    return CalibrationInForce(number, made.with_scale(make_scale(site.settings.camera.verbal_scale)))
