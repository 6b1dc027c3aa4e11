"""Reads what a site logs in with: from a private file or an environment variable, never from anywhere it would stay."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

from varde.core.errors import Refused, WrongUse
from varde.known.exchange import Credential

_MOST_BYTES = 1 << 16
_FORM = "It holds one `name = value` in a line."


def read_credential(
    names: Sequence[str],
    *,
    file: str,
    variable: str,
    optional: Sequence[str] = (),
    environment: Mapping[str, str] = os.environ,
) -> Credential:
    """Returns the values of these names.

    Args:
        names: what the interface asks for; () reads nothing.
        file: path of a file of mode 0600; "" where there is none.
        variable: name of an environment variable with the same text; "" where there is none.
        optional: names that may be missing.
        environment: where the variable is looked up.

    Raises:
        WrongUse: if there is no such file or variable, or it lacks a name. No message quotes what it holds.
        Refused: if others than its owner may read the file.
    """
    if not names:
        return Credential({})
    text, place = _read(names, file, variable, environment)
    values = _split(text, place)
    missing = [name for name in names if not values.get(name)]
    if missing:
        raise WrongUse(f"{place} lacks {', '.join(missing)}", advice=_FORM)
    return Credential({name: values[name] for name in (*names, *optional) if name in values})


def _read(names: Sequence[str], file: str, variable: str, environment: Mapping[str, str]) -> tuple[str, str]:
    if file:
        return _read_private(Path(file)), file
    if variable and variable in environment:
        return environment[variable], f"the environment variable {variable}"
    if variable:
        raise WrongUse(
            f"the environment variable {variable} is not set", advice=f"It gives {', '.join(names)}. {_FORM}"
        )
    raise WrongUse(
        f"this exchange needs a credential: {', '.join(names)}",
        advice="Name a file of mode 0600 with --credential-file, or a variable with --credential-variable.",
    )


def _read_private(path: Path) -> str:
    try:
        with path.open("rb") as file:
            state = os.fstat(file.fileno())
            if not stat.S_ISREG(state.st_mode):
                raise WrongUse(f"{path} is no regular file")
            if state.st_mode & 0o077 or state.st_uid not in (os.geteuid(), 0):
                raise Refused(
                    f"{path} can be read by others than its owner, so the credential is not secret",
                    advice=f"Make it yours alone: chmod 600 {path}; then ask the other side for a new one.",
                )
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise WrongUse(f"the credential file {path} cannot be read: {error.strerror}") from error
    if len(data) > _MOST_BYTES:
        raise WrongUse(f"{path} is too large for a credential file", advice=_FORM)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise WrongUse(f"{path} is no text in UTF-8", advice=_FORM) from None


def _split(text: str, place: str) -> dict[str, str]:
    values = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = line.partition("=")
        if not name.strip() or name.lstrip().startswith("#"):
            continue
        if not equals:
            raise WrongUse(f"line {number} of {place} is no `name = value`", advice=_FORM)
        if not value.strip().isprintable():
            raise WrongUse(f"line {number} of {place} holds characters that cannot be printed", advice=_FORM)
        values[name.strip()] = value.strip()
    return values
