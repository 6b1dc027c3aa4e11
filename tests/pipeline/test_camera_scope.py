"""What a search looks at: every enrolled camera is in one place, with a reason where it is not searched."""

from __future__ import annotations

from tests.enrolled_cameras import SIZE, enrol, make_pattern, withdraw

from varde.core.camera import FingerprintKind, SearchExtent
from varde.core.camera_search import NotSearchedReason
from varde.pipeline.camera_scope import describe_left_out, find_scope, list_wider
from varde.store.site import Site


def test_each_extent_reaches_what_it_can(sqlite_site: Site) -> None:
    site = sqlite_site
    enrol(site, "same", make_pattern(1))
    enrol(site, "turned", make_pattern(2, SIZE[::-1]))
    enrol(site, "larger", make_pattern(3, (640, 768)))
    enrol(site, "smaller", make_pattern(4, (256, 256)))
    enrol(site, "video", make_pattern(5), kind=FingerprintKind.VIDEO)
    enrol(site, "gone", make_pattern(6))
    withdraw(site, "gone")
    with site.database.read() as connection:
        for extent, searched, why in (
            (SearchExtent.ALIGNED, 1, NotSearchedReason.OTHER_SIZE),
            (SearchExtent.TURNED, 2, NotSearchedReason.OTHER_SIZE),
            (SearchExtent.SHIFTED, 3, NotSearchedReason.TOO_SMALL),
            (SearchExtent.SCALED, 4, NotSearchedReason.OTHER_KIND),
        ):
            scope = find_scope(connection, FingerprintKind.PHOTO, SIZE, extent)
            left_out = {one.reason: one.cameras for one in describe_left_out(scope)}
            assert sum(one.cameras for one in (*scope.indexed, *scope.compared)) == searched
            assert why in left_out and left_out[NotSearchedReason.WITHDRAWN] == 1
            assert left_out[NotSearchedReason.OTHER_KIND] == 1
            assert searched + sum(left_out.values()) == 6
            assert scope.cameras == 5
        wider = list_wider(connection, FingerprintKind.PHOTO, SIZE, SearchExtent.TURNED)
        assert [(one.extent, one.cameras) for one in wider] == [
            (SearchExtent.SHIFTED, 3),
            (SearchExtent.SCALED, 4),
            (SearchExtent.ROTATED, 4),
        ]
        assert wider[0].cost_s < wider[1].cost_s < wider[2].cost_s
        assert list_wider(connection, FingerprintKind.PHOTO, SIZE, SearchExtent.ROTATED) == []


def test_a_site_without_cameras_leaves_nothing_out(sqlite_site: Site) -> None:
    with sqlite_site.database.read() as connection:
        scope = find_scope(connection, FingerprintKind.PHOTO, SIZE, SearchExtent.TURNED)
        assert scope.cameras == 0 and describe_left_out(scope) == []
