from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from varde.core.errors import VardeError
from varde.models.fixtures import DRAWINGS, draw_face
from varde.models.graph import GraphWriter
from varde.models.pack import Pack, open_pack
from varde.models.self_test import Order, check_pack, measure, refuse_faulty
from varde.testing.model_packs import make_graph, make_pack_folder

INPUT = {"size": [16, 16], "colour": "rgb", "mean": [0, 0, 0], "deviation": [255, 255, 255]}
ORDER = Order("face.embed", (), INPUT, {"dimensions": 8})


def test_sound_pack_of_unknown_models_passes_and_says_there_is_nothing_to_compare(tmp_path: Path) -> None:
    checks = check_pack(open_pack(make_pack_folder(tmp_path)))
    assert [check.fault for check in checks] == ["", ""]
    assert "nothing" not in checks[0].detail
    assert "no figures" in checks[0].detail


def test_builtin_pack_gives_the_figures_of_its_manifest(builtin_pack: Pack) -> None:
    checks = check_pack(builtin_pack)
    assert [check.fault for check in checks] == ["", "", ""]
    assert checks[2].detail.startswith("answers as expected")


def test_known_model_that_answers_otherwise_is_faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = open_pack(make_pack_folder(tmp_path))
    expected = {card.sha256.hex(): [[0.5] * 8] * 3 for card in pack.cards}
    monkeypatch.setattr("varde.models.self_test._read_expected", lambda: expected)
    checks = check_pack(pack)
    assert "not those this model gives" in checks[1].fault
    with pytest.raises(VardeError, match=r"embed\.onnx"):
        refuse_faulty(pack, checks[1:])


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"no graph", "no graph"),
        (make_graph(4), "its card says 8"),
        (make_graph(8, factor=0.0), "no direction"),
        (make_graph(8, factor=float("inf")), "not finite"),
        (make_graph(8, side=32), "does not take"),
    ],
)
def test_faulty_embedder_is_told(data: bytes, fault: str) -> None:
    assert fault in measure(ORDER, data).fault


def test_embedder_that_tells_nobody_apart_is_faulty() -> None:
    writer = GraphWriter()
    nothing = writer.add("Mul", ["picture", writer.keep(np.zeros(1, np.float32))])
    flat = writer.add("Flatten", [nothing], axis=1)
    ones = writer.add("Add", [flat, writer.keep(np.ones(1, np.float32))])
    first = writer.add("Gather", [ones, writer.keep(np.arange(8))], axis=1)
    data = writer.write("same", "picture", ["N", 3, 16, 16], first, ["N", 8])
    assert "same to different pictures" in measure(ORDER, data).fault


def test_card_that_lacks_what_is_needed_is_told() -> None:
    assert "card" in measure(Order("face.embed", (), {}, {}), make_graph(8)).fault
    assert "no change" in measure(Order("face.embed", ("x",), INPUT, {"dimensions": 8}), make_graph(8)).fault


def test_graph_that_eats_memory_ends_only_its_process(tmp_path: Path) -> None:
    writer = GraphWriter()
    huge = writer.add("Tile", ["picture", writer.keep(np.array([1, 3000, 3000, 3], np.int64))])
    data = writer.write("bomb", "picture", [1, 3, 16, 16], huge, ["a", "b", "c", "d"])
    checks = check_pack(open_pack(make_pack_folder(tmp_path, embed=data)))
    assert not checks[0].fault
    assert checks[1].fault


def test_drawings_are_the_same_everywhere() -> None:
    drawn = [draw_face(one, 112, 112) for one in DRAWINGS]
    assert [int(one.astype(np.int64).sum()) for one in drawn] == [3_479_428, 3_716_031, 3_805_383]
    assert draw_face(DRAWINGS[0], 20, 10).shape == (10, 20, 3)
