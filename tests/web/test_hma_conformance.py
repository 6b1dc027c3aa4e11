"""The requests that hasher-matcher-actioner documents, and the shape of its answers, one row each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from served_site import Served

from varde.hashing import pdq
from varde.pipeline.examine_files import FileExaminer
from varde.store.settings import Settings
from varde.testing.videos import make_video
from varde.workflows.actor import Actor
from varde.workflows.manage_exchanges import NewExchange, add_exchange

HEX = re.compile(r"[0-9a-f]+")
SPECIMENS = [
    "facd8bcb2a49bcebdec1985298d5fe84bcd006c187c598c720c3c087b3fdb318",
    "facd8bcb2a49bcebdec1985228d5ae84bcd006c187c598c720c2b087b3fdb318",
]
"""Two hashes that the interface's own documentation says to be nine bits apart."""

FIVE_YEARS = 9_999_999_999


class Hexadecimal:
    """Equal to any hexadecimal text of a length."""

    def __init__(self, digits: int) -> None:
        self.digits = digits

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and len(other) == self.digits and HEX.fullmatch(other) is not None

    __hash__ = None  # type: ignore[assignment]


class Whole:
    """Equal to any whole number of at least some size."""

    def __init__(self, least: int = 0) -> None:
        self.least = least

    def __eq__(self, other: object) -> bool:
        return type(other) is int and other >= self.least

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True)
class Row:
    """A request and what it is answered with.

    Attributes:
        answer: the JSON document; a text where the answer is plain text; None where only the status is said.
    """

    method: str
    path: str
    status: int = 200
    answer: Any = None
    json: Any = None
    photo: bool = False
    data: dict[str, str] | None = None


PHOTO_SIGNALS = {"pdq": Hexadecimal(64), "md5": Hexadecimal(32), "sha1": Hexadecimal(40), "sha256": Hexadecimal(64)}
MESSAGE = {"message": ...}
MATCH = {"bank_content_id": 1, "distance": "0"}
IN_BANK = {"TEST_BANK": [MATCH]}
FOUND = dict.fromkeys([*PHOTO_SIGNALS, "local-features"], IN_BANK)
"""What a file is found by: its signal types, and the site's second stage under its own name."""
SIZES = {
    "db_size": 1,
    "index_size": 1,
    "index_out_of_date": False,
    "newest_db_item": Whole(1),
    "index_built_to": Whole(1),
}
TYPES = ("pdq", "md5", "video_md5", "sha1", "sha256")
EXCHANGE = {
    "name": "SAMPLE",
    "api": "file",
    "enabled": True,
    "credential_status": {"supports_auth": False, "has_credentials": False, "source": None},
}

ROWS = [
    Row("GET", "/livez", 200, "OK"),
    Row("GET", "/readyz", 200, "READY"),
    Row("GET", "/status", 200, "I-AM-ALIVE"),
    Row("GET", "/site-map", 200),
    Row("GET", "/openapi.json", 200),
    # Hashing
    Row("POST", "/h/hash", 200, PHOTO_SIGNALS, photo=True),
    Row("POST", "/h/hash?types=pdq", 200, {"pdq": Hexadecimal(64)}, photo=True),
    Row("POST", "/h/hash?types=pdq,%20md5,", 200, {"pdq": Hexadecimal(64), "md5": Hexadecimal(32)}, photo=True),
    Row("POST", "/h/hash?types=nothing", 400, MESSAGE, photo=True),
    Row("POST", "/h/hash?types=video_md5", 400, MESSAGE, photo=True),
    Row("POST", "/h/hash?types=,", 400, MESSAGE, photo=True),
    Row("POST", "/h/hash", 400, MESSAGE),
    Row("GET", "/h/hash", 400, MESSAGE),
    Row("GET", "/h/hash?url=https://example.org/path/to/file.png", 403, MESSAGE),
    # Banks
    Row("POST", "/c/banks", 400, MESSAGE, json={"name": "01_TEST_BANK"}),
    Row("POST", "/c/banks", 400, MESSAGE, json={"name": "my_test_bank"}),
    Row("POST", "/c/banks", 400, MESSAGE, json={}),
    Row("POST", "/c/banks", 201, {"matching_enabled_ratio": 1.0, "name": "OTHER"}, json={"name": "OTHER"}),
    Row("POST", "/c/banks", 403, MESSAGE, json={"name": "OTHER"}),
    Row("POST", "/c/banks", 201, {"matching_enabled_ratio": 1.0, "name": "ON"}, json={"name": "ON", "enabled": True}),
    Row(
        "POST", "/c/banks", 201, {"matching_enabled_ratio": 0.0, "name": "OFF"}, json={"name": "OFF", "enabled": False}
    ),
    Row("POST", "/c/banks", 201, json={"name": "ZERO", "enabled_ratio": 0.0}),
    Row("GET", "/c/bank/ZERO", 200, {"matching_enabled_ratio": 0.0, "name": "ZERO"}),
    Row("GET", "/c/bank/TEST_BANK", 200, {"matching_enabled_ratio": 1.0, "name": "TEST_BANK"}),
    Row("GET", "/c/bank/NOTHING", 404, MESSAGE),
    Row("PUT", "/c/bank/NOTHING", 404, MESSAGE, json={"enabled": False}),
    Row("PUT", "/c/bank/TEST_BANK", 400, MESSAGE, json={"name": "1_invalid_name"}),
    Row("PUT", "/c/bank/OTHER", 200, {"matching_enabled_ratio": 0.0, "name": "OTHER"}, json={"enabled": False}),
    Row("PUT", "/c/bank/OTHER", 200, {"matching_enabled_ratio": 1.0, "name": "OTHER"}, json={"enabled_ratio": 1}),
    Row("DELETE", "/c/bank/OTHER", 200, {"message": "Done"}),
    Row("DELETE", "/c/bank/OTHER", 200, {"message": "Done"}),
    Row("DELETE", "/c/bank/NOTHING", 200, {"message": "Done"}),
    # Contents
    Row("GET", "/c/bank/NOTHING/content/1", 404, MESSAGE),
    Row("GET", "/c/bank/TEST_BANK/content/999", 404, MESSAGE),
    Row("GET", "/c/bank/TEST_BANK/content/abc", 400, MESSAGE),
    Row(
        "GET",
        "/c/bank/TEST_BANK/content/1",
        200,
        {
            "id": 1,
            "disable_until_ts": 1,
            "original_media_uri": None,
            "bank": {"name": "TEST_BANK", "matching_enabled_ratio": 1.0},
        },
    ),
    Row("GET", "/c/bank/TEST_BANK/content/1?include_signals=true", 200),
    Row("POST", "/c/bank/NOTHING/content", 404, MESSAGE, photo=True),
    Row("POST", "/c/bank/TEST_BANK/content", 400, MESSAGE),
    Row(
        "POST",
        "/c/bank/TEST_BANK/content",
        400,
        MESSAGE,
        photo=True,
        data={"metadata": '{"invalid_metadata": 5}'},
    ),
    Row(
        "POST",
        "/c/bank/TEST_BANK/content",
        200,
        {"id": 2, "signals": PHOTO_SIGNALS},
        photo=True,
        data={"metadata": '{"content_id": "1197433091", "json": {"asdf": {}}}', "note": "seen"},
    ),
    Row(
        "GET",
        "/c/bank/TEST_BANK/content/2",
        200,
        {
            "id": 2,
            "disable_until_ts": 1,
            "original_media_uri": None,
            "bank": {"name": "TEST_BANK", "matching_enabled_ratio": 1.0},
            "metadata": {"content_id": "1197433091", "json": {"asdf": {}}},
            "note": "seen",
        },
    ),
    Row("PUT", "/c/bank/TEST_BANK/content/2", 400, MESSAGE, json={"disable_until_ts": FIVE_YEARS}),
    Row("PUT", "/c/bank/TEST_BANK/content/2", 400, MESSAGE, json={"disable_until_ts": -1}),
    Row("PUT", "/c/bank/TEST_BANK/content/2", 200, json={"disable_until_ts": 0, "note": "a false match"}),
    Row("PUT", "/c/bank/TEST_BANK/content/2", 200, json={"disable_until_ts": 1}),
    Row("DELETE", "/c/bank/TEST_BANK/content/2", 200, {"deleted": 1}),
    Row("DELETE", "/c/bank/TEST_BANK/content/2", 200, {"deleted": 0}),
    Row("DELETE", "/c/bank/TEST_BANK/content/999", 200, {"deleted": 0}),
    Row("DELETE", "/c/bank/NOTHING/content/1", 404, MESSAGE),
    Row(
        "POST", "/c/bank/TEST_BANK/signal", 200, {"id": 3, "signals": {"pdq": SPECIMENS[0]}}, json={"pdq": SPECIMENS[0]}
    ),
    Row("POST", "/c/bank/TEST_BANK/signal", 400, MESSAGE, json={"pdq": "banana"}),
    Row("POST", "/c/bank/TEST_BANK/signal", 400, MESSAGE, json={"nothing": "ab"}),
    Row("POST", "/c/bank/TEST_BANK/signal", 400, MESSAGE, json={}),
    Row("POST", "/c/bank/NOTHING/signal", 404, MESSAGE, json={"pdq": SPECIMENS[0]}),
    # Matching
    Row("GET", "/m/lookup?signal_type=pdq&signal=PDQ", 200, IN_BANK),
    Row("GET", "/m/lookup?signal_type=md5&signal=MD5", 200, IN_BANK),
    Row("GET", "/m/lookup?signal_type=pdq&signal=PDQ&bypass_coinflip=true&seed=1234", 200, IN_BANK),
    Row("GET", "/m/lookup?signal_type=pdq&signal=PDQ&banks=TEST_BANK", 200, IN_BANK),
    Row("GET", "/m/lookup?signal_type=pdq&signal=PDQ&banks=TEST_BANK,ON", 200, IN_BANK),
    Row("GET", "/m/lookup?signal_type=pdq&signal=PDQ&banks=NON_EXISTENT_BANK", 200, {}),
    Row("GET", f"/m/lookup?signal_type=pdq&signal={'0f' * 32}", 200, {}),
    Row("GET", "/m/lookup?signal_type=pdq", 400, MESSAGE),
    Row("GET", "/m/lookup?signal=PDQ", 400, MESSAGE),
    Row("GET", "/m/lookup?signal_type=nothing&signal=PDQ", 400, MESSAGE),
    Row("GET", "/m/lookup?signal_type=pdq&signal=banana", 400, MESSAGE),
    Row("GET", "/m/lookup?url=https://example.org/file.png", 403, MESSAGE),
    Row("POST", "/m/lookup", 200, FOUND, photo=True),
    Row("POST", "/m/lookup?bypass_coinflip=false", 200, FOUND, photo=True),
    Row("POST", "/m/lookup?banks=ON", 200, {name: {} for name in PHOTO_SIGNALS}, photo=True),
    Row("POST", "/m/lookup?types=pdq", 200, {"pdq": IN_BANK}, photo=True),
    Row("GET", "/m/raw_lookup?signal_type=pdq&signal=PDQ", 200, {"matches": [1]}),
    Row("GET", "/m/raw_lookup?signal_type=pdq&signal=PDQ&include_distance=true", 200, {"matches": [MATCH]}),
    Row("GET", "/m/raw_lookup?signal_type=pdq&signal=PDQ&include_distance=True", 200, {"matches": [MATCH]}),
    Row("GET", "/m/raw_lookup?signal_type=pdq&signal=PDQ&banks=ON", 200, {"matches": []}),
    Row("GET", "/m/raw_lookup?signal_type=pdq", 400, MESSAGE),
    Row("POST", "/m/compare", 200, {"pdq": [True, {"distance": 9}]}, json={"pdq": SPECIMENS}),
    Row("POST", "/m/compare", 200, {"md5": [False, {}]}, json={"md5": ["0a" * 16, "0b" * 16]}),
    Row("POST", "/m/compare", 400, MESSAGE, json=["banana"]),
    Row("POST", "/m/compare", 400, MESSAGE, json={"pdq": "banana"}),
    Row("POST", "/m/compare", 400, MESSAGE, json={"pdq": []}),
    Row("POST", "/m/compare", 400, MESSAGE, json={"pdq": ["banana", "banana"]}),
    Row("POST", "/m/compare", 400, MESSAGE, json={"pdq": [*SPECIMENS, SPECIMENS[0]]}),
    # Configuration
    Row("GET", "/c/signal_type", 200, [{"name": name, "enabled_ratio": 1.0} for name in TYPES]),
    Row("PUT", "/c/signal_type/pdq", 204, json={"enabled_ratio": 1.0}),
    Row("PUT", "/c/signal_type/pdq", 400, MESSAGE, json={"enabled_ratio": 0.5}),
    Row("PUT", "/c/signal_type/pdq", 400, MESSAGE, json={"enabled_ratio": "x"}),
    Row("GET", "/c/signal_type/index?signal_type=nothing", 400, MESSAGE),
    Row("GET", "/m/index/status?signal_type=nothing", 400, MESSAGE),
    Row("GET", "/c/content_type", 200, [{"name": "photo", "enabled": True}, {"name": "video", "enabled": True}]),
    # Exchanges
    Row("GET", "/c/exchanges", 200, ["SAMPLE"]),
    Row("GET", "/c/exchange/SAMPLE", 200),
    Row("GET", "/c/exchange/NOTHING", 404, MESSAGE),
    Row("GET", "/c/exchange/SAMPLE/status", 200, {"last_fetch_time": 0, "checkpoint_time": 0, "success": True}),
    Row("GET", "/c/exchange/NOTHING/status", 404, MESSAGE),
    Row("PUT", "/c/exchange/SAMPLE", 200, json={"enabled": False}),
    Row("PUT", "/c/exchange/NOTHING", 404, MESSAGE, json={"enabled": False}),
    Row("GET", "/c/exchanges/apis", 200),
    Row(
        "GET",
        "/c/exchanges/api/file",
        200,
        {"supports_authentification": False, "has_set_authentification": False},
    ),
    Row(
        "GET",
        "/c/exchanges/api/ncmec",
        200,
        {"supports_authentification": True, "has_set_authentification": False},
    ),
    Row("GET", "/c/exchanges/api/nothing", 400, MESSAGE),
    Row("GET", "/c/exchanges/api/ncmec/schema", 200),
    Row("GET", "/c/exchanges/api/nothing/schema", 404, MESSAGE),
]
"""In order: later rows ask about what earlier ones did."""


@pytest.fixture
def ready(served: Served, photo: bytes, tmp_path: Any) -> Served:
    """A site with the bank of the documentation's examples, one content in it, and an exchange."""
    client = served.client
    assert client.post("/c/banks", json={"name": "TEST_BANK"}).status_code == 201
    assert client.post("/c/bank/TEST_BANK/content", files={"photo": ("example.png", photo)}).json()["id"] == 1
    (tmp_path / "list.txt").write_text("0a" * 16 + "\n")
    settings = {"path": str(tmp_path / "list.txt")}
    add_exchange(served.site, Actor("A. Operator"), NewExchange("SAMPLE", "file", settings))
    while client.get("/readyz").status_code != 200:
        pass
    return served


def test_every_documented_request_is_answered_as_documented(ready: Served, photo: bytes) -> None:
    signals = ready.client.post("/h/hash", files={"photo": ("x", photo)}).json()
    wrong = []
    for row in ROWS:
        path = row.path.replace("=PDQ", f"={signals['pdq']}").replace("=MD5", f"={signals['md5']}")
        more: dict[str, Any] = {"files": {"photo": ("example.png", photo)}} if row.photo else {}
        more |= {"json": row.json} if row.json is not None else {}
        more |= {"data": row.data} if row.data is not None else {}
        said = ready.client.request(row.method, path, **more)
        if said.status_code != row.status or not fits(said, row.answer):
            wrong.append(f"{row.method} {row.path} {row.json or ''}: {said.status_code} {said.text[:300]}")
    assert not wrong, "\n".join(wrong)


def fits(said: Any, answer: Any) -> bool:
    """Returns whether an answer is the documented one."""
    if answer is None:
        return True
    if isinstance(answer, str):
        return bool(said.text == answer)
    if answer == MESSAGE:
        return bool(said.json()["message"]) and set(said.json()) == {"message"}
    return bool(said.json() == answer)


def test_sizes_of_indexes_have_the_documented_fields(ready: Served) -> None:
    assert ready.client.get("/c/signal_type/index").json() == dict.fromkeys(TYPES, SIZES)
    status = ready.client.get("/m/index/status?signal_type=pdq").json()
    assert status == {"pdq": {"built_to": Whole(1), "present": True, "size": 1}}


def test_an_empty_site_says_that_no_index_is_present(served: Served) -> None:
    assert served.client.get("/c/banks").json() == []
    status = served.client.get("/m/index/status").json()
    assert status == {name: {"built_to": -1, "present": False, "size": 0} for name in TYPES}


def test_an_exchange_is_shown_without_where_its_credential_is(ready: Served) -> None:
    shown = ready.client.get("/c/exchange/SAMPLE").json()
    assert shown | EXCHANGE == shown
    assert set(ready.client.get("/c/exchanges/api/ncmec/schema").json()) == {"config_schema", "credentials_schema"}
    field = ready.client.get("/c/exchanges/api/ncmec/schema").json()["config_schema"]["fields"][0]
    assert set(field) == {"name", "type", "required", "default", "help", "choices"}


def test_the_site_map_lists_every_documented_path(ready: Served) -> None:
    documented = {
        "/c/bank/<bank_name>",
        "/c/bank/<bank_name>/content",
        "/c/bank/<bank_name>/content/<content_id>",
        "/c/bank/<bank_name>/signal",
        "/c/banks",
        "/c/content_type",
        "/c/exchange/<exchange_name>",
        "/c/exchange/<exchange_name>/status",
        "/c/exchanges",
        "/c/exchanges/api/<api_name>",
        "/c/exchanges/api/<api_name>/schema",
        "/c/exchanges/apis",
        "/c/signal_type",
        "/c/signal_type/<signal_type_name>",
        "/c/signal_type/index",
        "/h/hash",
        "/m/compare",
        "/m/index/status",
        "/m/lookup",
        "/m/raw_lookup",
        "/site-map",
        "/status",
    }
    assert documented <= set(ready.client.get("/site-map").json())


def test_a_video_has_the_signal_types_of_videos(served: Served, tmp_path: Any) -> None:
    video = make_video(np.random.default_rng(3))
    said = served.client.post("/h/hash", files={"video": ("a.mp4", video)})
    assert said.status_code == 200, said.text
    assert said.json() == {"video_md5": Hexadecimal(32), "sha1": Hexadecimal(40), "sha256": Hexadecimal(64)}
    refused = served.client.post("/h/hash", files={"photo": ("a.mp4", video)})
    assert (refused.status_code, "it is a video" in refused.text) == (400, True)


def test_a_hash_is_what_a_picture_on_disk_is_hashed_to(served: Served, photo: bytes, photo_file: Path) -> None:
    with FileExaminer(Settings(), workers=1) as examiner:
        content = examiner.examine(photo_file).content
    assert content is not None
    hashes = [found for signal in content.signals if signal.method == pdq.METHOD for found in signal.outcome]
    said = served.client.post("/h/hash?types=pdq,sha256", files={"photo": ("a", photo)}).json()
    assert said == {"pdq": hashes[0].value.hex(), "sha256": content.digests.sha256.hex()}
