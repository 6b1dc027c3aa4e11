"""``varde camera``: finds the file of each of its commands when it is called."""

from __future__ import annotations

from typing import Final

import click

from varde.cli.lazy_group import LazyGroup

_COMMANDS: Final = {
    "calibrate": ("varde.cli.camera_calibrate", "calibrate", "Measure what scores are worth on cameras of this site."),
    "cluster": ("varde.cli.camera_cluster", "cluster", "Find the pictures of CASE that one camera took."),
    "compare": ("varde.cli.camera_compare", "compare", "Compare each FILE with camera NAME by sensor noise."),
    "enrol": ("varde.cli.camera_enrol", "enrol", "Make the fingerprint of camera NAME from each PHOTO."),
    "leads": ("varde.cli.camera_leads", "leads", "See files that speak for an enrolled camera."),
    "link": ("varde.cli.camera_leads", "link", "Decide whether ITEM of CASE was taken with camera NAME."),
    "hunt": ("varde.cli.camera_hunt", "hunt", "Look for cameras in the pictures of all cases that came since."),
    "list": ("varde.cli.camera_list", "list_", "List the cameras that files can be compared with."),
    "pair": ("varde.cli.camera_pair", "pair", "Say how well the sensor noise of ONE and OTHER agrees."),
    "report": ("varde.cli.camera_report", "report", "Write the report on camera NAME that a laboratory can sign."),
    "search": ("varde.cli.camera_search", "search", "Search all enrolled cameras with FILE."),
    "show": ("varde.cli.camera_list", "show", "Show camera NAME, its fingerprints and what they were made from."),
    "withdraw": ("varde.cli.camera_withdraw", "withdraw", "Compare nothing with camera NAME any more."),
}
"""Name to file, object and one line of help."""


@click.group(cls=LazyGroup, at=_COMMANDS)
def camera() -> None:
    """Compare files with cameras by the noise of their sensors.

    What a machine finds are leads with a likelihood ratio: a person decides.
    """
