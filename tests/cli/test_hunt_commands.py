"""A person's way through known material that changes: hunt, withdraw, be told, ask what was known."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from varde.cli.main import main


class Terminal:
    """Types commands at a site and reads what comes."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self.said = ""

    def run(self, *words: str, code: int = 0, person: str = "A. Examiner") -> str:
        assert main(["--site", str(self.folder / "site"), "--person", person, *words]) == code, (
            self._capsys.readouterr()
        )
        captured = self._capsys.readouterr()
        self.said = captured.err
        return captured.out

    def read(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json"))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("filled")


@pytest.fixture
def terminal(tmp_path: Path, filled: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    if not (filled / "list.csv").exists():
        fill(Terminal(filled, capsys))
    shutil.copytree(filled / "site", tmp_path / "site")
    shutil.copy(filled / "list.csv", tmp_path / "list.csv")
    return Terminal(tmp_path, capsys)


def fill(there: Terminal) -> None:
    evidence = there.folder / "evidence"
    evidence.mkdir()
    for number in range(4):
        (evidence / f"{number}.txt").write_text(f"file {number}")
    there.run("init", str(there.folder / "site"))
    there.run("case", "new", "c1")
    there.run("exhibit", "add", "c1", str(evidence))
    there.run("process", "c1")
    items = there.read("item", "list", "c1")
    lines = [f"e{item['item']},{item['md5']}" for item in items[:2]]
    (there.folder / "list.csv").write_text("\n".join(["id,md5", *lines]) + "\n")
    there.run("known", "import", str(there.folder / "list.csv"), "--map", "md5=md5", "--map", "id=id", "--name", "list")


def test_a_hunt_tells_what_matches_now_and_then_that_nothing_is_left(terminal: Terminal) -> None:
    out = terminal.run("hunt")
    assert "Case c1: entry e1 of list" in out
    assert "item 1, exhibit 1, 0.txt (md5, distance 0)" in out
    assert "New: 2 items in 1 case to look at" in terminal.said
    assert terminal.read("hunt")["up_to_date"] is True
    assert "Everything was compared already." in terminal.said


def test_a_withdrawal_is_told_everywhere_until_the_item_is_decided_again(terminal: Terminal) -> None:
    terminal.run("hunt")
    terminal.run("grade", "1", "1", person="B. Grader")
    terminal.run("item", "export", "1", "--output", str(terminal.folder / "out.txt"), person="C. Clerk")
    terminal.run("known", "withdraw", "list", "e1", "--reason", "wrong file", person="D. Officer")
    assert "1 item was graded, 1 exported while matching entry e1 of set list" in terminal.said
    assert "Tell them: B. Grader, C. Clerk." in terminal.said
    assert terminal.read("case", "show", "c1")["recalls"][0]["people"] == ["B. Grader", "C. Clerk"]
    terminal.run("case", "show", "c1")
    assert "Recall: case c1" in terminal.said
    terminal.run("report", "c1", "--output", str(terminal.folder / "report"))
    report = (terminal.folder / "report" / "report.html").read_text("utf-8")
    assert "Must not be missed" in report
    assert "withdrawn on" in report
    assert "No match any more" in report
    rows = (terminal.folder / "report" / "matches.csv").read_text("utf-8-sig").splitlines()
    assert sum(",no,,the entry was withdrawn" in row for row in rows) == 1
    item = terminal.read("item", "show", "1")
    assert (item["matches"], [match["status"] for match in item["set_aside"]]) == (
        [],
        ["the entry was withdrawn: this is no match any more"],
    )
    assert len(terminal.read("known", "recalls", "--open")) == 1
    terminal.run("grade", "1", "1", person="B. Grader")
    assert terminal.read("known", "recalls", "--open") == []
    assert len(terminal.read("known", "recalls", "--case", "c1")) == 1


def test_a_recall_of_a_report_alone_names_the_entry_and_not_its_whole_set(terminal: Terminal) -> None:
    terminal.run("hunt")
    terminal.run("report", "c1", "--output", str(terminal.folder / "report"))
    terminal.run("known", "withdraw", "list", "e1", "--reason", "wrong file")
    assert terminal.said.endswith("Tell them: A. Examiner.\n")
    out = terminal.run("known", "recalls", "--case", "c1")
    assert "1 report was written while matching entry e1 of set list" in out


def test_what_was_known_is_told_by_time_and_hash(terminal: Terminal) -> None:
    terminal.run("known", "dispute", "list", "--whole-set", "--reason", "talks")
    md5 = terminal.read("item", "show", "1")["md5"]
    (row,) = terminal.read("known", "history", "--at", "2126-03-03", "--hash", md5)
    assert (row["entry"], row["state"]) == ("e1", "disputed")
    assert terminal.read("known", "history", "--at", "2026-03-03", "--hash", md5) == []
    assert "Nothing of it was known at 2026-03-03T23:59:59.999999Z." in terminal.said
    what = [row["what"] for row in terminal.read("known", "history", "list", "e1")]
    assert what == ["revision", "disputed"]
    (known,) = terminal.read("known", "list")
    assert (known["state"], known["entries"], known["quarantined"]) == ("disputed", 2, 0)
    terminal.run("known", "show", "list", "e2")
    assert "The whole set list" in terminal.said


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("withdraw", "list", "--reason", "x"), "either entries of the set or the whole set"),
        (("withdraw", "--reason", "x"), "neither a known set nor a hash is named"),
        (("withdraw", "list", "e9", "--reason", "x"), "no entry 'e9' in known set list"),
        (("withdraw", "none", "e1", "--reason", "x"), "no known set 'none'"),
        (("withdraw", "--hash", "xyz", "--reason", "x"), "not a hexadecimal digest"),
        (("withdraw", "list", "e1", "--reason", " "), "needs a reason"),
        (("release", "list", "e1"), "is not in quarantine"),
        (("history", "list", "--at", "2026-13-01"), "neither a day"),
        (("history", "list", "--at", "2026-01-01T10:00"), "does not say its zone"),
        (("recalls", "--case", "none"), "none"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(terminal: Terminal, words: tuple[str, ...], sentence: str) -> None:
    terminal.run("known", *words, code=2)
    assert sentence in terminal.said
