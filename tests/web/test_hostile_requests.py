"""What strangers and broken programs may send."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from asking import Client
from served_site import Served, encode, serve

from varde.core.access import Right
from varde.core.errors import IntegrityFailure
from varde.pipeline.lookup import Lookup
from varde.store.database import Database
from varde.store.settings import Settings, WebSettings
from varde.store.site import Site
from varde.testing.pictures import make_photo
from varde.web.headers import SECURITY_HEADERS

FORM = {"Content-Type": "multipart/form-data; boundary=x"}
HEAD = b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
END = b"\r\n--x--\r\n"


@pytest.fixture
def small(sqlite_site: Site) -> Iterator[Served]:
    """A site that takes 1 MiB and waits half a second."""
    sqlite_site.settings = Settings(web=WebSettings(max_body_mib=1, body_time_limit_s=0.5))
    yield from serve(sqlite_site)


def form(served: Served, content: object, **headers: str) -> tuple[int, str]:
    sent = served.client.headers | FORM | headers
    said = served.client.post("/h/hash", headers=sent, content=content)
    assert said.headers.items() >= {name.lower(): value for name, value in SECURITY_HEADERS.items()}.items()
    return said.status_code, said.json().get("message", "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no form at all",
        b"--x",
        b"--x--\r\n",
        HEAD,
        HEAD + b"cut off here",
        HEAD + b"data\r\n--x",
        b"--x\r\nContent-Disposition: form-data\r\n\r\nnameless" + END,
        b"--x\r\nContent-Type: image/png\r\n\r\nwithout disposition" + END,
        b'--x\r\nContent-Disposition: attachment; name="photo"; filename="a"\r\n\r\nx' + END,
        HEAD + b"one\r\n" + HEAD + b"two" + END,
        b"--x\r\n" + b"A: b\r\n" * 50 + b"\r\nmany headers" + END,
        b"--x\r\nContent-Disposition: " + b"a" * 100_000 + END,
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"a" * 100_000 + END,
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n' * 40 + HEAD + b"x" + END,
        b'--x\r\nContent-Disposition: form-data; name="nothing"; filename="a"\r\n\r\nx' + END,
        b"\x00" * 1000,
    ],
)
def test_a_malformed_form_is_refused(shared: Served, content: bytes) -> None:
    status, message = form(shared, content)
    assert (status, bool(message)) == (400, True), message


@pytest.mark.parametrize(
    "kind",
    ["", "multipart/form-data", "multipart/form-data; boundary=" + "x" * 100, "text/plain", "application/json", "x/"],
)
def test_another_kind_of_body_is_refused(shared: Served, kind: str) -> None:
    assert form(shared, HEAD + b"x" + END, **{"Content-Type": kind})[0] == 400


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "a\x00b", "x" * 3000, "..\\..\\a", "a\x1b[2J", '"; name="video', "größe"],
)
def test_the_name_of_a_file_changes_nothing(shared: Served, photo: bytes, name: str) -> None:
    before = sorted(path for path in shared.site.folder.rglob("*") if path.suffix not in {".db-wal", ".db-shm"})
    said = shared.client.post("/h/hash?types=pdq", files={"photo": (name, photo)})
    assert said.status_code == 200, said.text
    assert sorted(path for path in shared.site.folder.rglob("*") if path.suffix not in {".db-wal", ".db-shm"}) == before


def test_nothing_of_an_uploaded_file_is_kept(served: Served, photo: bytes) -> None:
    for _ in range(3):
        assert served.client.post("/m/lookup", files={"photo": ("a", photo)}).status_code == 200
    assert list(served.site.spool.iterdir()) == []
    assert list((served.site.folder / "contents").rglob("*.*")) == []
    stored = b"".join(path.read_bytes() for path in served.site.folder.rglob("*") if path.is_file())
    assert photo[:2000] not in stored


@pytest.mark.parametrize(
    "data",
    [
        b"text",
        b"\x00",
        b"\xff\xd8\xff\xe0 cut",
        b"GIF89a",
        b"RIFF\xff\xff\xff\xffWEBP",
        b"\x89PNG\r\n\x1a\n" + b"\xff" * 999,
    ],
)
def test_a_file_that_is_no_picture_has_digests_and_says_what_it_lacks(shared: Served, data: bytes) -> None:
    said = shared.client.post("/h/hash", files={"photo": ("a", data)})
    assert (said.status_code, set(said.json())) == (200, {"md5", "sha1", "sha256"})
    assert said.headers["varde-not-comparable"].startswith("pdq=")
    alone = shared.client.post("/h/hash?types=pdq", files={"photo": ("a", data)})
    assert (alone.status_code, "pdq" in alone.json()["message"]) == (422, True)


def test_an_empty_file_is_refused(shared: Served) -> None:
    assert shared.client.post("/h/hash", files={"photo": ("a", b"")}).status_code == 422


def test_a_flat_picture_is_not_comparable_rather_than_hashed(shared: Served) -> None:
    flat = encode(np.full((200, 200, 3), 90, np.uint8), "PNG")
    said = shared.client.post("/m/lookup", files={"photo": ("a", flat)})
    assert "pdq" not in said.json()
    assert said.headers["varde-not-comparable"] == "pdq=quality_too_low"


def test_a_body_that_says_it_is_too_large_is_not_read(small: Served) -> None:
    status, message = form(small, HEAD + b"a" * (2 << 20) + END)
    assert (status, "larger" in message) == (413, True)


def test_a_body_that_lies_about_its_size_is_stopped(small: Served) -> None:
    async def endless() -> object:
        yield HEAD
        while True:
            yield b"a" * 65536

    assert form(small, endless())[0] == 413


def test_a_body_that_takes_too_long_is_stopped(small: Served) -> None:
    import anyio

    async def slow() -> object:
        yield HEAD
        while True:
            await anyio.sleep(0.1)
            yield b"a"

    assert form(small, slow())[0] == 408


def test_a_large_body_without_a_file_is_refused(shared: Served) -> None:
    said = shared.client.post("/c/banks", json={"name": "A" * (2 << 20)})
    assert said.status_code == 413


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/c/banks", b"{"),
        ("/c/banks", b"[]"),
        ("/c/banks", b'"text"'),
        ("/c/banks", b"\xff\xfe"),
        ("/c/banks", b'{"name": null}'),
        ("/c/banks", b'{"name": 1}'),
        ("/c/banks", b'{"name": "A", "enabled_ratio": NaN}'),
        ("/c/banks", b'{"name": "A", "enabled_ratio": Infinity}'),
        ("/c/banks", b'{"name": "A", "enabled_ratio": 0.5}'),
        ("/c/banks", b'{"name": "A", "enabled_ratio": 2}'),
        ("/c/banks", b'{"name": "A", "role": "negative"}'),
        ("/c/banks", b'{"name": "A", "scheme": "x"}'),
        ("/c/banks", b'{"name": "A\\u0000"}'),
        ("/c/banks", b'{"name": "A\\n"}'),
        ("/c/banks", b"[" * 100_000),
        ("/c/banks", b"1" * 100_000),
        ("/m/compare", b'{"pdq": [1, 2]}'),
        ("/m/compare", b'{"pdq": [null, null]}'),
        ("/m/compare", b'{"pdq": NaN}'),
        ("/c/bank/A/signal", b'{"pdq": 5}'),
        ("/c/bank/A/signal", b'{"md5": "' + b"a" * 5000 + b'"}'),
    ],
)
def test_a_wrong_document_is_refused_without_repeating_it(shared: Served, path: str, body: bytes) -> None:
    if path != "/c/banks":
        shared.client.post("/c/banks", json={"name": "A"})
    sent = shared.client.headers | {"Content-Type": "application/json"}
    said = shared.client.post(path, headers=sent, content=body)
    assert said.status_code == 400, said.text
    assert len(said.json()["message"]) < 700


def test_a_refused_hash_is_not_repeated(shared: Served) -> None:
    for path in ("/m/lookup", "/m/raw_lookup"):
        said = shared.client.get(f"{path}?signal_type=pdq&signal=c0ffee")
        assert (said.status_code, "c0ffee" in said.text) == (400, False)


@pytest.mark.parametrize(
    "path",
    [
        "/c/bank/..%2f..%2fetc/content/1",
        "/c/bank/%00",
        "/c/bank/%ff",
        "/c/bank/A'--",
        "/c/bank/" + "A" * 9000,
        "/%2e%2e/",
    ],
)
def test_a_strange_path_finds_nothing(shared: Served, path: str) -> None:
    assert shared.client.get(path).status_code == 404


@pytest.mark.parametrize("number", ["0", "-1", "9" * 18, "9" * 30, "9" * 5000, "1e3", "0x10", "٣"])
def test_a_strange_number_finds_nothing(shared: Served, number: str) -> None:
    shared.client.post("/c/banks", json={"name": "A"})
    assert shared.client.get(f"/c/bank/A/content/{number}").status_code in (400, 404)


@pytest.mark.parametrize(
    "signal", ["", " ", "0" * 63, "0" * 65, "g" * 64, "0 " * 32, "٠" * 64, "0" * 60_000, "\x00" * 64]
)
def test_a_text_that_is_no_hash_is_refused(shared: Served, signal: str) -> None:
    assert shared.client.get("/m/lookup", params={"signal_type": "pdq", "signal": signal}).status_code == 400


def test_over_capacity_is_said_and_never_changes_an_answer(sqlite_site: Site, photo: bytes) -> None:
    sqlite_site.settings = Settings(web=WebSettings(uploads=2))
    for served in serve(sqlite_site):
        served.client.post("/c/banks", json={"name": "A"})
        made = served.client.post("/c/bank/A/content", files={"photo": ("a", photo)}).json()
        header = served.client.headers

        def send(client: object, header: dict[str, str] = header) -> object:
            return client.post("/m/lookup", headers=header, files={"photo": ("a", photo)})  # type: ignore[attr-defined]

        answers = served.client.together(*[send] * 20)
        assert {said.status_code for said in answers} == {200, 503}
        for said in answers:
            if said.status_code == 200:
                assert all(
                    found == {"A": [{"bank_content_id": made["id"], "distance": "0"}]} for found in said.json().values()
                )
            else:
                assert (said.headers["retry-after"], "not looked at" in said.text) == ("1", True)
        assert served.client.post("/m/lookup", files={"photo": ("a", photo)}).status_code == 200


def test_a_fault_shows_nothing_of_the_inside(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a secret of the inside")

    monkeypatch.setattr(Lookup, "find_digest", fail)
    said = served.client.get(f"/m/lookup?signal_type=md5&signal={'0a' * 16}")
    assert (said.status_code, set(said.json())) == (500, {"message"})
    assert "secret" not in said.text
    assert said.headers["x-content-type-options"] == "nosniff"


def test_broken_integrity_ends_readiness(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise IntegrityFailure("the index is not what it was: /secret/path")

    monkeypatch.setattr(Lookup, "find_digest", fail)
    said = served.client.get(f"/m/lookup?signal_type=md5&signal={'0a' * 16}")
    assert (said.status_code, "secret" in said.text) == (500, False)
    ready = served.client.get("/readyz")
    assert (ready.status_code, ready.text) == (503, "INTEGRITY-FAILURE")
    assert served.client.get("/livez").status_code == 200


def test_the_log_names_no_hash_file_or_set(sqlite_site: Site, photo: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    from varde.web.logs import ALLOWED_KEYS, set_up_logs

    set_up_logs()
    for served in serve(sqlite_site):
        client: Client = served.client
        client.post("/c/banks", json={"name": "SECRET_BANK"})
        made = client.post("/c/bank/SECRET_BANK/content", files={"photo": ("secret-name.jpg", photo)}).json()
        client.get(f"/m/lookup?signal_type=pdq&signal={made['signals']['pdq']}&banks=SECRET_BANK")
        client.get("/c/bank/SECRET_BANK/content/1")
        client.get("/secret-path")
        client.get(f"/m/lookup?signal_type=pdq&signal={made['signals']['pdq'][:-1]}")
        logging.getLogger("uvicorn.error").error("Failed for %s", made["signals"]["pdq"])
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    text = json.dumps(lines).lower()
    assert len(lines) >= 8
    assert all(set(line) <= ALLOWED_KEYS for line in lines)
    assert "secret" not in text
    assert not [value for value in made["signals"].values() if value in text]
    assert {"event": "asked", "hashed": 1, "lookups": 1, "level": "info", "token_id": 1}.items() <= next(
        line for line in lines if line["event"] == "asked"
    ).items()
    assert [line["says"] for line in lines if line["event"] == "library"] == ["Failed for %s"]


def test_a_list_of_an_authority_cannot_be_added_to(served: Served, tmp_path: Path) -> None:
    from varde.workflows.actor import Actor
    from varde.workflows.import_known_set import ImportRequest, import_known_set

    path = tmp_path / "list.md5"
    path.write_text("0a" * 16 + "  a\n")
    imported = import_known_set(served.site, Actor("A."), ImportRequest(path, name="national"), lambda count: None)
    said = served.client.post("/c/bank/national/signal", json={"md5": "0b" * 16})
    assert (said.status_code, "bank of your own" in said.text) == (403, True)
    assert served.client.get(f"/m/lookup?signal_type=md5&signal={'0a' * 16}").json() == {
        "national": [{"bank_content_id": 1, "distance": "0"}]
    }
    assert imported.known_set.entries == 1


def test_versions_of_a_set_are_banks_of_their_own(served: Served, tmp_path: Path) -> None:
    from varde.workflows.actor import Actor
    from varde.workflows.import_known_set import ImportRequest, import_known_set

    path = tmp_path / "list.md5"
    path.write_text("0a" * 16 + "  a\n")
    for version in ("1", "2"):
        request = ImportRequest(path, name="national", version=version)
        import_known_set(served.site, Actor("A."), request, lambda count: None)
    banks = [bank["name"] for bank in served.client.get("/c/banks").json()]
    assert banks == ["national@1", "national@2"]
    found = served.client.get(f"/m/lookup?signal_type=md5&signal={'0a' * 16}").json()
    assert set(found) == set(banks)
    one = served.client.get(f"/m/lookup?signal_type=md5&signal={'0a' * 16}&banks=national@2,typo")
    assert (set(one.json()), one.headers["varde-unknown-banks"]) == ({"national@2"}, "1")
    several = served.client.get("/c/bank/national")
    assert (several.status_code, "national@1, national@2" in several.text) == (404, True)


def test_quiet_sets_answer_only_when_they_are_named(served: Served) -> None:
    served.client.post("/c/banks", json={"name": "SOFTWARE", "role": "known"})
    served.client.post("/c/bank/SOFTWARE/signal", json={"md5": "0a" * 16})
    query = f"/m/lookup?signal_type=md5&signal={'0a' * 16}"
    assert served.client.get(query).json() == {}
    assert set(served.client.get(f"{query}&banks=SOFTWARE").json()) == {"SOFTWARE"}


def test_a_withdrawn_bank_is_off_whatever_the_coin_says(served: Served) -> None:
    served.client.post("/c/banks", json={"name": "A"})
    served.client.post("/c/bank/A/signal", json={"md5": "0a" * 16})
    query = f"/m/lookup?signal_type=md5&signal={'0a' * 16}&bypass_coinflip=true"
    assert set(served.client.get(query).json()) == {"A"}
    served.client.put("/c/bank/A", json={"enabled_ratio": 0})
    assert served.client.get(query).json() == {}
    served.client.put("/c/bank/A", json={"enabled_ratio": 1})
    assert set(served.client.get(query).json()) == {"A"}


def test_withdrawing_a_content_means_the_row_and_no_authoritys_number(served: Served, tmp_path: Path) -> None:
    from varde.core.known import KnownEntry, SetDelta
    from varde.workflows.actor import Actor
    from varde.workflows.update_known_set import apply_delta

    served.client.post("/c/banks", json={"name": "A"})
    entries = (KnownEntry(1, md5=b"\x01" * 16, source_id="2"), KnownEntry(2, md5=b"\x02" * 16, source_id="1"))
    apply_delta(served.site, Actor("A."), 1, SetDelta(upserts=entries), "test")
    assert served.client.delete("/c/bank/A/content/1").json() == {"deleted": 1}
    assert served.client.get(f"/m/lookup?signal_type=md5&signal={'01' * 16}").json() == {}
    assert set(served.client.get(f"/m/lookup?signal_type=md5&signal={'02' * 16}").json()) == {"A"}


def test_no_route_traces_requests_elsewhere(sqlite_site: Site) -> None:
    from varde.web.app import create_app

    telemetry = getattr(create_app(sqlite_site), "_telemetry", {})
    assert not any(telemetry.get(kind) for kind in ("tracing", "metrics", "logs"))


def test_a_picture_that_was_turned_is_found(served: Served) -> None:
    pixels = make_photo(np.random.default_rng(11), 320, 240)
    served.client.post("/c/banks", json={"name": "A"})
    served.client.post("/c/bank/A/content", files={"photo": ("a", encode(pixels, "PNG"))})
    turned = encode(np.ascontiguousarray(np.rot90(pixels)), "PNG")
    said = served.client.post("/m/lookup?types=pdq", files={"photo": ("a", turned)})
    assert set(said.json()["pdq"]) == {"A"}
    assert Right.HASH in Right


@pytest.mark.parametrize(
    "metadata",
    ["", "{", "[]", "5", '{"json": 5}', '{"json": {"a": NaN}}', '{"json": {"a": 1e999}}', '{"content_id": 7}'],
)
def test_metadata_that_is_no_json_of_its_kind_is_refused(shared: Served, photo: bytes, metadata: str) -> None:
    shared.client.post("/c/banks", json={"name": "A"})
    said = shared.client.post("/c/bank/A/content?types=md5", files={"photo": ("a", photo)}, data={"metadata": metadata})
    assert (said.status_code, bool(said.json()["message"])) == (400, True)


def test_a_change_is_refused_for_now_while_another_process_writes(served: Served) -> None:
    served.site.database._busy_limit_ms = 300
    with Database(f"sqlite:///{served.site.database_path}").write():
        said = served.client.post("/c/banks", json={"name": "A"})
    assert (said.status_code, said.headers["retry-after"]) == (503, "1")
    assert served.client.post("/c/banks", json={"name": "A"}).status_code == 201
