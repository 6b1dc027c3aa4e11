from __future__ import annotations

from pathlib import Path

from terminal import Terminal

from varde.testing.model_packs import make_graph, make_pack_folder


def test_pack_is_listed_added_used_tested_and_removed(terminal: Terminal, tmp_path: Path) -> None:
    folder = make_pack_folder(tmp_path / "given")
    listed = {row["pack"]: row["state"] for row in terminal("models", "list", "--json").data}
    assert listed == {"builtin": "ready", "reference": "not added", "zoo": "not added"}
    refused = terminal("models", "add", folder)
    assert refused.code == 2
    assert "CC0-1.0" in refused.err
    assert "--accept-unknown" in refused.err
    done = terminal("models", "add", folder, "--accept-licence", "--accept-unknown", "--json")
    assert (done.code, done.data["pack"], [check["fault"] for check in done.data["checks"]]) == (0, "tiny", ["", ""])
    used = terminal("models", "use", "tiny", "--json")
    assert used.data["missing"] == {"items": 0, "victims": 0, "cohorts": 0}
    tested = terminal("models", "test")
    assert tested.code == 0
    assert tested.out.count("good") == 2
    assert terminal("models", "remove", "tiny").code == 2
    folder = make_pack_folder(tmp_path / "other", name="other")
    assert terminal("models", "add", folder, "--accept-licence", "--accept-unknown").code == 0
    assert terminal("models", "remove", "other").code == 0


def test_cards_are_shown_with_what_a_person_has_to_know(terminal: Terminal) -> None:
    shown = terminal("models", "show", "reference")
    assert shown.code == 0
    for told in ("MS-Celeb-1M", "Apache-2.0", "b7120c095d60094f", "limit: ", "1e-3=0.338"):
        assert told in shown.out
    assert terminal("models", "show", "nothing").code == 2


def test_faulty_pack_ends_the_test_with_one(terminal: Terminal, tmp_path: Path) -> None:
    folder = make_pack_folder(tmp_path / "given", embed=make_graph(5))
    tested = terminal("models", "test", folder)
    assert tested.code == 1
    assert "its card says 8" in tested.out


def test_broken_pack_is_an_integrity_failure(terminal: Terminal, tmp_path: Path) -> None:
    folder = make_pack_folder(tmp_path / "given")
    (folder / "embed.onnx").write_bytes(b"rot")
    assert terminal("models", "test", folder).code == 3


def test_doctor_names_the_packs_and_finds_one_in_use_broken(terminal: Terminal, tmp_path: Path) -> None:
    folder = make_pack_folder(tmp_path / "given")
    assert terminal("models", "add", folder, "--accept-licence", "--accept-unknown").code == 0
    assert terminal("models", "use", "tiny").code == 0
    told = {row["check"]: row for row in terminal("doctor", "--json").data}["models"]
    assert (told["state"], "tiny-1 (in use)" in told["detail"]) == ("good", True)
    (terminal.site / "models" / "tiny-1" / "embed.onnx").write_bytes(b"rot")
    broken = terminal("doctor", "--json")
    assert broken.code == 3
    assert "embed.onnx" in {row["check"]: row for row in broken.data}["models"]["detail"]
