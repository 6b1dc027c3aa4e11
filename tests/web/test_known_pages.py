"""Behaviour of the pages of known sets: they curate, and tell nothing of any case."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from paged_site import HERE, THERE, PagedCases, PagedSite, serve_cases

from varde.core.audit import Act
from varde.store import audit, known_sets
from varde.store.settings import FILE_NAME
from varde.store.site import open_site


def find_states(paged: PagedSite) -> dict[str, str]:
    with paged.site.database.read() as connection:
        return {one.name: one.state.value for one in known_sets.list_sets(connection)}


def test_sets_are_listed_and_one_is_shown(paged: PagedSite) -> None:
    assert "example-set 1" in paged.get("/known", "kim").text
    page = paged.get("/known/1", "kim").text
    assert "row 1" in page and "known.txt" in page
    for name in (HERE, THERE, "<img", "/items/"):
        assert name not in page


def test_only_who_curates_sees_them(paged: PagedSite) -> None:
    for name in ("erin", "sara", "otto"):
        assert paged.get("/known", name).status_code == paged.get("/known/1", name).status_code == 403
        assert paged.post("/known/1/state", name, act="withdrawn", reason="r").status_code == 403
        assert paged.upload("/known", b"x", name).status_code == 403


@pytest.mark.parametrize("set_id", ["0", "99", str(10**30), "-1", "x"])
def test_a_set_that_is_not_there_is_not_there(paged: PagedSite, set_id: str) -> None:
    assert paged.get(f"/known/{set_id}", "kim").status_code in {400, 404}
    assert paged.post(f"/known/{set_id}/state", "kim", act="withdrawn", reason="r").status_code in {400, 404}


@pytest.mark.parametrize("q", ["1", "abc", "%", "'", "\0", "a" * 32, "a" * 64, "x" * 500, "\ud7ff", "9" * 40])
def test_no_query_for_an_entry_breaks_the_page(paged: PagedSite, q: str) -> None:
    assert paged.get("/known/1", "kim", q=q).status_code == 200


def test_an_entry_is_found_by_its_digest(paged: PagedSite) -> None:
    digest = re.search(r'mono small">([0-9a-f]{40})', paged.get("/known/1", "kim").text)
    assert digest
    assert "row 1" in paged.get("/known/1", "kim", q=digest[1].upper()).text
    assert "No entry of this set" in paged.get("/known/1", "kim", q="0" * 40).text


def test_a_set_is_withdrawn_and_reinstated_with_a_reason(paged: PagedSite) -> None:
    assert paged.post("/known/1/state", "kim", act="withdrawn", reason=" ").status_code == 400
    assert paged.post("/known/1/state", "kim", act="superseded", reason="r").status_code == 400
    assert find_states(paged)["example-set"] == "active"
    for act, state in (("disputed", "disputed"), ("withdrawn", "withdrawn"), ("reinstated", "active")):
        assert paged.post("/known/1/state", "kim", act=act, reason="letter of 2 March <b>").status_code == 303
        assert find_states(paged)["example-set"] == state
    page = paged.get("/known/1", "kim").text
    assert "letter of 2 March &lt;b&gt;" in page and "the whole set" in page


def test_an_entry_is_withdrawn_and_found_among_the_withdrawn(paged: PagedSite) -> None:
    assert paged.post("/known/1/state", "kim", act="withdrawn", reason="wrong file", entry=1).status_code == 303
    assert "row 1</span>" not in paged.get("/known/1", "kim").text
    assert "row 1</span>" in paged.get("/known/1", "kim", withdrawn="true").text
    assert paged.post("/known/1/state", "kim", act="reinstated", reason="right", entry=1).status_code == 303
    assert paged.post("/known/1/state", "kim", act="withdrawn", reason="r", entry=99).status_code == 404


def test_an_entry_that_is_not_held_is_not_released(paged: PagedSite) -> None:
    assert paged.post("/known/1/release", "kim", entry=1).status_code == 303
    assert "is not in quarantine" in paged.wait("/known", "kim")


def test_a_file_is_imported_in_the_background(paged: PagedSite) -> None:
    data = b"".join(f"{number:032x}\n".encode() for number in range(1, 300))
    fields = {"name": "from the page", "version": "7", "role": "known", "file_name": "../../etc/li st.txt"}
    answer = paged.upload("/known", data, "kim", **fields)
    assert answer.status_code == 202
    page = paged.wait("/known", "kim")
    assert "Imported 299 entries into from the page 7 (role known)." in page
    with paged.site.database.read() as connection:
        made = known_sets.get_set(connection, "from the page")
    assert made.source_name == "li st.txt" and made.entries == 299
    first = paged.get(f"/known/{made.set_id}", "kim").text
    last = re.search(r"after=(\d+)", first)
    assert last and first.count("Change<span") == 100
    assert paged.get(f"/known/{made.set_id}", "kim", after=last[1]).text.count("Change<span") == 100
    assert list(paged.site.spool.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "fields", "said"),
    [
        (b"\0\1\2 no list", {"name": "a"}, "failed"),
        (b"0" * 32 + b"\n", {"name": "example-set", "version": "1", "role": "known"}, "already"),
    ],
)
def test_a_file_that_is_no_set_leaves_nothing(paged: PagedSite, data: bytes, fields: dict[str, str], said: str) -> None:
    before = find_states(paged)
    assert paged.upload("/known", data, "kim", **fields).status_code == 202
    assert said in paged.wait("/known", "kim")
    assert find_states(paged) == before


def test_an_import_without_file_or_role_is_refused(paged: PagedSite) -> None:
    assert paged.upload("/known", b"", "kim").status_code == 400
    assert paged.upload("/known", b"x", "kim", role="nonsense").status_code == 400


def test_where_the_site_says_so_a_withdrawal_needs_a_second_person(
    tmp_path: Path, paged_template: tuple[Path, PagedCases]
) -> None:
    template, made = paged_template
    shutil.copytree(template, tmp_path / "site")
    with (tmp_path / "site" / FILE_NAME).open("a") as file:
        file.write('\n[access]\nfour_eyes = ["known_withdrawn", "cases_searched"]\n')
    site = open_site(tmp_path / "site")
    for strict in serve_cases(site, made):
        answer = strict.post("/known/1/state", "kim", act="withdrawn", reason="wrong")
        assert answer.status_code == 403 and "nother person has to approve" in answer.text
        assert find_states(strict)["example-set"] == "active"
        answer = strict.post("/search", "sara", q="jpg", field="name", purpose="p", authorisation="a")
        assert answer.status_code == 403 and "nother person has to approve" in answer.text
        answer = strict.upload("/search/picture", strict.photo, "sara", case="all", purpose="p", authorisation="a")
        assert answer.status_code == 403
        with site.database.read() as connection:
            acts = [event.act for event in audit.list_events(connection)]
        assert acts.count(Act.APPROVAL_ASKED) == 3 and Act.CASES_SEARCHED not in acts
    site.close()
