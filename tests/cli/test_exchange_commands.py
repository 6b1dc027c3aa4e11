"""``varde exchange`` as a person meets it: adding, fetching from servers on this machine, feedback, deltas."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from terminal import Terminal

from varde.store.site import create_site
from varde.testing.exchange_servers import TOKEN, Answer, StopNciiServer, ThreatExchangeServer
from varde.testing.ncmec_server import PASSWORD, USERNAME, NcmecItem, NcmecServer
from varde.workflows.actor import now


@pytest.fixture
def credential(tmp_path: Path) -> Path:
    path = tmp_path / "credential"
    path.write_text(f"username = {USERNAME}\npassword = {PASSWORD}\n")
    path.chmod(0o600)
    return path


def make_ncmec() -> NcmecServer:
    server = NcmecServer()
    for number in range(3):
        md5 = f"{number:032x}"
        server.put(NcmecItem(42, f"i{number}", int(time.time()) - 3600, fingerprints={"md5": md5}))
    return server


def add_ncmec(terminal: Terminal, address: str, credential: Path) -> None:
    words = ("exchange", "add", "ncmec", "--api", "ncmec", "--setting", f"address={address}")
    said = terminal(*words, "--credential-file", credential)
    assert said.code == 0, said.err


def test_from_adding_to_feedback(terminal: Terminal, credential: Path) -> None:
    server = make_ncmec()
    with server.run() as address:
        add_ncmec(terminal, address, credential)
        (row,) = terminal.json("exchange", "fetch", "ncmec")
        assert (row["added"], row["removed"], row["failure"]) == (3, 0, None)
        (listed,) = terminal.json("exchange", "list")
        assert (listed["exchange"], listed["entries"], listed["enabled"]) == ("ncmec", 3, True)
        assert PASSWORD not in str(listed)
        words = ("exchange", "feedback", "ncmec", "42-i1")
        assert terminal(*words).code == 2
        assert "--fingerprint takes" in terminal(*words, "--affirmative").err
        said = terminal(*words, "--negative", "--reason", "Example Reason 1", "--fingerprint", "md5")
        assert said.code == 0, said.err
    assert len(server.told) == 1
    acts = [event["act"] for event in terminal.json("audit", "list")]
    assert acts.count("exchange_feedback") == 1


def test_fetch_of_all_goes_on_behind_one_that_fails(terminal: Terminal, credential: Path, tmp_path: Path) -> None:
    signals = tmp_path / "signals.txt"
    signals.write_text(f"md5 {'0a' * 16} POSITIVE_CLASS\n")
    assert terminal("exchange", "add", "z", "--api", "file", "--setting", f"path={signals}").code == 0
    server = make_ncmec()
    with server.run() as address:
        add_ncmec(terminal, address, credential)
        server.faults = [Answer(403), Answer(403)]
        said = terminal("exchange", "fetch", "--json")
        assert said.code == 1
        rows = {row["exchange"]: row for row in said.data}
        assert "does not let this site in" in rows["ncmec"]["failure"]
        assert rows["z"]["added"] == 1
        assert "varde: ncmec: 127.0.0.1: it does not let this site in" in said.err
        assert terminal("exchange", "fetch", "ncmec").code == 2


def test_other_interfaces(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopncii, graph = StopNciiServer(), ThreatExchangeServer()
    stopncii.put("ImagePDQ", "0f" * 32, 100)
    graph.put(7, 100)
    keys = tmp_path / "keys"
    keys.write_text("subscription_key = sub-key\nfetch_key = fetch-key\n")
    keys.chmod(0o600)
    monkeypatch.setenv("GRAPH", f"token = {TOKEN}")
    with stopncii.run() as first, graph.run() as second:
        words = ("exchange", "add", "s", "--api", "stopncii", "--setting", f"address={first}/v1")
        assert terminal(*words, "--credential-file", keys).code == 0
        words = ("exchange", "add", "t", "--api", "threatexchange", "--setting", f"address={second}")
        assert terminal(*words, "--setting", "group=42", "--credential-variable", "GRAPH").code == 0
        assert [row["added"] for row in terminal.json("exchange", "fetch")] == [1, 1]
        assert "key of its own" in terminal("exchange", "feedback", "s", f"ImagePDQ:{'0f' * 32}", "--affirmative").err
        assert terminal("exchange", "feedback", "t", "7", "--affirmative").code == 0
    assert graph.told


def test_disabled_exchange_is_left_out(terminal: Terminal, tmp_path: Path) -> None:
    signals = tmp_path / "signals.txt"
    signals.write_text(f"md5 {'0a' * 16}\n")
    terminal("exchange", "add", "z", "--api", "file", "--setting", f"path={signals}")
    assert terminal.json("exchange", "disable", "z")["enabled"] is False
    assert terminal.json("exchange", "fetch") == []
    assert terminal("exchange", "fetch", "z").code == 2
    assert terminal.json("exchange", "enable", "z")["enabled"] is True


def test_everything_takes_off_what_is_gone(terminal: Terminal, credential: Path) -> None:
    server = make_ncmec()
    with server.run() as address:
        add_ncmec(terminal, address, credential)
        terminal("exchange", "fetch")
        del server.items[42, "i0"]
        assert terminal.json("exchange", "fetch", "ncmec", "--everything")[0]["removed"] == 1


def test_unreadable_records_end_with_issues(terminal: Terminal, credential: Path) -> None:
    server = make_ncmec()
    server.put(NcmecItem(42, "", int(time.time()) - 3600))
    with server.run() as address:
        add_ncmec(terminal, address, credential)
        said = terminal("exchange", "fetch", "ncmec")
    assert said.code == 1
    assert "1 record could not be read" in said.err


def test_deltas_between_two_sites(terminal: Terminal, tmp_path: Path) -> None:
    signals = tmp_path / "signals.txt"
    signals.write_text(f"md5 {'0a' * 16}\nmd5 {'0b' * 16}\n")
    terminal("exchange", "add", "national", "--api", "file", "--setting", f"path={signals}")
    terminal("exchange", "fetch")
    first, key = tmp_path / "1.delta", tmp_path / "key.pem"
    document = terminal.json("exchange", "export", "national", "--output", first)
    assert (document["revision"], document["changes"]) == (1, 2)
    shown = terminal.json("exchange", "key")
    key.write_text(shown["public_key"])

    other, _ = create_site(tmp_path / "other", name="South", person="S", at=now())
    there = other.folder
    scheme = ("--scheme", "threatexchange-opinion@1")
    assert terminal("exchange", "add", "north", "--api", "site", *scheme, site=there).code == 0
    refused = terminal("exchange", "import", "north", first, site=there)
    assert refused.code == 2
    assert shown["fingerprint"] in refused.err
    assert terminal.json("exchange", "trust", "north", key, site=there)["fingerprint"] == shown["fingerprint"]
    assert terminal.json("exchange", "import", "north", first, site=there)["added"] == 2
    again = terminal("exchange", "import", "north", first, site=there)
    assert (again.code, "here already" in again.err) == (0, True)

    signals.write_text(f"md5 {'0b' * 16}\n")
    terminal("exchange", "fetch")
    second = tmp_path / "2.delta"
    terminal("exchange", "export", "national", "--output", second)
    second.write_bytes(second.read_bytes().replace(b"gone", b"gona"))
    assert terminal("exchange", "import", "north", second, site=there).code == 3
    again = tmp_path / "2-again.delta"
    assert terminal("exchange", "export", "national", "--revision", "2", "--output", again).code == 0
    assert terminal.json("exchange", "import", "north", again, site=there)["removed"] == 1
    whole = tmp_path / "full.delta"
    assert terminal("exchange", "export", "national", "--full", "--output", whole).code == 0
    assert terminal.json("exchange", "import", "north", whole, site=there)["applied"] is False


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "x", "--api", "file"), "path=FILE"),
        (("add", "x", "--api", "file", "--setting", "path"), "NAME=VALUE"),
        (("add", "x", "--api", "file", "--setting", "colour=red"), "no setting"),
        (("add", "x", "--api", "ncmec", "--setting", "environment=LawEnforcement"), "--credential-file"),
        (("fetch", "none"), "varde exchange list"),
        (("export", "none", "--output", "o"), "known set"),
        (("trust", "none", "/nowhere"), "cannot be read"),
        (("import", "none", "/nowhere"), "No such file"),
    ],
)
def test_what_is_wrong_is_said(terminal: Terminal, words: tuple[str, ...], says: str) -> None:
    said = terminal("exchange", *words)
    assert said.code == 2
    assert says in said.err
