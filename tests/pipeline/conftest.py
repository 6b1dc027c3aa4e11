from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mixed_exhibit import ACTOR

from varde.store.site import Site, create_site


@pytest.fixture
def make_site(tmp_path: Path) -> Iterator[Callable[..., Site]]:
    made: list[Site] = []

    def make(name: str = "site") -> Site:
        site, _ = create_site(tmp_path / name, name=name, person=ACTOR.person, at=ACTOR.clock())
        made.append(site)
        return site

    yield make
    for site in made:
        site.close()
