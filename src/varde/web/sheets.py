"""Contact sheets in memory: frames of videos that somebody is looking at. They are never written to a disk."""

from __future__ import annotations

import threading
from collections import OrderedDict

from varde.media.video_views import VideoView


class Sheets:
    """The frames of the videos shown last, within a number of bytes. May be used by several threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, VideoView] = OrderedDict()
        self.size_bytes = 0
        """Of the pixels that are kept."""

    def find(self, sha256: bytes) -> VideoView | None:
        """Returns the frames of a content, None where they are not kept."""
        with self._lock:
            found = self._kept.get(sha256)
            if found is not None:
                self._kept.move_to_end(sha256)
            return found

    def keep(self, sha256: bytes, video: VideoView) -> None:
        """Keeps the frames of a content, and forgets those longest unused; more than fit are not kept."""
        with self._lock:
            if sha256 in self._kept or _measure(video) > self._most_bytes:
                return
            self._kept[sha256] = video
            self.size_bytes += _measure(video)
            while self.size_bytes > self._most_bytes:
                _, oldest = self._kept.popitem(last=False)
                self.size_bytes -= _measure(oldest)


def _measure(video: VideoView) -> int:
    return sum(len(frame.picture.data) for frame in video.frames)
