from __future__ import annotations

from pathlib import Path

import pytest

from varde.core.errors import FormatError, IntegrityFailure, NotFound
from varde.core.model import ModelTask
from varde.models.pack import open_pack, parse_manifest
from varde.testing.model_packs import HEAD, describe, make_graph, make_pack_folder


def test_pack_gives_cards_and_identities_by_task(tmp_path: Path) -> None:
    pack = open_pack(make_pack_folder(tmp_path))
    card = pack.get(ModelTask.FACE_EMBED)
    identity = pack.identity(ModelTask.FACE_EMBED)
    assert (identity.pack, identity.version, identity.task) == ("tiny", "1", ModelTask.FACE_EMBED)
    assert identity.sha256 == card.sha256 == card.file_sha256
    assert pack.read(ModelTask.FACE_EMBED) == make_graph(8)
    assert pack.find(ModelTask.FACE_AGE) is None
    with pytest.raises(NotFound, match=r"face\.age"):
        pack.get(ModelTask.FACE_AGE)


def test_file_that_was_changed_is_refused_on_opening_and_on_reading(tmp_path: Path) -> None:
    pack = open_pack(make_pack_folder(tmp_path))
    data = bytearray(make_graph(8))
    data[100] ^= 1
    (tmp_path / "embed.onnx").write_bytes(data)
    with pytest.raises(IntegrityFailure, match=r"embed\.onnx"):
        pack.read(ModelTask.FACE_EMBED)
    with pytest.raises(IntegrityFailure, match=r"embed\.onnx"):
        open_pack(tmp_path)


@pytest.mark.parametrize("change", [lambda path: path.unlink(), lambda path: path.write_bytes(b"cut")])
def test_file_that_is_gone_or_cut_is_refused(tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    folder = make_pack_folder(tmp_path)
    change(folder / "detect.onnx")
    with pytest.raises(IntegrityFailure):
        open_pack(folder)


def test_optional_model_may_be_missing(tmp_path: Path) -> None:
    folder = make_pack_folder(tmp_path)
    with (folder / "pack.toml").open("a") as file:
        file.write(describe("face.age", "age.onnx", b"age", more="optional = true"))
    assert open_pack(folder).find(ModelTask.FACE_AGE) is None


def test_folder_without_card_is_no_pack(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"pack\.toml"):
        open_pack(tmp_path)


GOOD = HEAD.format(name="tiny", version="1") + describe("face.embed", "a.onnx", b"a")


@pytest.mark.parametrize(
    ("find", "replace"),
    [
        ('file = "a.onnx"', 'file = "../a.onnx"'),
        ('file = "a.onnx"', 'file = "/etc/passwd"'),
        ('file = "a.onnx"', 'file = ".hidden"'),
        ('name = "tiny"', 'name = "../tiny"'),
        ('name = "tiny"', 'name = "a-b"'),
        ('version = "1"', 'version = "1/2"'),
        ("size_bytes = 1", "size_bytes = -1"),
        ('task = "face.embed"', 'task = "face.name"'),
        ("sha256 = ", "sha25 = "),
        ("format = 1", "format = 2"),
        ('licence = "CC0-1.0"', 'licence = ""'),
        ('licence = "CC0-1.0"', 'licence = "\\u001b[31m"'),
        ('limits = ["finds nothing and tells nobody apart"]', "limits = []"),
        ("[pack]", "[pack"),
        ("[[model]]", "[[other]]"),
    ],
)
def test_forged_card_is_refused_with_the_field_named(find: str, replace: str) -> None:
    assert find in GOOD
    with pytest.raises(FormatError, match=r"pack\.toml"):
        parse_manifest(GOOD.replace(find, replace), "pack.toml")


def test_task_named_twice_is_refused() -> None:
    with pytest.raises(FormatError, match="twice"):
        parse_manifest(GOOD + describe("face.embed", "b.onnx", b"b"), "pack.toml")


def test_deeply_nested_or_huge_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError):
        parse_manifest(GOOD + "\nx = " + "[" * 5000, "pack.toml")
    (tmp_path / "pack.toml").write_bytes(b"#" * (2 << 20))
    with pytest.raises(FormatError, match="larger"):
        open_pack(tmp_path)
    (tmp_path / "pack.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(FormatError, match="UTF-8"):
        open_pack(tmp_path)


def test_forged_list_of_converted_files_is_refused(tmp_path: Path) -> None:
    folder = make_pack_folder(tmp_path)
    text = (folder / "pack.toml").read_text().replace('file = "embed.onnx"', 'file = "embed.onnx"\nconvert = "x"')
    (folder / "pack.toml").write_text(text)
    with pytest.raises(IntegrityFailure, match="not converted"):
        open_pack(folder)
    for forged in ("[]", "{", '{"a": 1}', '{"a": {"file": 1}}', "null"):
        (folder / "made.json").write_text(forged)
        with pytest.raises(IntegrityFailure):
            open_pack(folder)
