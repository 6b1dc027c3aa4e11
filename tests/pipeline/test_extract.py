from collections.abc import Callable
from pathlib import Path

import pytest
from mixed_exhibit import picture, process, tar_gz_of, zip_of

from varde.core.case import Keeping
from varde.core.errors import NotFound
from varde.core.locator import read_locator
from varde.pipeline.extract import open_item
from varde.store import cases
from varde.store.site import Site

MakeSite = Callable[..., Site]


@pytest.mark.parametrize("keeping", list(Keeping))
def test_items_are_opened_again_wherever_they_lie(make_site: MakeSite, tmp_path: Path, keeping: Keeping) -> None:
    exhibit = tmp_path / "exhibit"
    exhibit.mkdir()
    wanted = {name: picture(number) for number, name in enumerate(["plain.jpg", "in.jpg", "deep.jpg"])}
    inner = tar_gz_of({"a/deep.jpg": wanted["deep.jpg"]})
    (exhibit / "plain.jpg").write_bytes(wanted["plain.jpg"])
    (exhibit / "outer.zip").write_bytes(zip_of({"in.jpg": wanted["in.jpg"], "inner.tgz": inner}))
    site = make_site()
    process(site, exhibit, keeping=keeping)
    with site.database.read() as connection:
        (stored,) = cases.list_exhibits(connection, 1)
    if keeping is Keeping.COPY:
        (exhibit / "outer.zip").unlink()
    for text, name in {
        "plain.jpg": "plain.jpg",
        "outer.zip!/in.jpg": "in.jpg",
        "outer.zip!/inner.tgz!/a/deep.jpg": "deep.jpg",
    }.items():
        with open_item(site, stored, read_locator(text)) as file:
            assert file.read() == wanted[name]
    assert list(site.spool.iterdir()) == []


def test_what_is_not_there_any_more_is_said(make_site: MakeSite, tmp_path: Path) -> None:
    exhibit = tmp_path / "exhibit"
    exhibit.mkdir()
    (exhibit / "a.zip").write_bytes(zip_of({"in.jpg": picture(1)}))
    site = make_site()
    process(site, exhibit)
    with site.database.read() as connection:
        (stored,) = cases.list_exhibits(connection, 1)
    for text in ("gone.jpg", "a.zip!/gone.jpg", "a.zip!/in.jpg!/gone.jpg", "../outside"):
        with pytest.raises(NotFound), open_item(site, stored, read_locator(text)) as file:
            file.read()
