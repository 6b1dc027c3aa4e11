"""``varde camera``: finds the file of each of its commands when it is called."""

from __future__ import annotations

import importlib
from typing import Final

import click

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


class _LazyCamera(click.Group):
    """Imports a command's file only when it is called, so that help comes at once."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Returns the names of all commands."""
        return sorted(_COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Returns the command of that name."""
        if name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in sorted(_COMMANDS.items())])


@click.group(cls=_LazyCamera)
def camera() -> None:
    """Compare files with cameras by the noise of their sensors.

    What a machine finds are leads with a likelihood ratio: a person decides.
    """
