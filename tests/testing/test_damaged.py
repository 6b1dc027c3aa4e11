from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from varde.core.errors import Unreadable
from varde.core.issue import IssueCode
from varde.core.limits import DecodeLimits
from varde.core.media import MediaKind
from varde.media.picture import read_picture
from varde.media.sniff import sniff
from varde.testing import damaged
from varde.testing.damaged import DAMAGES, make_damaged, make_sound, write_damaged


@pytest.fixture(scope="module")
def sound() -> dict[str, bytes]:
    return make_sound(np.random.default_rng(1))


def test_files_are_written_under_different_names(tmp_path: Path) -> None:
    paths = write_damaged(tmp_path / "new", 50, np.random.default_rng(1))
    assert len(set(paths)) == 50
    assert sorted(paths) == sorted((tmp_path / "new").iterdir())


def test_the_same_seed_makes_the_same_files() -> None:
    first, again, other = (dict(make_damaged(40, np.random.default_rng(seed))) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_every_kind_of_damage_has_its_turn() -> None:
    names = [name for name, _ in make_damaged(len(DAMAGES), np.random.default_rng(1))]
    assert [name.split("-", 1)[1].rpartition(".")[0].removesuffix(".tar") for name in names] == list(DAMAGES)


def test_what_they_are_made_from_is_sound(sound: dict[str, bytes]) -> None:
    for data in sound.values():
        kind = sniff(data).kind
        assert kind in {MediaKind.PICTURE, MediaKind.VIDEO, MediaKind.ARCHIVE}
        if kind is MediaKind.PICTURE:
            assert not read_picture(data, DecodeLimits()).issues


def test_huge_pictures_say_so_in_their_header(sound: dict[str, bytes]) -> None:
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(40):
        extension, data = damaged.claim_huge(sound, rng)
        seen.add(extension)
        with pytest.raises(Unreadable) as caught:
            read_picture(data, DecodeLimits())
        assert caught.value.issue_code == IssueCode.TOO_LARGE, extension
    assert seen == {"png", "jpg", "gif", "bmp", "tif"}


@pytest.mark.parametrize("kind", ["flipped", "zeroed", "archive"])
def test_the_length_stays_where_only_bytes_change(kind: str, sound: dict[str, bytes]) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        extension, data = DAMAGES[kind](sound, rng)
        assert len(data) == len(sound[extension])


def test_a_cut_off_file_is_the_beginning_of_a_sound_one(sound: dict[str, bytes]) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        extension, data = damaged.cut_off(sound, rng)
        assert len(data) < len(sound[extension])
        assert sound[extension].startswith(data)


def test_a_misnamed_file_is_sound_but_for_its_name(sound: dict[str, bytes]) -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        extension, data = damaged.misname(sound, rng)
        assert data in sound.values()
        assert sound.get(extension) != data


def test_random_bytes_begin_like_the_format_they_claim(sound: dict[str, bytes]) -> None:
    rng = np.random.default_rng(3)
    kinds = {sniff(damaged.fake_magic(sound, rng)[1]).kind for _ in range(60)}
    assert kinds == {MediaKind.PICTURE, MediaKind.VIDEO, MediaKind.ARCHIVE}
