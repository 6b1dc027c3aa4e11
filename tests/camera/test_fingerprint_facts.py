from __future__ import annotations

import pytest

from varde.camera.fingerprint_facts import describe_quality
from varde.camera.fingerprint_sums import Agreement
from varde.camera.gates import Candidate
from varde.core.camera import FingerprintKind

_PLAIN: dict[str, object] = {"make": "Nikon", "model": "D70", "mean": 140.0, "quality": 95}


def _make(number: int, pce: float = 2000.0, **facts: object) -> Candidate:
    agreement = Agreement(pce, 0.3, 4000.0, 1_000_000)
    return Candidate(f"{number}.jpg", bytes([number]) * 32, _PLAIN | facts, (400, 300), 0.9, None, agreement)


def _warn(*candidates: Candidate) -> str:
    facts = describe_quality(candidates, candidates, FingerprintKind.PHOTO)
    warnings = facts["warnings"]
    assert isinstance(warnings, list)
    return " ".join(warnings)


def test_good_references_have_no_warning() -> None:
    used = [_make(n) for n in range(10)]
    facts = describe_quality(used, [*used, _make(11)], FingerprintKind.PHOTO)
    assert facts["warnings"] == []
    assert (facts["used"], facts["outliers"], facts["refused"]) == (10, 1, 0)
    assert facts["pce_median"] == 2000.0 and facts["correlation_median"] == pytest.approx(0.04472)
    assert facts["stated"] == {
        "make": {"Nikon": 10},
        "model": {"D70": 10},
        "serial": {},
        "software": {},
        "orientation": {},
        "encoder": {},
    }


def test_few_files_are_said() -> None:
    assert "made from 4 files" in _warn(*(_make(n) for n in range(4)))


def test_many_outliers_are_said() -> None:
    files = [_make(n) for n in range(20)]
    warnings = describe_quality(files[:12], files, FingerprintKind.PHOTO)["warnings"]
    assert isinstance(warnings, list) and "8 of 20 files do not agree" in warnings[0]


def test_weak_agreement_is_said() -> None:
    assert "agree weakly" in _warn(*(_make(n, 40.0) for n in range(10)))


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"software": "Adobe Photoshop 25"}, "edits or sends"),
        ({"quality": 60}, "compressed strongly"),
        ({"stated_width": "4000", "stated_height": "3000"}, "resized or cut"),
        ({"layout": "unknown"}, "by their decoder"),
        ({"serial": "2"}, ""),
    ],
)
def test_a_doubtful_file_is_named(facts: dict[str, object], words: str) -> None:
    warned = _warn(*(_make(n) for n in range(9)), _make(42, **facts))
    assert (words in warned and "42.jpg" in warned) if words else not warned


def test_several_serial_numbers_and_darkness_are_said() -> None:
    warned = _warn(*(_make(n, serial=str(n % 2), mean=30.0) for n in range(10)))
    assert "more than one serial: 0 (5), 1 (5)" in warned and "dark" in warned


def test_a_turned_statement_of_size_is_no_resizing() -> None:
    assert _warn(*(_make(n, stated_width="300", stated_height="400") for n in range(10))) == ""


def test_a_single_video_says_that_nothing_was_compared() -> None:
    one = _make(0, steadiness="steady", frames=90)
    facts = describe_quality([one], [one], FingerprintKind.VIDEO)
    assert facts["frames"] == 90 and "pce_median" not in facts
    assert "90 frames" in str(facts["warnings"]) and "A single file" in str(facts["warnings"])
