"""Clustering by source from the command line: two synthetic sensors, in the sandbox, killed and gone on with."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from terminal import Terminal

from varde.pipeline import sketch_sources
from varde.pipeline.sketch_sources import SketchSetup
from varde.store.site import open_site
from varde.testing.cameras import SyntheticSensor, make_scene, save_jpeg
from varde.testing.site_state import describe_state

SIZE = (384, 512)


def write_photo(path: Path, sensor: SyntheticSensor, seed: int, *, turns: int = 0) -> None:
    rng = np.random.default_rng(seed)
    picture = np.rot90(sensor.take(make_scene(rng, *SIZE), rng), turns)
    path.write_bytes(save_jpeg(np.ascontiguousarray(picture), 95, make="Maker", model=f"Model {sensor.seed}"))


@pytest.fixture(scope="module")
def exhibit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sensors with four photos each, one of them turned, one of each kind of odd file."""
    folder = tmp_path_factory.mktemp("material") / "exhibit"
    folder.mkdir()
    for seed in (1, 2):
        sensor = SyntheticSensor(seed, *SIZE, strength=0.05)
        for number in range(4):
            turns = 1 if (seed, number) == (1, 3) else 0
            write_photo(folder / f"s{seed}-{number}.jpg", sensor, 10 * seed + number, turns=turns)
    write_photo(folder / "alone.jpg", SyntheticSensor(3, *SIZE, strength=0.05), 30)
    Image.new("RGB", (100, 80), (90, 120, 60)).save(folder / "small.png")
    Image.new("RGB", (600, 400), (90, 120, 60)).save(folder / "blank.png")
    Image.effect_noise((300, 290), 60).save(folder / "other-size.png")
    return folder


def open_case(terminal: Terminal, exhibit: Path) -> None:
    shutil.copytree(exhibit, terminal.site.parent / "exhibit")
    terminal("case", "new", "harbour", "--authorisation", "warrant 1")
    terminal("exhibit", "add", "harbour", str(terminal.site.parent / "exhibit"))


def test_a_case_is_sketched_and_clustered_and_what_is_not_is_counted(terminal: Terminal, exhibit: Path) -> None:
    open_case(terminal, exhibit)
    found = terminal.json("camera", "cluster", "harbour")
    assert found["sketched"] == 12
    assert found["not_examined"] == 0
    assert found["made_at"].endswith("Z")
    names = [sorted(Path(item["locator"]).name for item in one["items"]) for one in found["clusters"]]
    assert sorted(names) == [[f"s{seed}-{number}.jpg" for number in range(4)] for seed in (1, 2)]
    assert {one["models"][0]["model"] for one in found["clusters"]} == {"Model 1", "Model 2"}
    assert all(one["compared"] == "whole" and one["least"] > one["joined_from"] for one in found["clusters"])
    assert found["singletons_by_reason"] == {"alone": 1, "only_of_its_size": 1}
    assert sum(found["not_assessable"].values()) == 2
    assert found["limits"]
    by_sketches = terminal.json("camera", "cluster", "harbour", "--whole", "0")
    assert [one["files"] for one in by_sketches["clusters"]] == [4, 4]
    assert {one["compared"] for one in by_sketches["clusters"]} == {"sketches"}
    shown = terminal.json("camera", "cluster", "harbour", "--last", "--items", "1")
    assert shown["clustering"] == by_sketches["clustering"]
    assert [len(one["items"]) for one in shown["clusters"]] == [1, 1]


def test_a_run_that_dies_between_disk_and_database_ends_as_an_undisturbed_one(
    terminal: Terminal, exhibit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_case(terminal, exhibit)
    shutil.copytree(terminal.site, terminal.site.parent / "undisturbed")
    keep = SketchSetup.keep

    def keep_and_die(self: SketchSetup, contents: object) -> None:
        keep(self, contents)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(sketch_sources.SketchSetup, "keep", keep_and_die)
        assert terminal("process", "harbour", "--sources").code not in {0, 1}
    states = []
    for folder in (terminal.site, terminal.site.parent / "undisturbed"):
        terminal("process", "harbour", "--sources", site=folder)
        site = open_site(folder)
        states.append((describe_state(site), sketch_sources.open_files(site).count_bytes()))
        site.close()
    assert states[0] == states[1]
    assert len(states[0][0]["source_sketches"]) == 12
