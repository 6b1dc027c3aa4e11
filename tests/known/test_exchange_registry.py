"""Interfaces of exchanges are found by name, checked, and loaded only when they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from varde.core.errors import NotFound, WrongUse
from varde.known.exchange import Opinion, aggregate, is_doubted
from varde.known.exchange_registry import NAMES, check_settings, get_api


@pytest.mark.parametrize("name", NAMES)
def test_interface_is_what_it_is_called(name: str) -> None:
    api = get_api(name)
    assert api.name == name
    assert api.title
    assert not set(api.credential) & set(api.optional)


def test_unknown_names_are_told() -> None:
    with pytest.raises(NotFound) as told:
        get_api("telex")
    assert "ncmec" in told.value.advice
    with pytest.raises(WrongUse, match="no setting"):
        check_settings(get_api("file"), {"colour": "red"})


_WITHOUT = """
import sys
sys.modules["threatexchange"] = None
from varde.known.exchange_registry import get_api
from varde.core.errors import PluginError
assert get_api("file") and get_api("site")
try:
    get_api("ncmec")
except PluginError as error:
    print(error, error.advice)
"""


def test_without_the_library_it_says_what_to_install() -> None:
    done = subprocess.run([sys.executable, "-c", _WITHOUT], capture_output=True, text=True, check=True)
    assert "not installed" in done.stdout
    assert "extra `exchange`" in done.stdout


def test_command_line_loads_no_library_of_exchanges_for_its_help() -> None:
    code = "import sys, varde.cli.exchange; print('threatexchange' in sys.modules, 'requests' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("opinions", "together"),
    [
        ("", "INVESTIGATION_SEED"),
        ("+", "POSITIVE_CLASS"),
        ("-", "NEGATIVE_CLASS"),
        ("?", "INVESTIGATION_SEED"),
        ("+?", "POSITIVE_CLASS"),
        ("+-", "DISPUTED"),
        ("-?", "DISPUTED"),
        ("--", "NEGATIVE_CLASS"),
        ("+-?", "DISPUTED"),
    ],
)
def test_opinions_together(opinions: str, together: str) -> None:
    kinds = {"+": Opinion.POSITIVE, "-": Opinion.NEGATIVE, "?": Opinion.SEED}
    assert aggregate(kinds[sign] for sign in opinions) == together
    assert is_doubted(together) == ("-" in opinions)


def test_opinions_together_are_the_librarys() -> None:
    from itertools import product

    from threatexchange.exchanges.fetch_state import AggregateSignalOpinionCategory, SignalOpinionCategory

    theirs = {
        Opinion.NEGATIVE: SignalOpinionCategory.NEGATIVE_CLASS,
        Opinion.SEED: SignalOpinionCategory.INVESTIGATION_SEED,
        Opinion.POSITIVE: SignalOpinionCategory.POSITIVE_CLASS,
    }
    for length in (1, 2, 3):
        for opinions in product(Opinion, repeat=length):
            expected = AggregateSignalOpinionCategory.from_opinion_categories(theirs[one] for one in opinions)
            assert aggregate(opinions) == expected.name, opinions
