"""Groups of commands whose files are imported only when they are called, so that help comes at once."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """A group that knows its commands by name: ``@click.group(cls=LazyGroup, at=COMMANDS)``."""

    def __init__(self, *arguments: Any, at: Mapping[str, tuple[str, str, str]], **options: Any) -> None:
        """Takes what `click.Group` does.

        Args:
            arguments, options: of `click.Group`.
            at: name of each command to its module, the object in it and one line of help.
        """
        super().__init__(*arguments, **options)
        self._at = at

    def list_commands(self, context: click.Context) -> list[str]:
        """Returns the names of all commands."""
        return sorted(self._at)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Returns the command of that name."""
        if name not in self._at:
            return None
        module, attribute, _ = self._at[name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in sorted(self._at.items())])
