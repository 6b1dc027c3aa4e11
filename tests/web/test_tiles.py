"""Behaviour of the grid's JSON: pages, members, folders, decisions and undo, and what nobody gets from it."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from asking import Client
from sqlalchemy import insert, select

from varde.core.account import Role
from varde.core.review import AssignmentState, GridOrder, QueuePurpose
from varde.store import accounts, case_access, sessions, tables
from varde.store.review_tables import assignments, queues, stacks
from varde.store.site import Site, open_site
from varde.testing.large_case import make_large_case
from varde.web.app import create_app
from varde.web.people import compute_csrf
from varde.workflows.actor import now

ITEMS = 260
PEOPLE = {"erin": (Role.EXAMINER,), "ivan": (Role.INVESTIGATOR,), "nora": (Role.EXAMINER,), "otto": (Role.AUDITOR,)}
WITH_ACCESS = ("erin", "ivan", "otto")


@dataclass
class Desk:
    """A served case, and people to ask about it."""

    site: Site
    client: Client
    ids: dict[str, int]
    _secrets: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, name: str = "erin") -> httpx.Response:
        return self.client.get(path, headers=self._headers(name))

    def post(self, path: str, body: object, name: str = "erin", **headers: str) -> httpx.Response:
        protected = self._headers(name) | {"x-csrf-token": compute_csrf(self._secrets[name])} | headers
        return self.client.post(path, json=body, headers=protected)

    def page(self, query: str = "", name: str = "erin") -> Any:
        answer = self.get(f"/cases/1/tiles?{query}", name)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def _headers(self, name: str) -> dict[str, str]:
        if name not in self._secrets:
            self._secrets[name] = secrets.token_urlsafe(16)
            digest = sessions.compute_session_digest(self._secrets[name])
            with self.site.database.write() as connection:
                sessions.start_session(
                    connection, self.ids[name], digest=digest, at=now(), ends_at=now() + timedelta(hours=1)
                )
        return {"Cookie": f"varde={self._secrets[name]}"}


@pytest.fixture(scope="module")
def served_case(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("tiles") / "site"
    shutil.copytree(sqlite_template, folder)
    site = open_site(folder)
    make_large_case(site, items=ITEMS, decided=0.1, copies_of_one=30, is_searchable=False)
    make_large_case(site, items=20, name="another", decided=0, is_searchable=False)
    ids = {}
    with site.database.write() as connection:
        for name, roles in PEOPLE.items():
            account = accounts.add_account(
                connection,
                name=name,
                full_name="",
                roles=roles,
                password_hash="none",
                must_change_password=False,
                person="test",
                at=now(),
            )
            ids[name] = account.account_id
            if name in WITH_ACCESS:
                case_access.give_access(connection, 1, account.account_id, person="test", at=now())
    with Client(create_app(site)) as client:
        yield Desk(site, client, ids)
    site.close()


@pytest.fixture
def desk(served_case: Desk) -> Iterator[Desk]:
    """The served case, without what an earlier test gave to people."""
    yield served_case
    with served_case.site.database.write() as connection:
        connection.execute(assignments.delete())
        connection.execute(queues.delete())


def give(desk: Desk, item_id: int, to: str, purpose: QueuePurpose) -> None:
    with desk.site.database.write() as connection:
        queue = {"case_id": 1, "name": "q", "purpose": purpose.value, "ordering": "place", "settings": {}}
        made = insert(queues).values(**queue, made_at=now(), made_by="test").returning(queues.c.id)
        queue_id = connection.execute(made).scalar_one()
        same = {"queue_id": queue_id, "item_id": item_id, "purpose": purpose.value, "account_id": desk.ids[to]}
        connection.execute(
            insert(assignments).values(**same, given_at=now(), state=AssignmentState.GIVEN.value, note="")
        )


@pytest.mark.parametrize("query", ["", *(f"order={order.value}" for order in GridOrder), "kind=picture&open=true"])
def test_pages_follow_one_another_to_the_end(desk: Desk, query: str) -> None:
    whole = desk.page(f"{query}&limit=200")
    seen, after = [], ""
    while True:
        page = desk.page(f"{query}&limit=33{after}")
        seen += page["tiles"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert [tile["item_id"] for tile in seen][:200] == [tile["item_id"] for tile in whole["tiles"]]
    assert len({tile["item_id"] for tile in seen}) == len(seen)


def test_tile_says_what_its_stack_is(desk: Desk) -> None:
    page = desk.page("limit=200")
    tiles = {tile["item_id"]: tile for tile in page["tiles"]}
    with desk.site.database.read() as connection:
        rows = connection.execute(select(stacks).where(stacks.c.leader_id.in_(tiles))).all()
    for row in rows:
        tile = tiles[row.leader_id]
        assert (tile["items"], tile["undecided"]) == (row._mapping["items"], row.undecided)
        assert tile["matched"] is (row.matched > 0)
        assert tile["mixed"] is (bool(row.codes) and (len(row.codes) > 1 or row.undecided > 0))
        assert tile["reasons"] == row.reasons
        assert tile["distance"] is None
    assert page["figures"]["items"] == ITEMS


def test_filters_hold(desk: Desk) -> None:
    assert {tile["kind"] for tile in desk.page("kind=video&kind=archive")["tiles"]} <= {"video", "archive"}
    assert all(tile["undecided"] for tile in desk.page("open=true&limit=200")["tiles"])
    assert not any(tile["undecided"] for tile in desk.page("open=false&limit=200")["tiles"])
    assert all(tile["matched"] for tile in desk.page("matched=true&order=place")["tiles"])
    assert not any(tile["matched"] for tile in desk.page("matched=false&limit=200")["tiles"])
    assert desk.page("kind=empty") == {"tiles": [], "next": None, "figures": desk.page()["figures"]}


def test_folder_gives_its_stacks_alone(desk: Desk) -> None:
    listed = desk.get("/cases/1/folders").json()
    assert sum(one["items"] for one in listed) == ITEMS
    assert desk.get("/cases/1/folders?after=1").json() == listed[1:]
    tiles = desk.page(f"folder={listed[0]['rank']}&limit=200")["tiles"]
    assert {tile["folder"] for tile in tiles} == {listed[0]["locator"]}
    assert desk.page("folder=99999")["tiles"] == []


@pytest.mark.parametrize(
    "query",
    [
        "order=newest",
        "kind=cat",
        "open=perhaps",
        "limit=0",
        "limit=201",
        "limit=x",
        "folder=0",
        "folder=99999999999999999999",
        "after=",
        "after=1",
        "after=zz-1",
        "after=1-2-3",
        "after=-1-2",
        "after=1-2%00",
        f"after={'f' * 16}-1",
        f"after={'1' * 3000}",
        "&".join(["kind=picture"] * 6),
    ],
)
def test_unfit_query_is_refused(desk: Desk, query: str) -> None:
    assert desk.get(f"/cases/1/tiles?{query}").status_code == 400


def test_highest_cursor_is_an_empty_page(desk: Desk) -> None:
    assert desk.page(f"after={'f' * 15}-{'f' * 15}")["tiles"] == []


def test_key_of_a_picture_tells_nothing_of_its_content(desk: Desk) -> None:
    tile = next(tile for tile in desk.page("kind=picture")["tiles"] if tile["has_picture"])
    with desk.site.database.read() as connection:
        items, contents = tables.items, tables.contents
        query = select(contents).join(items, items.c.content_id == contents.c.id).where(items.c.id == tile["item_id"])
        content = connection.execute(query).one()
    for digest in (content.sha256, content.sha1, content.md5):
        assert digest.hex()[:8] not in tile["picture_key"]
    assert 8 <= len(tile["picture_key"]) <= 32


def test_members_of_a_stack_are_given_part_by_part(desk: Desk) -> None:
    tile = max(desk.page("limit=200")["tiles"], key=lambda one: one["items"])
    path = f"/items/{tile['item_id']}/stack"
    first = desk.get(f"{path}?limit=7").json()
    second = desk.get(f"{path}?limit=200&after={first['next']}").json()
    found = first["tiles"] + second["tiles"]
    assert second["next"] is None
    assert len({one["item_id"] for one in found}) == len(found) == tile["items"]
    assert all(one["items"] == 1 for one in found)
    assert sum(one["undecided"] for one in found) == tile["undecided"]


def test_decision_and_its_undo(desk: Desk) -> None:
    before = desk.page("open=true")
    tile = before["tiles"][0]
    act = desk.post("/cases/1/decisions", {"items": [tile["item_id"]], "code": "2", "note": "seen"}).json()
    assert act["tiles"] == [tile | {"undecided": 0, "code": "2", "mixed": False}]
    assert act["last"] - act["first"] + 1 == act["decided"]
    assert desk.page()["figures"]["decided_items"] == before["figures"]["decided_items"] + tile["undecided"]
    undone = desk.post("/cases/1/undo", {"first": act["first"], "last": act["last"]}).json()
    assert undone == {"restored": act["decided"], "kept": 0, "tiles": [tile]}
    assert desk.page("open=true") == before


def test_decision_that_is_sent_again_is_recorded_once(desk: Desk) -> None:
    tile = desk.page("open=true")["tiles"][1]
    body = {"items": [tile["item_id"]], "code": "1"}
    act = desk.post("/cases/1/decisions", body).json()
    assert desk.post("/cases/1/decisions", body | {"repeated": True}).json() == act
    later = desk.page("open=true")["tiles"][1]
    new = desk.post("/cases/1/decisions", {"items": [later["item_id"]], "code": "1", "repeated": True}).json()
    assert new["first"] > act["last"]


def test_single_members_are_answered_as_members(desk: Desk) -> None:
    leader = next(tile for tile in desk.page("limit=200&open=true")["tiles"] if tile["items"] > 2)["item_id"]
    member = desk.get(f"/items/{leader}/stack?limit=3").json()["tiles"][-1]
    assert member["item_id"] != leader
    body = {"items": [member["item_id"]], "code": "3", "whole_stacks": False}
    act = desk.post("/cases/1/decisions", body).json()
    assert [tile["item_id"] for tile in act["tiles"]] == [leader, member["item_id"]]
    assert act["tiles"][1] == member | {"code": "3", "undecided": 0}
    undone = desk.post("/cases/1/undo", {"first": act["first"], "last": act["last"]}).json()
    assert undone["tiles"][1] == member


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": [], "code": "1"},
        {"items": [1], "code": "no such code"},
        {"items": [1], "code": 1},
        {"items": [1]},
        {"items": [0], "code": "1"},
        {"items": ["x"], "code": "1"},
        {"items": list(range(1, 502)), "code": "1"},
        {"items": [1], "code": "1", "note": "x" * 4001},
        {"items": [1], "code": "1", "note": "\0"},
        {"items": [1], "code": "1", "whole": True},
        [1],
        None,
    ],
)
def test_unfit_decision_is_refused(desk: Desk, body: object) -> None:
    figures = desk.page()["figures"]
    assert desk.post("/cases/1/decisions", body).status_code == 400
    assert desk.page()["figures"] == figures


def test_item_elsewhere_is_in_the_words_of_one_that_is_nowhere(desk: Desk) -> None:
    answers = [
        desk.post("/cases/1/decisions", {"items": [item_id], "code": "1"}) for item_id in (ITEMS + 5, 99_999_999)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].text.replace(str(ITEMS + 5), "N") == answers[1].text.replace("99999999", "N")


def test_undo_of_what_another_decided_is_refused(desk: Desk) -> None:
    tile = desk.page("open=true")["tiles"][2]
    act = desk.post("/cases/1/decisions", {"items": [tile["item_id"]], "code": "1"}).json()
    body = {"first": act["first"], "last": act["last"]}
    assert desk.post("/cases/1/undo", body, "ivan").status_code == 403
    assert desk.post("/cases/1/undo", {"first": 10**9, "last": 10**9}).status_code == 404
    assert desk.post("/cases/1/undo", {"first": 1}).status_code == 400
    assert desk.post("/cases/1/undo", body).json()["restored"] == act["decided"]


@pytest.mark.parametrize("path", ["/cases/1/tiles", "/cases/1/folders", "/items/1/stack"])
def test_who_has_no_access_gets_nothing(desk: Desk, path: str) -> None:
    refused = desk.get(path, "nora")
    nowhere = desk.get(path.replace("1", "999"), "nora")
    assert (refused.status_code, refused.text) == (nowhere.status_code, nowhere.text) == (404, refused.text)
    assert desk.get(path, "otto").status_code == 403


def test_who_has_no_access_decides_nothing(desk: Desk) -> None:
    for path, body in (("decisions", {"items": [1], "code": "1"}), ("undo", {"first": 1, "last": 1})):
        assert desk.post(f"/cases/1/{path}", body, "nora").status_code == 404
        assert desk.post(f"/cases/1/{path}", body, "otto").status_code == 403


def test_decision_without_its_token_is_refused(desk: Desk) -> None:
    body = {"items": [1], "code": "1"}
    assert desk.post("/cases/1/decisions", body, **{"x-csrf-token": "forged"}).status_code == 403


def test_second_opinion_is_blind(desk: Desk) -> None:
    tile = next(tile for tile in desk.page("limit=200", "ivan")["tiles"] if tile["code"] and tile["items"] > 1)
    give(desk, tile["item_id"], "erin", QueuePurpose.SECOND)
    hidden = next(one for one in desk.page("limit=200")["tiles"] if one["item_id"] == tile["item_id"])
    assert (hidden["code"], hidden["mixed"]) == (None, False)
    members = desk.get(f"/items/{tile['item_id']}/stack?limit=200").json()["tiles"]
    assert not any(member["code"] for member in members)
    shown = next(one for one in desk.page("limit=200", "ivan")["tiles"] if one["item_id"] == tile["item_id"])
    assert shown["code"] == tile["code"]


def test_tile_says_that_somebody_else_is_at_it(desk: Desk) -> None:
    tile = desk.page("open=true")["tiles"][3]
    give(desk, tile["item_id"], "ivan", QueuePurpose.FIRST)
    held = {name: desk.page("open=true", name)["tiles"][3]["held_by_other"] for name in ("erin", "ivan")}
    assert held == {"erin": True, "ivan": False}
