import pytest

from varde.core.errors import FormatError
from varde.known.columns import find_columns, read_mapping


def test_rules_of_every_kind() -> None:
    mapping = read_mapping(["md5=Hash Value", "code=Class", "map:code:red=1", "add:series=Sea", "skip:Secret"])
    assert mapping.columns == {"md5": "Hash Value", "code": "Class"}
    assert mapping.constants == {"series": "Sea"}
    assert mapping.values == {"code": {"red": "1"}}
    assert mapping.skipped == {"Secret"}
    assert not mapping.is_numbered


def test_rules_may_be_written_in_one_and_quoted() -> None:
    mapping = read_mapping(['md5=Hash, "code=Class, final", skip:*'])
    assert mapping.columns == {"md5": "Hash", "code": "Class, final"}
    assert mapping.skipped == {"*"}


def test_a_mapped_value_may_hold_the_signs_of_the_grammar() -> None:
    assert read_mapping(["md5=a", "code=b", "map:code:x=y:z=1"]).values == {"code": {"x=y:z": "1"}}


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ([], "no rule says"),
        (["code=Class"], "no rule says"),
        (["md5"], "not a column rule"),
        (["=x"], "not a column rule"),
        (["md6=x"], "no field 'md6'"),
        (["extra.=x"], "no field"),
        (["md5=a", "md5=b"], "two columns"),
        (["md5=a", "add:md5=00"], "the same everywhere"),
        (["md5=a", "map:code:x=1"], "no column is given"),
        (["md5=a", "map:code:x"], "not a column rule"),
        (["md5=#1", "code=Class"], "all by name or all by number"),
        (["md5=#0"], "by number"),
        (["md5=#x"], "by number"),
        (['"md5=a'], "quoted"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules: list[str], says: str) -> None:
    with pytest.raises(FormatError, match=says):
        read_mapping(rules)


def test_columns_are_found_by_exact_name_first_then_in_any_case() -> None:
    mapping = read_mapping(["md5=Hash", "skip:*"])
    assert find_columns(mapping, ["hash", " Hash "], 1) == {"md5": 1}
    assert find_columns(mapping, ["x", "HASH"], 1) == {"md5": 1}


def test_unnamed_columns_are_kept_each_under_its_own_name() -> None:
    mapping = read_mapping(["md5=Hash", "extra.Place=Ort", "skip:Secret"])
    header = ["Hash", "Ort", "Secret", "Note", "Note", ""]
    assert find_columns(mapping, header, 1) == {
        "md5": 0,
        "extra.Place": 1,
        "extra.Note": 3,
        "extra.Note#5": 4,
        "extra.#6": 5,
    }


@pytest.mark.parametrize(("header", "says"), [(["a"], "no column"), (["Hash", "Hash"], "more than one column")])
def test_a_column_that_is_not_there_once_is_refused_with_those_there_are(header: list[str], says: str) -> None:
    with pytest.raises(FormatError, match=says) as caught:
        find_columns(read_mapping(["md5=Hash"]), header, 4)
    assert caught.value.line == 4
    assert header[0] in caught.value.advice


def test_a_header_of_very_many_columns_is_refused() -> None:
    with pytest.raises(FormatError, match="10,000 columns"):
        find_columns(read_mapping(["md5=Hash"]), ["Hash"] * 20_000, 1)
