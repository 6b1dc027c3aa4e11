"""Calibrating on a site's own people: ages that are told or not, and what comes into force."""

from __future__ import annotations

from pathlib import Path

import pytest

from varde.core.age import AgeBand
from varde.core.errors import FormatError, NotFound, WrongUse
from varde.core.model import ModelIdentity, ModelTask
from varde.faces.calibration import COSINE, BandTable, Calibration
from varde.faces.calibration_format import write_calibration
from varde.models.manifests import list_manifests
from varde.models.pack import ModelCard
from varde.store import calibrations, models
from varde.store.site import Site
from varde.workflows.actor import Actor
from varde.workflows.calibrate_models import CalibrationOrder, calibrate_model, find_in_force

ACTOR = Actor("examiner")


def _folder(tmp_path: Path) -> Path:
    (tmp_path / "people" / "A").mkdir(parents=True)
    (tmp_path / "people" / "A" / "1.jpg").write_bytes(b"x")
    return tmp_path / "people"


def test_without_ages_nothing_is_calibrated(site: Site, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="how old") as refused:
        calibrate_model(site, ACTOR, CalibrationOrder(_folder(tmp_path), None, None))
    assert "--ages CSV" in refused.value.advice


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,years\nA,7\n", "no columns person and age"),
        ("person,age\nA,seven\n", "line 2: 'seven' is no age"),
        ("person,age\nA,-3\n", "line 2: '-3' is no age"),
        ("person,age\nA\n", "line 2: None is no age"),
        ("", "no columns"),
    ],
)
def test_a_file_of_ages_that_is_none_is_refused(site: Site, tmp_path: Path, text: str, message: str) -> None:
    ages = tmp_path / "ages.csv"
    ages.write_text(text)
    with pytest.raises(FormatError, match=message):
        calibrate_model(site, ACTOR, CalibrationOrder(_folder(tmp_path), ages, None))


def test_bytes_that_are_no_text_are_refused(site: Site, tmp_path: Path) -> None:
    ages = tmp_path / "ages.csv"
    ages.write_bytes(b"person,age\n\xff\xfe,7\n")
    with pytest.raises(FormatError, match="no CSV in UTF-8"):
        calibrate_model(site, ACTOR, CalibrationOrder(_folder(tmp_path), ages, None))


def test_a_missing_file_of_ages_is_not_found(site: Site, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file"):
        calibrate_model(site, ACTOR, CalibrationOrder(_folder(tmp_path), tmp_path / "none.csv", None))


def _card() -> ModelCard:
    reference = next(one for one in list_manifests() if one.name == "reference")
    return next(card for card in reference.cards if card.task is ModelTask.FACE_EMBED)


def test_the_site_s_own_calibration_goes_before_the_pack_s(site: Site) -> None:
    table = BandTable(AgeBand.CHILD, 20, 40, 80, 3000, (0.1, 0.5), (-1.0, 2.0), ())
    own = Calibration("own", COSINE, (table,))
    identity = ModelIdentity("reference", "1", ModelTask.FACE_EMBED, bytes(32))
    with site.database.write() as connection:
        model = models.ensure_model(connection, identity, "examiner", ACTOR.clock())
        before = find_in_force(connection, model, _card())
        assert before is None or before[0] is None
        number = calibrations.add_calibration(
            connection, model, "own", write_calibration(own), person="examiner", at=ACTOR.clock()
        )
        assert find_in_force(connection, model, _card()) == (number, own)
