import pytest

from varde.core.errors import Refused
from varde.core.known import KnownEntry, SetHeader, SetRole
from varde.known.guard import CodeCounts, check_role

VICS = SetHeader(scheme="vics-us", scheme_version="2.0")
KNOWN = SetHeader(suggested_role=SetRole.KNOWN, warning="a list of harmless files")


def count(*codes: str | None) -> CodeCounts:
    counts = CodeCounts()
    for code in codes:
        counts.add(KnownEntry(line=1, code=code))
    return counts


def test_a_format_that_means_known_is_never_an_alert_list() -> None:
    for confirm in (False, True):
        with pytest.raises(Refused, match="harmless files") as caught:
            check_role(KNOWN, SetRole.ALERT, confirm=confirm)
        assert "known" in caught.value.advice


@pytest.mark.parametrize("role", [SetRole.KNOWN, SetRole.OWN])
def test_any_other_role_passes(role: SetRole) -> None:
    check_role(KNOWN, role, names=["NSRL"], statistics=count("5"))


@pytest.mark.parametrize(
    "name",
    [
        "NSRLFile.json",
        "RDS_2026.09.1_modern.csv",
        "RDSv3.db",
        "NISTNonRDS.json",
        "caid_non-rds.json",
        "our whitelist.txt",
        "White-List.csv",
        "KnownGood.csv",
        "known_good.txt",
        "ignorable.json",
        "ignore.txt",
        "Non-Pertinent.json",
        "benign pictures",
    ],
)
def test_a_name_that_means_harmless_needs_confirmation(name: str) -> None:
    with pytest.raises(Refused, match="harmless") as caught:
        check_role(VICS, SetRole.ALERT, names=["set", name])
    assert "confirm" in caught.value.advice
    check_role(VICS, SetRole.ALERT, names=["set", name], confirm=True)


@pytest.mark.parametrize(
    "name", ["records.json", "birds.csv", "cards of 2026", "ICSE.csv", "known set 4", "Swords.txt"]
)
def test_ordinary_names_pass(name: str) -> None:
    check_role(VICS, SetRole.ALERT, names=[name], statistics=count("1", "5"))


def test_a_set_with_nothing_but_the_non_pertinent_code_needs_confirmation() -> None:
    counts = count("5", None, "5", "0")
    with pytest.raises(Refused, match="only code is 5") as caught:
        check_role(VICS, SetRole.ALERT, statistics=counts)
    assert "2 entries" in str(caught.value)
    check_role(VICS, SetRole.ALERT, statistics=counts, confirm=True)


def test_codes_of_other_scales_and_uncoded_sets_pass() -> None:
    check_role(SetHeader(scheme="sap", scheme_version="1"), SetRole.ALERT, statistics=count("5"))
    check_role(VICS, SetRole.ALERT, statistics=count(None, None))
    check_role(VICS, SetRole.ALERT, statistics=count("0"))


def test_counting_stays_bounded_however_many_codes_are_invented() -> None:
    counts = count(*(str(number) for number in range(5_000)))
    assert counts.entries == 5_000
    assert sum(counts.codes.values()) == 5_000
    assert len(counts.codes) <= 1_001
