"""What people bring along is looked at one after the other; comparing two faces does not wait for it."""

from __future__ import annotations

import threading
import time

from varde.store.site import Site
from varde.web.face_prober import FaceProber


def test_comparing_faces_does_not_wait_for_what_somebody_else_brought(site: Site) -> None:
    with FaceProber(site) as prober:
        aligned = prober.find_landmarks(b"a crop, where no models are in use")
        held, done = threading.Event(), threading.Event()

        def look_for_long() -> None:
            with prober._lock:
                held.set()
                done.wait(20)

        looking = threading.Thread(target=look_for_long)
        looking.start()
        held.wait()
        begun = time.monotonic()
        try:
            assert prober.find_landmarks(b"another crop") == aligned
        finally:
            done.set()
            looking.join()
        assert time.monotonic() - begun < 10
    assert len(aligned) == 5
