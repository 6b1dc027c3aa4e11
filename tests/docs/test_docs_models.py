"""What is told of each pack of models is what its manifest says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from varde.core.model import ModelTask
from varde.models.adapting import CHANGES
from varde.models.manifests import list_manifests
from varde.models.pack import Manifest, list_fields


@pytest.mark.parametrize("manifest", list_manifests(), ids=lambda manifest: manifest.name)
def test_pack_is_told_with_its_files_digests_and_licences(manifest: Manifest, reference: Path) -> None:
    page = (reference / "models.md").read_text("utf-8")
    section = page.partition(f"\n### `{manifest.name}`\n")[2].partition("\n### ")[0].partition("\n## ")[0]
    told = {
        file: (task, digest, licence)
        for task, file, digest, licence in re.findall(
            r"^\| `([a-z.]+)`[^|]*\| `([^`]+)` \| `([0-9a-f]{64})` \| ([^|]+) \|", section, re.MULTILINE
        )
    }
    assert set(told) == {card.file for card in manifest.cards}
    for card in manifest.cards:
        task, digest, licence = told[card.file]
        assert (task, digest) == (card.task.value, card.sha256.hex())
        assert card.licence.startswith(licence.split(" (")[0])
        assert all(f"{threshold:.3f}" in section for threshold in card.thresholds.values())


def test_every_field_task_and_change_is_told(reference: Path) -> None:
    page = (reference / "models.md").read_text("utf-8").partition("| Field of a model |")[2]
    for word in (*list_fields(), *(task.value for task in ModelTask), *CHANGES):
        assert f"`{word}`" in page, f"docs/reference/models.md does not tell of {word}"
