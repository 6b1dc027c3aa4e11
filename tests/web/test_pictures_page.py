"""What is shown of items: how much at which level, to whom, and what is kept of it."""

from __future__ import annotations

import io
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from shown_site import COLOURS, EXIF_WORD, ShownSite, serve_shown
from sqlalchemy import select, update

from varde.core.audit import Act
from varde.core.review import Reveal
from varde.media.veil import is_veil
from varde.store import approvals, pictures, tables
from varde.workflows.actor import Actor
from varde.workflows.approve import decide

IMAGE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[ShownSite]:
    yield from serve_shown(tmp_path_factory.mktemp("shown"), sqlite_template)


def read(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def measure_detail(data: bytes) -> float:
    """Returns how much a picture of 256 pixels changes from one pixel to the next."""
    grey = np.asarray(Image.open(io.BytesIO(data)).convert("L").resize((256, 192))).astype(float)
    return float(np.abs(np.diff(grey, axis=1)).mean())


def get_key(shown: ShownSite, item_id: int) -> str:
    with shown.site.database.read() as connection:
        veil = pictures.find_veil(connection, item_id)
    assert veil is not None
    return shown.client.app.state.services.make_picture_key(veil.sha256)


@pytest.mark.parametrize("name", ["colours.jpg", "turned.jpg", "deep.jpg", "film.mp4"])
def test_each_level_shows_more_than_the_one_before(shown: ShownSite, name: str) -> None:
    answers = [shown.get(f"/items/{shown.items[name]}/picture/{level}") for level in range(4)]
    assert [answer.status_code for answer in answers] == [200] * 4
    for answer in answers[:3]:
        pixels = read(answer.content)
        assert np.ptp(pixels, axis=2).max() == 0, "red, green and blue are equal"
    assert np.ptp(read(answers[3].content), axis=2).max() > 20
    assert max(read(answers[0].content).shape[:2]) <= 16
    if name == "deep.jpg":
        details = [measure_detail(answer.content) for answer in answers[:3]]
        assert details[0] <= details[1] < details[2]


def test_no_sharp_picture_lies_in_what_shows_little(shown: ShownSite) -> None:
    with shown.site.database.read() as connection:
        thumbnail = pictures.find_thumbnail(connection, shown.items["deep.jpg"])
    assert thumbnail is not None
    for level in (Reveal.VEILED, Reveal.SOFT):
        data = shown.get(f"/items/{shown.items['deep.jpg']}/picture/{level.value}").content
        assert thumbnail.data[200:400] not in data
        assert data.count(b"\xff\xd8") + data.count(b"\x89PNG") == 1
        assert len(data) < len(thumbnail.data)


@pytest.mark.parametrize("path", ["picture/0", "picture/1", "picture/2", "picture/3", "original", "original?grey=true"])
def test_every_picture_forbids_to_run_sniff_frame_or_keep_it(shown: ShownSite, path: str) -> None:
    answer = shown.get(f"/items/{shown.items['colours.jpg']}/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == IMAGE_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["content-type"] == ("image/png" if path == "picture/0" else "image/jpeg")
    assert answer.headers["cache-control"] == "no-store"
    assert "etag" not in answer.headers


def test_only_a_veil_that_is_addressed_by_its_key_may_be_kept(shown: ShownSite) -> None:
    item_id = shown.items["colours.jpg"]
    key = get_key(shown, item_id)
    answer = shown.get(f"/items/{item_id}/picture/0?k={key}")
    assert answer.headers["cache-control"] == "private, max-age=43200, immutable"
    assert answer.headers["etag"] == f'"{key}"'
    again = shown.get(f"/items/{item_id}/picture/0?k={key}", **{"If-None-Match": f'"{key}"'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == answer.headers["cache-control"]
    for level in (1, 2, 3):
        kept = shown.get(f"/items/{item_id}/picture/{level}?k={key}", **{"If-None-Match": f'"{key}"'})
        assert (kept.status_code, kept.headers["cache-control"]) == (200, "no-store")
    wrong = shown.get(f"/items/{item_id}/picture/0?k=0123", **{"If-None-Match": '"0123"'})
    assert (wrong.status_code, wrong.headers["cache-control"]) == (200, "no-store")


def test_the_key_tells_nothing_of_the_digest(shown: ShownSite) -> None:
    with shown.site.database.read() as connection:
        digests = list(connection.execute(select(tables.contents.c.sha256)).scalars())
    make = shown.client.app.state.services.make_picture_key
    keys = [make(digest) for digest in digests]
    assert len(set(keys)) == len(digests)
    assert not any(key[:6] in digest.hex() for key, digest in zip(keys, digests, strict=True))


@pytest.mark.parametrize(
    "path", ["picture/0", "picture/3", "original", "frames", "frames/0/0", "frames/0/3", "picture/0?k={key}"]
)
@pytest.mark.parametrize(("name", "status"), [("", 401), ("nora", 404), ("ada", 403)])
def test_nobody_without_access_is_shown_anything(shown: ShownSite, path: str, name: str, status: int) -> None:
    item_id = shown.items["film.mp4"]
    key = get_key(shown, item_id)
    answer = shown.get(f"/items/{item_id}/{path.format(key=key)}", name, **{"If-None-Match": f'"{key}"'})
    assert answer.status_code == status
    assert answer.headers["cache-control"] == "no-store"
    assert "film" not in answer.text
    if name == "nora":
        assert answer.json() == shown.get(f"/items/999999/{path.format(key=key)}", name).json()


@pytest.mark.parametrize("name", ["list.txt", "broken.jpg"])
@pytest.mark.parametrize("path", ["picture/0", "picture/2", "original", "frames", "frames/0/1"])
def test_what_has_no_picture_is_not_found(shown: ShownSite, name: str, path: str) -> None:
    assert shown.get(f"/items/{shown.items[name]}/{path}").status_code == 404


@pytest.mark.parametrize("path", ["picture/4", "picture/-1", "picture/x", "picture/", "frames/0/4", "frames/-1/0"])
def test_a_level_or_frame_that_is_none_is_refused(shown: ShownSite, path: str) -> None:
    assert shown.get(f"/items/{shown.items['film.mp4']}/{path}").status_code in (400, 404)


def test_the_original_is_upright_large_and_without_metadata(shown: ShownSite) -> None:
    data = shown.get(f"/items/{shown.items['turned.jpg']}/original").content
    pixels = read(data)
    assert pixels.shape == (1200, 900, 3)
    assert pixels[100, 450, 0] > 180, "the left half is on top now"
    assert pixels[1100, 450, 2] > 180
    assert EXIF_WORD not in data
    assert b"secret comment" not in data
    assert b"Exif" not in data
    grey = read(shown.get(f"/items/{shown.items['turned.jpg']}/original?grey=true").content)
    assert np.ptp(grey, axis=2).max() == 0


def test_an_original_in_an_archive_in_an_archive_is_shown(shown: ShownSite) -> None:
    assert read(shown.get(f"/items/{shown.items['deep.jpg']}/original").content).shape == (480, 640, 3)


def test_showing_an_original_is_audited_and_nothing_else_is(shown: ShownSite) -> None:
    def list_events() -> list[tuple[str, str, dict[str, object]]]:
        events = tables.audit_events.c
        with shown.site.database.read() as connection:
            rows = connection.execute(select(events.act, events.person, events.subject).order_by(events.number))
            return [(row.act, row.person, row.subject) for row in rows]

    before = list_events()
    item_id = shown.items["colours.jpg"]
    for path in ("picture/0", "picture/3", "original"):
        assert shown.get(f"/items/{item_id}/{path}", "ivan").status_code == 200
    assert list_events()[len(before) :] == [("original_shown", "ivan", {"case": "lakeside", "item": item_id})]


def test_an_exhibit_that_changed_is_not_shown_and_the_site_is_still_trusted(shown: ShownSite) -> None:
    path = shown.evidence / "changed.jpg"
    before = path.read_bytes()
    path.write_bytes(before[:-1] + b"\x00")
    try:
        answer = shown.get(f"/items/{shown.items['changed.jpg']}/original")
    finally:
        path.write_bytes(before)
    assert answer.status_code == 409
    assert "not those that were examined" in answer.json()["message"]
    assert "Compare it with its acquisition" in answer.json()["message"]
    assert shown.client.get("/readyz").status_code == 200
    assert shown.get(f"/items/{shown.items['changed.jpg']}/original").status_code == 200
    assert shown.get(f"/items/{shown.items['changed.jpg']}/picture/3").status_code == 200


def test_an_exhibit_that_is_gone_is_said_to_be_without_naming_the_servers_folders(shown: ShownSite) -> None:
    path = shown.evidence / "gone.jpg"
    away = path.rename(shown.evidence.parent / "away.jpg")
    try:
        answer = shown.get(f"/items/{shown.items['gone.jpg']}/original")
    finally:
        away.rename(path)
    assert answer.status_code == 409
    assert "cannot be read where exhibit 1 was" in answer.json()["message"]
    assert str(shown.evidence.parent) not in answer.text


def test_the_frames_of_a_video_have_their_times_and_colours(shown: ShownSite) -> None:
    item_id = shown.items["film.mp4"]
    found = shown.get(f"/items/{item_id}/frames").json()
    assert found["note"] == ""
    assert found["duration_s"] == pytest.approx(4.0, abs=0.1)
    times = [frame["offset_s"] for frame in found["frames"]]
    assert times == sorted(times)
    assert len(times) >= len(COLOURS)
    for frame in found["frames"]:
        colour = COLOURS[min(3, int(frame["offset_s"] + 0.01))]
        pixels = read(shown.get(f"/items/{item_id}/frames/{frame['position']}/3").content)
        assert max(pixels.shape) == 256
        assert np.abs(pixels.mean(axis=(0, 1)) - colour).max() < 25
        for level in (0, 1, 2):
            answer = shown.get(f"/items/{item_id}/frames/{frame['position']}/{level}")
            assert np.ptp(read(answer.content), axis=2).max() == 0
            assert answer.headers["cache-control"] == "no-store"
    assert shown.get(f"/items/{item_id}/frames/{len(times)}/0").status_code == 404


def test_frames_are_decoded_once_and_kept_in_memory(shown: ShownSite) -> None:
    item_id = shown.items["film.mp4"]
    shown.get(f"/items/{item_id}/frames")
    path = shown.evidence / "film.mp4"
    away = path.rename(shown.evidence.parent / "film away.mp4")
    try:
        assert shown.get(f"/items/{item_id}/frames/1/2").status_code == 200
    finally:
        away.rename(path)


def put_thumbnail(shown: ShownSite, name: str, **values: object) -> None:
    with shown.site.database.write() as connection:
        items, thumbnails = tables.items.c, tables.thumbnails
        content_id = select(items.content_id).where(items.id == shown.items[name]).scalar_subquery()
        connection.execute(update(thumbnails).where(thumbnails.c.content_id == content_id).values(**values))


def find_thumbnail(shown: ShownSite, name: str) -> bytes:
    with shown.site.database.read() as connection:
        found = pictures.find_thumbnail(connection, shown.items[name])
    assert found is not None
    return found.data


@pytest.mark.parametrize(
    "poison", [b"", b"\xff\xd8\xff" * 99, b"<svg onload=alert(1)>", b"\x89PNG\r\n\x1a\n" + bytes(99)]
)
def test_a_poisoned_thumbnail_costs_its_own_picture_only(shown: ShownSite, poison: bytes) -> None:
    good = find_thumbnail(shown, "gone.jpg")
    put_thumbnail(shown, "gone.jpg", data=poison)
    try:
        answer = shown.get(f"/items/{shown.items['gone.jpg']}/picture/2")
        assert answer.status_code == 422
        assert answer.json()["message"] == "It cannot be shown. Its thumbnail is damaged"
        assert shown.get(f"/items/{shown.items['colours.jpg']}/picture/2").status_code == 200
    finally:
        put_thumbnail(shown, "gone.jpg", data=good)


def test_a_thumbnail_that_is_too_large_for_one_is_not_decoded(shown: ShownSite) -> None:
    good = find_thumbnail(shown, "gone.jpg")
    with io.BytesIO() as file:
        Image.new("L", (20_000, 20_000)).save(file, "JPEG")
        put_thumbnail(shown, "gone.jpg", data=file.getvalue())
    try:
        answer = shown.get(f"/items/{shown.items['gone.jpg']}/picture/1")
        assert answer.status_code == 422
    finally:
        put_thumbnail(shown, "gone.jpg", data=good)


@pytest.mark.parametrize("stored", [None, b"\xff\xd8\xff sharp", b"", bytes(400)])
def test_a_veil_that_is_missing_or_none_is_made_and_kept(shown: ShownSite, stored: bytes | None) -> None:
    item_id = shown.items["changed.jpg"]
    right = shown.get(f"/items/{item_id}/picture/0").content
    put_thumbnail(shown, "changed.jpg", veiled=stored)
    answer = shown.get(f"/items/{item_id}/picture/0")
    assert answer.status_code == 200
    assert np.abs(read(answer.content) - read(right)).max() <= 6, "made from the thumbnail instead of the original"
    with shown.site.database.read() as connection:
        veil = pictures.find_veil(connection, item_id)
    assert veil is not None
    assert is_veil(veil.veil or b"")


def test_a_decoder_that_is_killed_is_replaced_and_the_request_answered(shown: ShownSite) -> None:
    item_id = shown.items["colours.jpg"]
    shown.get(f"/items/{item_id}/picture/2")
    decoders = shown.client.app.state.services.renderer.small
    for _ in range(3):
        for pid in decoders.pids:
            os.kill(pid, signal.SIGKILL)
        assert shown.get(f"/items/{item_id}/picture/2").status_code == 200


def test_decoders_that_are_killed_in_the_middle_lose_no_answer(shown: ShownSite) -> None:
    item_id = shown.items["colours.jpg"]
    decoders = shown.client.app.state.services.renderer.small
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(shown.get, f"/items/{item_id}/picture/{1 + at % 3}") for at in range(60)]
        for _ in range(2):
            time.sleep(0.05)
            for pid in decoders.pids[:1]:
                os.kill(pid, signal.SIGKILL)
        assert {one.result().status_code for one in asked} <= {200, 422}
        assert [one.result().status_code for one in asked].count(422) <= 2
    assert shown.get(f"/items/{item_id}/picture/2").status_code == 200


def test_an_original_does_not_keep_thumbnails_waiting(shown: ShownSite) -> None:
    renderer = shown.client.app.state.services.renderer
    assert renderer.small is not renderer.large
    shown.get(f"/items/{shown.items['colours.jpg']}/original")
    (pid,) = renderer.large.pids
    os.kill(pid, signal.SIGSTOP)
    try:
        with ThreadPoolExecutor(1) as threads:
            waiting = threads.submit(shown.get, f"/items/{shown.items['turned.jpg']}/original")
            assert shown.get(f"/items/{shown.items['colours.jpg']}/picture/3").status_code == 200
            assert not waiting.done()
            os.kill(pid, signal.SIGCONT)
            assert waiting.result().status_code == 200
    finally:
        os.kill(pid, signal.SIGCONT)


def test_too_many_at_once_are_told_to_come_again(shown: ShownSite, monkeypatch: pytest.MonkeyPatch) -> None:
    renderer = shown.client.app.state.services.renderer
    monkeypatch.setattr(renderer.small, "_most", 0)
    answer = shown.get(f"/items/{shown.items['colours.jpg']}/picture/2")
    assert answer.status_code == 503
    assert re.fullmatch(r"\d+", answer.headers["retry-after"])
    assert shown.get(f"/items/{shown.items['colours.jpg']}/picture/0").status_code == 200


def test_where_a_site_says_so_another_person_approves_each_original(
    shown: ShownSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    access = shown.site.settings.access.model_copy(update={"four_eyes": (Act.ORIGINAL_SHOWN,)})
    monkeypatch.setattr(shown.site, "settings", shown.site.settings.model_copy(update={"access": access}))
    path = f"/items/{shown.items['colours.jpg']}/original"
    assert shown.get(path).status_code == 400, "a reason is needed"
    asked = shown.get(f"{path}?reason=to+compare+the+details")
    assert asked.status_code == 403
    assert "another person has to approve" in asked.json()["message"].lower()
    with shown.site.database.read() as connection:
        (waiting,) = approvals.list_waiting(connection)
    decide(shown.site, Actor("ivan"), waiting.approval_id, approve=True)
    assert shown.get(f"{path}?reason=to+compare+the+details").status_code == 200
    assert shown.get(f"{path}?reason=once+more").status_code == 403, "an approval serves once"
    assert shown.get(f"/items/{shown.items['colours.jpg']}/picture/3").status_code == 200
