"""Credentials come from private places and appear in no text."""

from __future__ import annotations

from pathlib import Path

import pytest

from varde.core.errors import Refused, WrongUse
from varde.known.exchange import Credential
from varde.known.exchange_credential import read_credential

NAMES = ("username", "password")
SECRET = "hunter-2"


def write(path: Path, text: str, mode: int = 0o600) -> str:
    path.write_text(text)
    path.chmod(mode)
    return str(path)


def test_private_file_is_read(tmp_path: Path) -> None:
    file = write(tmp_path / "c", f"# ours\nusername = unit\npassword = {SECRET}=x\n\n")
    found = read_credential(NAMES, file=file, variable="")
    assert (found["username"], found["password"]) == ("unit", f"{SECRET}=x")


def test_variable_is_read() -> None:
    text = f"username=unit\npassword={SECRET}"
    assert read_credential(NAMES, file="", variable="V", environment={"V": text})["password"] == SECRET


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_file_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    file = write(tmp_path / "c", f"username=unit\npassword={SECRET}", mode)
    with pytest.raises(Refused) as told:
        read_credential(NAMES, file=file, variable="")
    assert SECRET not in str(told.value)
    assert "chmod 600" in told.value.advice


@pytest.mark.parametrize(
    "text", [f"password={SECRET}", f"username=unit\n{SECRET}", f"username=u\npassword={SECRET}\x01x", "x" * 70_000]
)
def test_defect_is_told_without_the_secret(tmp_path: Path, text: str) -> None:
    with pytest.raises(WrongUse) as told:
        read_credential(NAMES, file=write(tmp_path / "c", text), variable="")
    assert SECRET not in f"{told.value}{told.value.advice}"


def test_missing_places_are_told(tmp_path: Path) -> None:
    for file, variable in ((str(tmp_path / "none"), ""), ("", "NOT_SET"), ("", ""), (str(tmp_path), "")):
        with pytest.raises(WrongUse):
            read_credential(NAMES, file=file, variable=variable, environment={})


def test_nothing_is_read_where_nothing_is_needed() -> None:
    assert not read_credential((), file="", variable="").values


def test_credential_does_not_show_itself() -> None:
    credential = Credential({"password": SECRET})
    assert SECRET not in f"{credential} {credential!r} {[credential]}"
